/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The protocol between a network function (NF) and the broker: the two memories of a
 * port, the descriptors in them, and the messages of the handshake. Everything has a
 * fixed width, so that both ends can be built separately.
 *
 * A port is one NF process at one queue. Its memories are memfds of fixed size:
 *
 *            written by the broker,             written by the NF,
 *            the NF can only read it            the broker trusts nothing in it
 *          +-----------------------+          +------------------------+
 *          | struct xsnf_b2n       |          | struct xsnf_n2b        |
 *   broker |   geometry, prod, ... |  ----->  |   cons, prod, beat ... | NF
 *          | ring[entries]         |  <-----  | ring[entries]          |
 *          +-----------------------+          +------------------------+
 *
 * A port never holds more frames than a ring has entries, counted from giving to taking
 * back. The broker sees to that, so neither ring can overflow. The NF publishes what it
 * returns by one store to n2b.prod. So an NF that dies has lost exactly the frames that
 * it has not published.
 *
 * A process that goes to sleep sets `asleep` in its memory, then looks once more. A
 * process that has published executes a full fence, looks at the other's `asleep`, and
 * if it is set sends one byte on the wake socket. This is a socket rather than two
 * eventfds because O_NONBLOCK belongs to the open file: an NF could clear it on a
 * shared eventfd, and the broker would block in write(2). MSG_DONTWAIT belongs to the
 * call.
 */
#ifndef XSNF_PORT_H
#define XSNF_PORT_H

#include <assert.h>
#include <sys/socket.h>
#include <linux/types.h>

#include "xsteer/nf.h"

#define XSNF_ABI 1 /* incremented with any change of this file's layouts */
#define XSNF_ABI_MIN 1 /* the oldest that this build still speaks */
#define XSNF_MAGIC 0x464e5358 /* "XSNF" */

#define XSNF_RING_MIN 64
#define XSNF_RING_MAX 32768
#define XSNF_PORTS_MAX 64 /* queues of one broker */

struct xsnf_desc {
	__u32 frame; /* index, not address */
	__u16 off; /* offset of the packet's first byte within the frame */
	__u16 len; /* bytes */
	__u32 hash; /* of the flow, equal for both directions */
	__u8 verdict; /* enum xsnf_verdict; from the broker: 0; both: XSNF_DESC_MORE */
	__u8 step; /* which step of its chain this is, from 0 */
	__u16 mark; /* from NF to NF; the broker only passes it on */
};
static_assert(sizeof(struct xsnf_desc) == 16, "four descriptors a cache line");

/*
 * The packet goes on in the next descriptor. Only an NF that has joined with XSNF_JOIN_MULTI gets
 * such packets. It returns all descriptors of a packet together and in their order: the verdict
 * and the changes of the first one count, of the others only the bytes of their frames.
 */
#define XSNF_DESC_MORE 0x80
#define XSNF_PARTS_MAX 18 /* descriptors of a packet: what the kernel can send at once */

#define XSNF_F_READONLY 1 /* the frames are mapped read-only */
#define XSNF_F_TAP 2 /* copies for reading: the NF's verdicts are ignored */

/* Each index has its own cache line, and the line that the CPU fetches together with it. */
#define XSNF_ALIGNED __attribute__((aligned(128)))

struct xsnf_b2n {
	__u32 magic;
	__u32 abi;
	__u32 entries; /* of each ring, a power of two */
	__u32 frame_cnt;
	__u32 frame_size; /* bytes */
	__u32 headroom; /* the smallest `off`: how far a packet can grow to the front */
	__u32 flags; /* XSNF_F_* */
	__u32 queue;
	__u32 instance; /* number of this NF within its service, from 1 */
	__u32 pad0;

	__u32 prod XSNF_ALIGNED; /* descriptors given, modulo 2^32 */
	__u32 asleep XSNF_ALIGNED; /* not 0: send a byte on the wake socket after n2b.prod */
	struct xsnf_desc ring[] XSNF_ALIGNED;
};
static_assert(sizeof(struct xsnf_b2n) == 384, "the layout is known to other builds");

struct xsnf_n2b {
	__u32 cons; /* descriptors read: only a sign of life */
	__u32 beat; /* rises while the NF's loop turns: likewise */
	__u32 asleep XSNF_ALIGNED; /* not 0: send a byte on the wake socket after b2n.prod */
	__u32 prod XSNF_ALIGNED; /* descriptors returned */
	struct xsnf_desc ring[] XSNF_ALIGNED;
};
static_assert(sizeof(struct xsnf_n2b) == 384, "the layout is known to other builds");

