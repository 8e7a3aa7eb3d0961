/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libxsteer-nf: a network function's end of a chain. A network function (NF) is a
 * process without privileges. A broker (xsteer-chain) hands it packets; the NF reads or
 * changes them in place and gives each a verdict. Needs only libc.
 *
 * A complete NF is xsnf_main() with a struct xsnf_ops. An NF with an event loop of its
 * own uses xsnf_open(), xsnf_recv(), xsnf_send() and xsnf_close() instead.
 *
 * Functions return 0 or -errno unless they say otherwise. A session is for one thread.
 * The library needs no privilege and prints nothing, except in xsnf_main().
 */
#ifndef LIBXSTEER_NF_H
#define LIBXSTEER_NF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XSNF_NAME_MAX 32 /* bytes of a service's or exit's name, with its NUL */
#define XSNF_EXITS_MAX 16
#define XSNF_TEXT_MAX 1024 /* bytes of a message between NFs */
#define XSNF_BATCH_MAX 512 /* packets in one call */

/* What happens to a packet. */
enum xsnf_verdict {
	XSNF_NEXT, /* to the chain's next step */
	XSNF_DROP,
	XSNF_TX, /* out now, skipping the steps that follow */
	XSNF_KEEP, /* it stays with the NF until xsnf_send() with another verdict */
	XSNF_EXIT_0 = 16, /* through an exit of struct xsnf_ops */
};
/* Through exit k of struct xsnf_ops. The chain file says where it leads. */
#define XSNF_EXIT(k) (XSNF_EXIT_0 + (k))

/*
 * A packet that the NF holds. `data` points to its first byte, the Ethernet header. The
 * NF may change bytes in place unless the service is read-only. Other read-write NFs of
 * the same trust domain can also see and change them.
 */
struct xsnf_packet {
	unsigned char *data;
	__u32 len; /* bytes at data */
	__u32 hash; /* of the flow, equal for both directions */
	__u16 mark; /* passed on to the next NFs; 0 at the start */
	__u8 verdict; /* enum xsnf_verdict: set by .batch or before xsnf_send() */
	__u8 step; /* which step of its chain this is, from 0 */
	__u16 room_front, room_back; /* bytes by which it can grow at either end */
	__u16 port; /* only for the library: the queue that it came by */
	/*
	 * Not 0: a packet of several frames, as jumbo frames are, and so many bytes of it are in
	 * those that follow: xsnf_next_part(). Do not change it, nor cut bytes off the end of
	 * those at data, which would be missing in the middle. Always 0 without XSNF_MULTI.
	 */
	__u16 rest;
	__u32 frame; /* only for the library */
};

/* The whole length of a packet in bytes. */
__u32 xsnf_total(const struct xsnf_packet *packet);

struct xsnf; /* a session with a broker */

/*
 * For struct xsnf_ops: the NF also takes packets of several frames. Their headers are in the first
 * one, so an NF that looks at headers only needs nothing but this flag. Without it the broker gives
 * the NF none, and counts them as `multi`.
 */
#define XSNF_MULTI 1

/* The description of an NF. It is not copied and must live as long as the session. */
struct xsnf_ops {
	const char *service; /* the name that the chain file uses */
	const char *exits[XSNF_EXITS_MAX]; /* names; the first NULL ends them */

	/*
	 * Set one of the two. .batch gets up to XSNF_BATCH_MAX packets and sets the
	 * verdict of each, which is XSNF_NEXT before.
	 */
	enum xsnf_verdict (*packet)(struct xsnf *nf, struct xsnf_packet *packet);
	void (*batch)(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt);

	/* All of these may be NULL. */
	/* Gets the arguments after "--", with argv[0] before them. Not 0: wrong usage. */
	int (*options)(void *data, int argc, char **argv);
	int (*start)(struct xsnf *nf); /* after joining; not 0 (-errno): leave again */
	void (*tick)(struct xsnf *nf); /* about every tick_ms */
	/* Another service sent this with xsnf_message(). `data` is valid during the call. */
	void (*message)(struct xsnf *nf, const char *service, __u32 instance, const void *data,
			__u32 len);
	void (*stop)(struct xsnf *nf); /* the last chance to send what was kept */

	__u32 tick_ms; /* 0: .tick is not called */
	__u32 flags; /* XSNF_MULTI */
	const char *usage; /* of the arguments after "--", for --help */
	void *data; /* the NF's own: xsnf_data() */
};

/* The `data` of the session's ops. */
void *xsnf_data(const struct xsnf *nf);

