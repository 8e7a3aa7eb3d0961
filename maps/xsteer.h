/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the data path (bpf/) and the tools (user/): keys, values, enums,
 * limits and names of everything that is pinned.
 *
 * Only fixed-width types, explicit zeroed padding, sizes asserted. Includes nothing of
 * ours and compiles on both sides.
 */
#ifndef XSTEER_H
#define XSTEER_H

#include <linux/types.h>

#define XS_MAGIC 0x72657473782e7378ULL /* "xs.xster" as bytes in memory */
#define XS_ABI 4 /* incremented when a pinned layout changes its meaning */
/*
 * The oldest pins that this build can read. ABI 1 had no netns_cookie. Up to ABI 2
 * there were no chains, and fewer counters in struct xs_queue_stats. Up to ABI 3 there
 * were no limits, and reason_over_limit was not in it.
 */
#define XS_ABI_OLDEST 1
#define XS_ABI_CHAINS 3 /* the first ABI with chains */
#define XS_ABI_LIMITS 4 /* the first ABI with limits */

#define XS_PIN_ROOT "/sys/fs/bpf/xsteer"
#define XS_PIN_LINK "link"
#define XS_PIN_PROG "prog"

#define XS_SLOTS_MIN 64 /* as many as libxdp's own xsks_map; more if the interface has more */
#define XS_VLAN_MAX 4 /* that the parser steps over */
#define XS_IPV6_EXT_MAX 8 /* IPv6 extension headers that it steps over */
/*
 * Most chains that one instance can serve at one time. For each plain slot, xsks_map
 * has this many more. With 16, a map of 64 slots grows by 8.5 KB, and nobody runs more
 * brokers than that.
 */
#define XS_CHAIN_SLOTS 16
#define XS_CHAIN_NAME_MAX 32 /* bytes, with its NUL */
/*
 * Dynamic sets that one rule set may declare, and how many of them for the addresses of one
 * family. A frame's address is looked up in each that rules ask, and the data path has 8 bits
 * for the answers.
 */
#define XS_MEMBER_SETS_OF_FAMILY 8
#define XS_MEMBER_SETS_MAX (2 * XS_MEMBER_SETS_OF_FAMILY)
#define XS_MEMBER_NAME_MAX 32 /* bytes, with its NUL */
/* Those in force, those to fall back to, and those of an apply that is under way. */
#define XS_MEMBER_SLOTS (3 * XS_MEMBER_SETS_MAX)
#define XS_MEMBER_SIZE_MAX (1U << 24) /* of a set: 2 GB */
#define XS_PIN_MEMBERS "set_" /* and the set's name: where its map is pinned */
/*
 * Lookups for one address: one in each set that the rules ask, the rest where the longest
 * member is past its time and a shorter one may hold.
 */
#define XS_MEMBER_STEPS 16
#define XS_DEV_MAX 256 /* interfaces that the rules of one instance may send to */

/* What happens to a frame. The order is ABI: meta and the rule tables store it. */
#define XS_VERDICTS(X) \
	X(pass) /* on to the kernel */ \
	X(drop) /* nowhere */ \
	X(tx) /* back out of the interface that it came from */ \
	X(xsk) /* to an AF_XDP socket */ \
	X(cpu) /* to the kernel, on another CPU */ \
	X(dev) /* out of another interface */ \
	X(chain) /* to the AF_XDP socket of a chain of network functions */

/*
 * Why a frame got its verdict, if no rule said so. The first is none. Up to
 * XS_REASON_MATCH_MAX: no rule was asked, or none matched. The rest: the verdict fell
 * back.
 */
#define XS_MATCH_REASONS(X) \
	X(default) /* no rule matched */ \
	X(malformed_eth) /* shorter than an Ethernet header */ \
	X(malformed_vlan) /* a tag cut short, or more than XS_VLAN_MAX */ \
	X(malformed_ipv4) /* cut short, version, IHL, total length */ \
	X(malformed_ipv6) /* cut short, version, payload length */ \
	X(malformed_ipv6_ext) /* cut short, or more than XS_IPV6_EXT_MAX */ \
	X(malformed_tcp) /* cut short, data offset below 5 */ \
	X(malformed_udp) /* cut short; UDP and UDP-Lite */ \
	X(malformed_icmp) /* cut short */ \
	X(malformed_icmpv6) /* cut short */ \
	X(malformed_sctp) /* cut short */ \
	X(malformed_dccp) /* cut short */

