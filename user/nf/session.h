/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The inside of a session, shared by the library's files. */
#ifndef XSNF_SESSION_H
#define XSNF_SESSION_H

#include "port.h"

/* Points at which a test lets an NF die. A batch passes them in this order. */
enum xsnf_at {
	XSNF_AT_TAKEN, /* descriptors are read, nothing else is done yet */
	XSNF_AT_CALLED, /* the NF has set its verdicts */
	XSNF_AT_WRITTEN, /* they are in the ring, not yet published */
	XSNF_AT_PUBLISHED,
	XSNF_AT_RELEASED, /* the space of what was read is released */
	XSNF_AT_MAX
};

#define XSNF_NO_FRAME (~0u)

/* A frame of a packet of several, and the one after it. */
struct xsnf_rest {
	__u32 next; /* frame; XSNF_NO_FRAME: this is the last one */
	__u16 off, len;
};

/* One queue's rings as mapped by the NF. The indices are its own copies. */
struct xsnf_port {
	const struct xsnf_b2n *b2n;
	struct xsnf_n2b *n2b;
	unsigned char *frames;
	__u64 b2n_bytes, n2b_bytes, frames_bytes;
	__u32 entries, frame_cnt, frame_size, headroom;
	struct xsnf_rest *rest; /* by frame; NULL: the NF takes packets of one frame only */
	__u32 cons, prod;
	int wake; /* -1: none, since the test's broker needs no waking */
};

struct xsnf {
	const struct xsnf_ops *ops;
	int fd; /* to the broker; -1: in a test */
	int epoll;
	struct xsnf_port ports[XSNF_PORTS_MAX];
	__u32 port_cnt;
	__u32 turn; /* the port that xsnf_recv() reads first */
	__u32 instance;
	bool gone; /* the broker is gone */
	bool stopping; /* the broker asked to stop */
	void (*at)(void *arg, enum xsnf_at at); /* for tests; or NULL */
	void *at_arg;
};

/*
 * Takes over the mapped memories of one port. Their geometry must fit. multi: the NF takes packets
 * of several frames. 0, -EPROTO or -ENOMEM.
 */
int xsnf_port_init(struct xsnf_port *port, bool multi);
/* Unmaps and closes what is open. */
void xsnf_port_close(struct xsnf_port *port);
/* Whether the broker has given packets that were not taken yet. */
bool xsnf_port_waiting(const struct xsnf_port *port);

/*
 * One turn of an NF's loop: takes a batch of up to `max` packets, calls the NF, returns
 * them. `batch` has room for `max` packets. Returns how many were taken.
 */
__u32 xsnf_turn(struct xsnf *nf, struct xsnf_packet *batch, __u32 max);

#endif