/*
 * A complete main(): options, joining, waiting, packets, signals, leaving. Joins again
 * when the broker was gone and has come back. Blocks until the end. Returns the exit
 * status: 0 after the broker, a signal, --limit or --duration ended it; 1 after a
 * failure; 2 after wrong usage. Handles SIGINT and SIGTERM: first gives back the
 * packets that it still holds.
 */
int xsnf_main(int argc, char **argv, const struct xsnf_ops *ops);

/*
 * ---- with an event loop of your own ----
 */

struct xsnf_config {
	const struct xsnf_ops *ops; /* service and exits; of the functions, only .message is used */
	const char *path; /* the broker's socket; NULL: fd */
	int fd; /* an inherited connected socket; the session takes it over */
	char *why; /* NULL, or a buffer for the text of a failure: one line */
	size_t why_bytes;
};

/*
 * Joins a broker. Waits up to five seconds for its answers. On success the caller must
 * call xsnf_close(*nf). -ENOENT, -ECONNREFUSED: nobody serves the path; -EACCES: not
 * allowed; -EPROTO: the broker speaks another version or refuses the service, and `why`
 * has its words.
 */
int xsnf_open(struct xsnf **nf, const struct xsnf_config *config);

/*
 * Takes up to `max` packets, which the NF then holds. Returns how many; 0: none now.
 * Does not block.
 */
__u32 xsnf_recv(struct xsnf *nf, struct xsnf_packet *packets, __u32 max);

/* A further frame of a packet. */
struct xsnf_part {
	unsigned char *data;
	__u32 len; /* bytes; cannot be changed */
	__u32 frame; /* only for the library */
};

/*
 * Steps through the further frames of a packet that the NF holds: begin with a zeroed part. True:
 * *part is the next one. Its bytes can be changed, as those at packet->data. They stay with the
 * packet: xsnf_send() gives all of it back.
 */
bool xsnf_next_part(const struct xsnf *nf, const struct xsnf_packet *packet,
		    struct xsnf_part *part);

/*
 * Gives packets back, each with its verdict; those with XSNF_KEEP stay. The order is
 * free; give each packet back only once. Does not block.
 */
void xsnf_send(struct xsnf *nf, const struct xsnf_packet *packets, __u32 cnt);

/*
 * Waits until there are packets or something else to do, for up to timeout_ms (-1:
 * without limit). Calls .message for each message. 0: call xsnf_recv(), or the time is
 * over; -EPIPE: the broker is gone and what the NF holds is lost: close; -ESHUTDOWN:
 * the broker wants the NF to leave: send what is kept, then close; -EINTR: a signal.
 */
int xsnf_wait(struct xsnf *nf, int timeout_ms);

/* A descriptor that is readable when xsnf_wait() with timeout 0 has something to do. */
int xsnf_fd(const struct xsnf *nf);

/*
 * Call it before sleeping on xsnf_fd() by other means than xsnf_wait(). Asks the broker
 * to wake this NF. True: sleep; false: there is something to do already.
 */
bool xsnf_may_sleep(struct xsnf *nf);

/* Asks the broker for no more packets. xsnf_wait() returns -ESHUTDOWN when none are left. */
int xsnf_leave(struct xsnf *nf);

/* Says good-bye if the broker is there, and frees the session. NULL: does nothing. */
void xsnf_close(struct xsnf *nf);

/* The number of this NF within its service, from 1. */
__u32 xsnf_instance(const struct xsnf *nf);

/*
 * Sends a message of up to XSNF_TEXT_MAX bytes to all instances of another service, or
 * to one (instance > 0). The broker passes it on, or drops it if nobody takes it.
 * -EMSGSIZE; -EINVAL: the name; -EAGAIN: too many are under way; -EPIPE: the broker is
 * gone.
 */
int xsnf_message(struct xsnf *nf, const char *service, __u32 instance, const void *data, __u32 len);

/* ---- what is in a packet ---- */

/* An IPv4 address uses the first four bytes, and the rest is zero. Network byte order. */
union xsnf_addr {
	__u8 bytes[16];
	__u32 words[4];
};

struct xsnf_headers {
	__u16 l3, l4, payload; /* offsets from data; 0: there is none */
	__u16 eth_type; /* after the VLAN tags, host order */
	__u8 version; /* 4, 6; 0: not IP */
	__u8 l4proto;
	__u8 ttl; /* or hop limit */
	bool later; /* a fragment other than the first: no l4 */
	__u16 sport, dport; /* TCP, UDP, UDP-Lite, SCTP, DCCP; host order */
	union xsnf_addr saddr, daddr;
};

/*
 * Parses Ethernet, up to four VLAN tags, IPv4 or IPv6 with up to eight extension
 * headers, and the ports. True: there is a whole IP header, and *h is filled. False:
 * not IP, cut short or contradictory, and h->version is 0.
 */