#define XS_FALLBACK_REASONS(X) \
	X(no_socket) /* xsk, but the slot has no socket of the frame's queue */ \
	X(no_cpu) /* cpu, but that CPU takes no frames */ \
	X(no_dev) /* dev, but that interface is gone */ \
	X(no_chain) /* chain, but nobody serves it on the frame's queue */ \
	X(over_limit) /* the rule's limit was reached */

enum xs_verdict {
#define X(name) XS_VERDICT_##name,
	XS_VERDICTS(X)
#undef X
		XS_VERDICT_MAX
};

enum xs_reason {
	XS_REASON_none,
#define X(name) XS_REASON_##name,
	XS_MATCH_REASONS(X) XS_REASON_MATCH_MAX,
	XS_REASON_before_fallback = XS_REASON_MATCH_MAX - 1,
	XS_FALLBACK_REASONS(X)
#undef X
		XS_REASON_MAX
};

/*
 * One row of xdp_stats_map: frames of one receive queue on one CPU. packets is the sum
 * of verdict_*. A frame that no rule decided is also in one of the match reasons. A
 * frame whose verdict fell back is also in a fallback reason.
 */
struct xs_queue_stats {
	__u64 packets;
	__u64 bytes; /* starting at the Ethernet header, without FCS */
#define X(name) __u64 verdict_##name;
	XS_VERDICTS(X)
#undef X
#define X(name) __u64 reason_##name;
	XS_MATCH_REASONS(X)
	XS_FALLBACK_REASONS(X)
#undef X
};

/* Bytes of a row up to ABI 2, without verdict_chain and reason_no_chain. */
#define XS_QUEUE_STATS_BYTES_AT_2 184
/* Bytes of a row of ABI 3, without reason_over_limit, which is the last. */
#define XS_QUEUE_STATS_BYTES_AT_3 200

/* One row of rule_stats_map: frames that one rule decided on one CPU. */
struct xs_rule_stats {
	__u64 packets;
	__u64 bytes;
};

/* The action of a rule, the default or `malformed`. Part of the rule tables. */
struct xs_action {
	__u8 verdict; /* enum xs_verdict */
	__u8 otherwise; /* xsk, chain: XS_VERDICT_pass or _drop if there is no socket */
	/*
	 * xsk, chain: 1 = the slot is `target` plus the frame's queue. cpu: XS_SLOT_SPREAD =
	 * `target` is the number of a set of CPUs (rule_set.h).
	 */
	__u8 own_slot;
	__u8 limit; /* number of the rule's limit in its set (limit.h); 0: none */
	__u32 target; /* slot, CPU number, ifindex; chain: slot of its queue 0 */
};

#define XS_SLOT_SPREAD 2

/* What was done with the last frame. Only for `xsteer-rules explain`. */
struct xs_explained {
	__u32 rule; /* 0-based; XS_RULE_NONE: none */
	__u8 verdict; /* enum xs_verdict: what the rule or the default says */
	__u8 reason; /* enum xs_reason; if there are two, the fallback's */
	__u16 target; /* cpu: its number */
};

/* How an instance is attached to its interface. */
enum xs_attach {
	XS_ATTACH_LINK, /* pinned bpf_link, alone on the hook */
	XS_ATTACH_DISPATCHER, /* libxdp's dispatcher, beside other programs */
};

#define XS_META_XSK_DROP 2 /* if rules do not say: default xsk else drop */
#define XS_META_AUTO 1 /* attached by a bouncer: the last one to leave detaches */

