/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libxsteer-nf: a network function's end of a chain. A network function (NF) is
 * a process without privileges that is handed packets by a broker (xsteer-chain),
 * reads or changes them in place, and says what becomes of each. Needs libc alone.
 *
 * The whole of an NF is xsnf_main() with a struct xsnf_ops; or, with an event loop
 * of one's own, xsnf_open(), xsnf_recv(), xsnf_send() and xsnf_close().
 *
 * Functions return 0 or -errno unless they say otherwise. One session serves one
 * thread. The library prints nothing, but for xsnf_main(), and needs no privilege.
 */
#ifndef LIBXSTEER_NF_H
#define LIBXSTEER_NF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XSNF_NAME_MAX 32 /* bytes of a service's or an exit's name, with its NUL */
#define XSNF_EXITS_MAX 16
#define XSNF_TEXT_MAX 1024 /* bytes of a message between NFs */
#define XSNF_BATCH_MAX 512 /* packets of one call */

/* What becomes of a packet. */
enum xsnf_verdict {
	XSNF_NEXT, /* to the chain's next step */
	XSNF_DROP,
	XSNF_TX, /* out now, past the steps that follow */
	XSNF_KEEP, /* it stays with the NF, until xsnf_send() with another verdict */
	XSNF_EXIT_0 = 16, /* through an exit of struct xsnf_ops */
};
/* Through exit k of struct xsnf_ops; the chain file says where that leads. */
#define XSNF_EXIT(k) (XSNF_EXIT_0 + (k))

/*
 * A packet that the NF holds. `data` points at its first byte, the Ethernet
 * header. Bytes may be changed in place unless the service is read-only; other
 * read-write NFs of the same trust domain can see and change them, too.
 */
struct xsnf_packet {
	unsigned char *data;
	__u32 len; /* bytes */
	__u32 hash; /* of the flow, the same in both directions */
	__u16 mark; /* passed on to the next NFs; 0 at first */
	__u8 verdict; /* enum xsnf_verdict: for .batch and xsnf_send() to set */
	__u8 step; /* which step of its chain this is, from 0 */
	__u16 room_front, room_back; /* bytes that it can grow by, at either end */
	/* The library's own: which port it came by, and which frame of that it lies in. */
	__u32 port, frame;
};

struct xsnf; /* a session with a broker */

/* What an NF is. Borrowed for as long as the session lives. */
struct xsnf_ops {
	const char *service; /* the name that the chain file uses */
	const char *exits[XSNF_EXITS_MAX]; /* names; the first NULL ends them */

	/*
	 * Either of the two. .batch gets up to XSNF_BATCH_MAX packets and sets the
	 * verdict of each, which is XSNF_NEXT before.
	 */
	enum xsnf_verdict (*packet)(struct xsnf *nf, struct xsnf_packet *packet);
	void (*batch)(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt);

	/* All of these may be NULL. */
	int (*options)(void *data, int argc, char **argv); /* what stands behind "--", argv[0]
							    * before it; not 0: wrong usage */
	int (*start)(struct xsnf *nf); /* joined; not 0 (-errno): leave again */
	void (*tick)(struct xsnf *nf); /* every tick_ms, more or less */
	/* Another service sent this with xsnf_message(); valid until it returns. */
	void (*message)(struct xsnf *nf, const char *service, __u32 instance, const void *data,
			__u32 len);
	void (*stop)(struct xsnf *nf); /* the last chance to send what was kept */

	__u32 tick_ms; /* 0: .tick is not called */
	const char *usage; /* of what stands behind "--", for --help */
	void *data; /* the NF's own: xsnf_data() */
};

/* The `data` of the session's ops. */
void *xsnf_data(const struct xsnf *nf);

/*
 * A whole main(): options, joining, waiting, packets, signals, leaving. Joins again
 * when the broker has gone and come back. Returns the exit status: 0 after the
 * broker, a signal, --limit or --duration ended it, 1 after a failure, 2 after
 * wrong usage. Handles SIGINT and SIGTERM: the packets that it still holds are
 * given back first.
 */