bool xsnf_parse(const struct xsnf_packet *packet, struct xsnf_headers *h);

/*
 * These change the packet, and keep *h and every checksum that covers the field correct
 * (IPv4; TCP, UDP, UDP-Lite, DCCP and ICMPv6). A UDP checksum of 0 stays 0. The CRC of
 * SCTP is left to the NF. *h must be of this packet.
 */
void xsnf_set_saddr(struct xsnf_packet *packet, struct xsnf_headers *h,
		    const union xsnf_addr *addr);
void xsnf_set_daddr(struct xsnf_packet *packet, struct xsnf_headers *h,
		    const union xsnf_addr *addr);
void xsnf_set_sport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port);
void xsnf_set_dport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port);
void xsnf_dec_ttl(struct xsnf_packet *packet, struct xsnf_headers *h); /* of 0: nothing */

/* Swaps the two MAC addresses. The packet must have at least 14 bytes. */
void xsnf_swap_mac(struct xsnf_packet *packet);

/* Adds 16-bit words to a sum for the Internet checksum; fold it with xsnf_csum_fold(). */
__u32 xsnf_csum_add(__u32 sum, const void *bytes, size_t len);
__u16 xsnf_csum_fold(__u32 sum);

/*
 * Make the packet larger (push) or smaller (pop) at its front. push does not initialise
 * the new bytes; -ENOSPC: there is no room. pop: -EINVAL: fewer bytes are at data. Unless it is
 * dropped, at least an Ethernet header must stay there.
 */
int xsnf_push(struct xsnf_packet *packet, __u32 bytes);
int xsnf_pop(struct xsnf_packet *packet, __u32 bytes);

/* ---- state by flow ---- */

struct xsnf_flow_key {
	union xsnf_addr addr[2];
	__u16 port[2]; /* host order */
	__u8 l4proto, version;
	__u8 pad[2];
};

struct xsnf_flows; /* a table in the NF's own memory */

struct xsnf_flows_config {
	__u32 max; /* flows */
	__u32 value_bytes;
	__u64 timeout_ns; /* a flow without packets for this long may be removed; 0: never */
	bool symmetric; /* both directions of a connection are one flow */
	/* If not NULL, called before a value is removed, except by xsnf_flows_free(). */
	void (*gone)(void *arg, const struct xsnf_flow_key *key, void *value);
	void *arg;
};

/* Makes a table. NULL: out of memory, or max is 0. */
struct xsnf_flows *xsnf_flows_new(const struct xsnf_flows_config *config);
void xsnf_flows_free(struct xsnf_flows *flows);

/*
 * Return the value of the packet's flow. *h comes from xsnf_parse(); now_ns from any
 * clock that does not go back. get makes a zeroed value if there is none, and says so
 * in *fresh (may be NULL); NULL: the table is full of flows that have not timed out. A
 * value is valid until its flow is removed, which only get and expire do.
 */
void *xsnf_flows_get(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns,
		     bool *fresh);
void *xsnf_flows_find(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns);

/* Removes up to `max` flows that have timed out. Returns how many. Call it from .tick. */
__u32 xsnf_flows_expire(struct xsnf_flows *flows, __u64 now_ns, __u32 max);
__u32 xsnf_flows_count(const struct xsnf_flows *flows);

/* Calls fn for each flow, until it returns false. fn must not change the table. */
void xsnf_flows_each(struct xsnf_flows *flows,
		     bool (*fn)(void *arg, const struct xsnf_flow_key *key, void *value),
		     void *arg);

/* ---- tests without a broker ---- */

struct xsnf_test_packet {
	unsigned char *data; /* in and out: the bytes; out: as the NF left them */
	__u32 len; /* likewise */
	__u32 room; /* bytes at data, at least len */
	__u16 mark; /* in and out */
	__u8 step; /* in */
	__u8 verdict; /* out: enum xsnf_verdict; XSNF_KEEP: it never came back */
};

/*
 * Runs an NF over packets in this process. Uses the same rings and the same loop as
 * with a broker, batch by batch and in order: .start, the packets, .tick once, .stop.
 * Each packet returns with the NF's verdict and changes. xsnf_message() returns -EPIPE
 * meanwhile. A packet of more than 1,792 bytes has several frames, which only an NF with XSNF_MULTI
 * takes, and of up to 32,256 bytes. -EINVAL: a packet is longer, came back twice or in part, has an
 * invalid verdict, or grew beyond its room; ops has no function for packets; there are
 * no packets, or more than 32,768 frames. -ENOMEM; or what .start returned.
 */
int xsnf_test_run(const struct xsnf_ops *ops, struct xsnf_test_packet *packets, __u32 cnt);

#ifdef __cplusplus
}
#endif

#endif