/* Messages on the UNIX socket (SOCK_SEQPACKET). Each is one whole struct xsnf_msg. */
enum xsnf_msg_type {
	XSNF_MSG_HELLO = 1, /* broker, first: the ABIs that it serves */
	XSNF_MSG_JOIN, /* NF: its service, its exits */
	XSNF_MSG_PORT, /* broker, once for each queue: with the descriptors of enum xsnf_port_fd */
	XSNF_MSG_READY, /* NF: all ports are mapped */
	XSNF_MSG_LEAVE, /* NF: no more packets, please; STOP follows when none are left */
	XSNF_MSG_STOP, /* broker: return everything, then BYE */
	XSNF_MSG_BYE, /* NF: it holds nothing any more */
	XSNF_MSG_TEXT, /* both: a message of an NF to another service */
	XSNF_MSG_ERROR, /* broker: why it closes the connection */
	XSNF_MSG_MAX
};

#define XSNF_JOIN_MULTI 1 /* takes packets of several frames */

enum xsnf_port_fd {
	XSNF_FD_FRAMES, /* memfd; opened read-only if XSNF_F_READONLY is set */
	XSNF_FD_B2N, /* memfd, opened read-only */
	XSNF_FD_N2B, /* memfd */
	XSNF_FD_WAKE, /* UNIX socket: a byte wakes the other end */
	XSNF_FD_MAX
};

struct xsnf_msg {
	__u32 type; /* enum xsnf_msg_type */
	__u32 abi; /* HELLO: the newest that is served; JOIN: the NF's */
	union {
		struct {
			__u32 abi_min; /* the oldest that is served */
			__u32 pad;
		} hello;
		struct {
			char service[XSNF_NAME_MAX]; /* NUL-terminated, as are all names */
			__u32 exit_cnt;
			__u32 flags; /* XSNF_JOIN_*; 0 from builds that know none */
			char exits[XSNF_EXITS_MAX][XSNF_NAME_MAX];
		} join;
		struct {
			__u32 index; /* of this port, from 0 */
			__u32 cnt; /* number of the NF's ports */
			__u64 frames_bytes, b2n_bytes, n2b_bytes; /* of the memfds */
		} port;
		struct {
			char service[XSNF_NAME_MAX]; /* the receiver; from the broker: the sender */
			__u32 instance; /* 0: all instances of that service */
			__u32 len; /* bytes of data */
			__u8 data[XSNF_TEXT_MAX];
		} text;
		char error[XSNF_TEXT_MAX]; /* NUL-terminated */
	};
};
static_assert(sizeof(struct xsnf_msg) == 8 + XSNF_NAME_MAX + 8 + XSNF_TEXT_MAX,
	      "the layout is known to other builds");

/* Bytes of a memory whose ring has this many entries. */
static inline __u64 xsnf_b2n_bytes(__u32 entries)
{
	return sizeof(struct xsnf_b2n) + (__u64)entries * sizeof(struct xsnf_desc);
}

static inline __u64 xsnf_n2b_bytes(__u32 entries)
{
	return sizeof(struct xsnf_n2b) + (__u64)entries * sizeof(struct xsnf_desc);
}

/*
 * Reads what the other process stores with release. Everything that it wrote before is
 * then visible.
 */
#define xsnf_load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define xsnf_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/*
 * One end publishes, then looks whether the other sleeps. The other end says that it
 * sleeps, then looks whether something was published. Without a full fence between
 * store and load both could see the old value, and nobody would wake.
 */
static inline bool xsnf_sleeps(const __u32 *asleep)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(asleep, __ATOMIC_RELAXED);
}

static inline void xsnf_set_asleep(__u32 *asleep)
{
	__atomic_store_n(asleep, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#define XSNF_WAKES_MAX 16 /* an honest other end rarely leaves more */

/* Reads what has come by a wake socket. If there is more, the next sleep ends at once. */
static inline void xsnf_drain_wakes(int wake)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct mmsghdr msgs[XSNF_WAKES_MAX];

	for (int i = 0; i < XSNF_WAKES_MAX; i++)
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	recvmmsg(wake, msgs, XSNF_WAKES_MAX, MSG_DONTWAIT, NULL);
}

#endif