int xsnf_main(int argc, char **argv, const struct xsnf_ops *ops);

/* ---- with an event loop of one's own ---- */

struct xsnf_config {
	const struct xsnf_ops *ops; /* service and exits; of the functions only .message */
	const char *path; /* the broker's socket; NULL: fd */
	int fd; /* a connected socket that was inherited; becomes the session's */
	char *why; /* NULL, or where a failure is put in words, one line without an end mark */
	size_t why_bytes;
};

/*
 * Joins a broker. Waits up to five seconds for its answers. On success *nf is to be
 * given to xsnf_close(). -ENOENT, -ECONNREFUSED: nobody serves the path;
 * -EACCES: not allowed to; -EPROTO: the broker speaks another version, or refuses
 * the service: `why` has its words.
 */
int xsnf_open(struct xsnf **nf, const struct xsnf_config *config);

/* Up to `max` packets, which the NF then holds. How many; 0: none now. Does not block. */
__u32 xsnf_recv(struct xsnf *nf, struct xsnf_packet *packets, __u32 max);

/*
 * Gives packets back, each with its verdict; those with XSNF_KEEP stay. In any order,
 * each once. Does not block.
 */
void xsnf_send(struct xsnf *nf, const struct xsnf_packet *packets, __u32 cnt);

/*
 * Waits until there are packets or something else to do, at most timeout_ms (-1: for
 * ever). 0: look with xsnf_recv(), or time is over; -EPIPE: the broker is gone, what the
 * NF holds is lost, close; -ESHUTDOWN: the broker wants the NF to go: send what is
 * kept, close; -EINTR: a signal. Calls .message for each message.
 */
int xsnf_wait(struct xsnf *nf, int timeout_ms);

/* A descriptor that is readable when xsnf_wait() with timeout 0 has something to do. */
int xsnf_fd(const struct xsnf *nf);

/*
 * Before sleeping on xsnf_fd() by other means than xsnf_wait(): asks the broker to
 * wake this NF. True: sleep; false: there is something to do already.
 */
bool xsnf_may_sleep(struct xsnf *nf);

/* Asks the broker for no more packets; xsnf_wait() says -ESHUTDOWN when none are left. */
int xsnf_leave(struct xsnf *nf);

/* Says good-bye if the broker is there, and frees. NULL: nothing. */
void xsnf_close(struct xsnf *nf);

/* The number of this NF among those of its service, from 1. */
__u32 xsnf_instance(const struct xsnf *nf);

/*
 * A message of up to XSNF_TEXT_MAX bytes to the instances of another service, or to one
 * (instance > 0). The broker passes it on or, where nobody takes it, drops it. -EMSGSIZE,
 * -EINVAL: the name; -EAGAIN: too many under way; -EPIPE: the broker is gone.
 */
int xsnf_message(struct xsnf *nf, const char *service, __u32 instance, const void *data, __u32 len);

/* ---- what is in a packet ---- */

/* IPv4 in the first four bytes, the rest zero. Network byte order. */
union xsnf_addr {
	__u8 bytes[16];
	__u32 words[4];
};

struct xsnf_headers {
	__u16 l3, l4, payload; /* offsets from data; 0: there is none */
	__u16 eth_type; /* behind the VLAN tags, host order */
	__u8 version; /* 4, 6; 0: not IP */
	__u8 l4proto;
	__u8 ttl; /* or hop limit */
	bool later; /* a fragment that is not the first: no l4 */
	__u16 sport, dport; /* TCP, UDP, UDP-Lite, SCTP, DCCP; host order */
	union xsnf_addr saddr, daddr;
};

/*
 * Ethernet, up to four VLAN tags, IPv4 or IPv6 with up to eight extension headers, and
 * the ports. True: it is a whole IP header, and h says what is in it; false: not IP, cut
 * short or contradictory, and h->version is 0.
 */