/* The one row of meta. The tools write it, the data path never does. */
struct xs_meta {
	__u64 magic;
	__u32 abi;
	__u32 version; /* of the program: major << 16 | minor << 8 | patch */
	__u32 ifindex;
	__u32 flags; /* XS_META_* */
	/*
	 * The network namespace at attach. The inode of /proc/self/ns/net has 32 bits
	 * and is reused. The low half of SO_NETNS_COOKIE is not reused; 0: not known
	 * (ABI 1, which had one number of 64 bits here, or Linux before 5.14).
	 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u32 netns_inode, netns_cookie;
#else
	__u32 netns_cookie, netns_inode;
#endif
	__u64 generation; /* of the rule set in force */
	struct xs_action default_action;
	struct xs_action malformed_action;
	__u32 attach; /* enum xs_attach */
	__u32 set_layout; /* of sets that the program can search; 0: its build did not say */
	char ifname[16];
};

/*
 * One row of chains: a chain that rules name or somebody serves. Without a name: free.
 * Its sockets are in slots XS_CHAIN_BASE() + queue.
 */
struct xs_chain_row {
	char name[XS_CHAIN_NAME_MAX];
};

/* `slots` are the plain ones, as many as xdp_stats_map has rows. */
#define XS_CHAIN_BASE(row, slots) (((row) + 1) * (slots))

/* The mode that an AF_XDP socket got from the kernel. */
enum xs_xsk_mode {
	XS_XSK_none,
	XS_XSK_copy,
	XS_XSK_zero_copy,
};

/*
 * One row of owners, by slot. All zero: nobody. Written by whoever puts a socket into
 * the slot. If pid is 0 and there is a start time, there is no socket yet: process
 * `fd`, with that start time and pidns, is about to insert one.
 */
struct xs_owner {
	__u32 pid;
	__u32 queue;
	__u64 start_time; /* of the process, in clock ticks since boot (/proc/PID/stat) */
	__u64 since_ns; /* CLOCK_REALTIME when the slot was taken */
	__u32 mode; /* enum xs_xsk_mode: the mode in use */
	__u32 asked; /* enum xs_xsk_mode: none = zero-copy, else copy */
	__u32 fd; /* of the socket, in that process: for `xsteer-maps sockets` */
	__u32 pidns; /* inode of pid's PID namespace; 0: not known */
};

/* What a socket has received, to its process, and sent, to the device. */
#define XS_SOCKET_COUNTERS(X) \
	X(rx_packets) \
	X(rx_bytes) \
	X(tx_packets) \
	X(tx_bytes)

/* What became of packets that a rule gave to a socket, and that went no further: each is in one. */
#define XS_SOCKET_LOSSES(X) \
	X(rx_ring_full) /* the process was slower than the traffic */ \
	X(no_frame) /* it had given too few frames to the fill ring; copy mode */ \
	X(rx_other) /* longer than a frame, or no room for all of it */ \
	X(rx_unread) /* arrived, and thrown away at the end of the process */ \
	X(dropped) /* received, and dropped by the process */ \
	X(tx_invalid) /* the kernel refused the descriptor */ \
	X(tx_lost) /* taken for sending, and refused by the device's queue */ \
	X(tx_too_long) /* more frames than a packet may have */

struct xs_socket_counts {
#define X(name) __u64 name;
	XS_SOCKET_COUNTERS(X)
	XS_SOCKET_LOSSES(X)
#undef X
};

/*
 * One row of xsk_stats_map, by slot: what the owners have seen of their sockets, so that it
 * outlives them. `last` is of the owner since since_ns (in owners), `earlier` of all before.
 */
struct xs_socket_stats {
	__u64 since_ns;
	__u64 seen_ns; /* CLOCK_REALTIME when the row was written */
	__u32 queue;
	__u32 pad;
	struct xs_socket_counts last;
	struct xs_socket_counts earlier;
};

/*
 * The key of a dynamic set's map, a trie: an address, or the leading bits that a prefix has of
 * it. IPv4: the first four bytes, and prefixlen is 32 at most. What is behind is 0.
 */
struct xs_member_key {
	__u32 prefixlen;
	__u8 addr[16]; /* network order */
};

/* Its value. Tools and other programs write it; the data path only reads. */
struct xs_member {
	__u64 expires_ns; /* CLOCK_MONOTONIC when it stops to be a member; 0: never */
	/*
	 * That of the key, where expires_ns is not 0: once this member is over, a shorter one
	 * that holds the address is looked for from here.
	 */
	__u32 prefixlen;
	__u32 pad;
};