bool xsnf_parse(const struct xsnf_packet *packet, struct xsnf_headers *h);

/*
 * Change the packet and keep h and every checksum that covers the field true (IPv4;
 * TCP, UDP, UDP-Lite, DCCP and ICMPv6; a UDP checksum of 0 stays 0; the CRC of SCTP is
 * left to the NF). h must be of this packet.
 */
void xsnf_set_saddr(struct xsnf_packet *packet, struct xsnf_headers *h,
		    const union xsnf_addr *addr);
void xsnf_set_daddr(struct xsnf_packet *packet, struct xsnf_headers *h,
		    const union xsnf_addr *addr);
void xsnf_set_sport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port);
void xsnf_set_dport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port);
void xsnf_dec_ttl(struct xsnf_packet *packet, struct xsnf_headers *h); /* of 0: nothing */

/* The two MAC addresses change places; the packet has at least 14 bytes. */
void xsnf_swap_mac(struct xsnf_packet *packet);

/* A sum of 16-bit words for the Internet checksum; fold it with xsnf_csum_fold(). */
__u32 xsnf_csum_add(__u32 sum, const void *bytes, size_t len);
__u16 xsnf_csum_fold(__u32 sum);

/*
 * Makes the packet larger or smaller at its front. push: the new bytes are not
 * initialised; -ENOSPC: there is no room. pop: -EINVAL: it is not that long.
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
	__u64 timeout_ns; /* a flow that was not met for so long may go; 0: never */
	bool symmetric; /* both directions of a connection are one flow */
	/* Called before a value goes, but for xsnf_flows_free(); or NULL. */
	void (*gone)(void *arg, const struct xsnf_flow_key *key, void *value);
	void *arg;
};

/* NULL: no memory, or max is 0. */
struct xsnf_flows *xsnf_flows_new(const struct xsnf_flows_config *config);
void xsnf_flows_free(struct xsnf_flows *flows);

/*
 * The value of the packet's flow. h is of xsnf_parse(); now_ns from any clock that does
 * not go back. get makes what is not there, zeroed, and says so in *fresh (may be NULL);
 * NULL: the table is full of flows that have not timed out. Valid until the flow goes,
 * which happens only in get and expire.
 */
void *xsnf_flows_get(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns,
		     bool *fresh);
void *xsnf_flows_find(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns);

/* Removes up to `max` flows that have timed out; how many. For .tick. */
__u32 xsnf_flows_expire(struct xsnf_flows *flows, __u64 now_ns, __u32 max);
__u32 xsnf_flows_count(const struct xsnf_flows *flows);

/* Calls fn for each flow, until it returns false. fn must not change the table. */
void xsnf_flows_each(struct xsnf_flows *flows,
		     bool (*fn)(void *arg, const struct xsnf_flow_key *key, void *value),
		     void *arg);

/* ---- tests without a broker ---- */

struct xsnf_test_packet {
	unsigned char *data; /* in and out: the bytes after the NF */
	__u32 len; /* likewise */
	__u32 room; /* bytes at data, at least len */
	__u16 mark; /* in and out */
	__u8 step; /* in */
	__u8 verdict; /* out: enum xsnf_verdict; XSNF_KEEP: never came back */
};

/*
 * Runs an NF over packets in this process, by the same rings and the same loop as a
 * broker does, a batch at a time and in order: .start, the packets, .tick once, .stop.
 * Each comes out with what the NF has said and made of it. -EINVAL: a packet is longer
 * than 1,792 bytes, came back twice, with a verdict that is none or grown beyond its
 * room; ops has no function for packets; there are none, or more than 32,768;
 * -ENOMEM; what .start returned. xsnf_message() gives -EPIPE meanwhile.
 */
int xsnf_test_run(const struct xsnf_ops *ops, struct xsnf_test_packet *packets, __u32 cnt);

#ifdef __cplusplus
}
#endif

#endif