/* What of the interface a socket's owner changes for busy-polling, by its file in /sys. */
enum xs_knob { XS_KNOB_napi_defer_hard_irqs, XS_KNOB_gro_flush_timeout, XS_KNOB_MAX };

/*
 * One row of knobs, by slot; all zero: the slot's owner has changed nothing. Written by
 * bouncers, and by whoever puts back what a killed one had changed.
 */
struct xs_knobs {
	__u32 set; /* 1 << enum xs_knob */
	__u32 pad;
	__u64 before[XS_KNOB_MAX]; /* to be put back when no owner has it set any more */
};

/*
 * Most queues, entries of the NIC's RSS table and rules of the NIC that one reservation has:
 * NICs have tables of 32 to 2048 entries, and as many queues as a machine has CPUs.
 */
#define XS_RESERVED_QUEUES_MAX 256
#define XS_RESERVED_TABLE_MAX 4096
#define XS_RESERVED_FLOWS_MAX 128

struct xs_reserved_queue {
	__u32 queue;
	__u32 pad;
	/* What the queue had counted when it was reserved. */
	__u64 packets;
	__u64 by_no_rule; /* of these, the ones that no rule sends to a socket */
};

/* Where a rule of the NIC is in its life. A killed process may have made what is wanted. */
enum xs_reserved_state { XS_RESERVED_NOT, XS_RESERVED_WANTED, XS_RESERVED_MADE };

#define XS_FLOW_SPORT (1 << 0)
#define XS_FLOW_DPORT (1 << 1)

/* One rule of the NIC: the frames that it takes, and their queue. */
struct xs_reserved_flow {
	__u64 digest; /* of the rule as the NIC told it after it was made */
	__u32 location; /* in the NIC's table */
	__u32 queue;
	__u8 state; /* enum xs_reserved_state */
	__u8 family; /* enum xs_family */
	__u8 proto; /* 0: any */
	__u8 ports; /* XS_FLOW_*: those that are compared */
	__be16 sport, dport;
	__u8 saddr_bits, daddr_bits; /* leading bits that are compared */
	__u8 pad[6];
	__u8 saddr[16], daddr[16]; /* network order; IPv4: the first four bytes */
};

/*
 * The row of `reserved`: queues taken out of the NIC's RSS table, and what puts all of that
 * back. since_ns 0: none are. Written before the NIC is changed.
 */
struct xs_reserved {
	__u64 since_ns; /* CLOCK_REALTIME */
	__u32 queue_cnt;
	__u32 flow_cnt;
	__u32 table_size;
	__u32 by_default; /* the table was the one that the kernel makes by itself */
	struct xs_reserved_queue queues[XS_RESERVED_QUEUES_MAX];
	struct xs_reserved_flow flows[XS_RESERVED_FLOWS_MAX];
	__u16 before[XS_RESERVED_TABLE_MAX]; /* entry -> queue */
	__u16 after[XS_RESERVED_TABLE_MAX];
};

#define XS_ASSERT_SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "struct " #type " is ABI")

XS_ASSERT_SIZE(xs_queue_stats, 8 * (2 + XS_VERDICT_MAX + XS_REASON_MAX - 1));
XS_ASSERT_SIZE(xs_rule_stats, 16);
XS_ASSERT_SIZE(xs_action, 8);
XS_ASSERT_SIZE(xs_meta, 80);
XS_ASSERT_SIZE(xs_owner, 40);
XS_ASSERT_SIZE(xs_chain_row, 32);
XS_ASSERT_SIZE(xs_knobs, 24);
XS_ASSERT_SIZE(xs_reserved_queue, 24);
XS_ASSERT_SIZE(xs_reserved_flow, 64);
XS_ASSERT_SIZE(xs_reserved, 24 + 256 * 24 + 128 * 64 + 2 * 4096 * 2);
XS_ASSERT_SIZE(xs_member_key, 20);
XS_ASSERT_SIZE(xs_member, 16);
XS_ASSERT_SIZE(xs_socket_counts, 96);
XS_ASSERT_SIZE(xs_socket_stats, 216);
XS_ASSERT_SIZE(xs_explained, 8);

#endif
