/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A session from within: what the library's files share. */
#ifndef XSNF_SESSION_H
#define XSNF_SESSION_H

#include "port.h"

/* Where a test lets an NF die: a batch goes through these in turn. */
enum xsnf_at {
	XSNF_AT_TAKEN, /* descriptors are read, nothing is done yet */
	XSNF_AT_CALLED, /* the NF has said its verdicts */
	XSNF_AT_WRITTEN, /* they are in the ring, not yet published */
	XSNF_AT_PUBLISHED,
	XSNF_AT_RELEASED, /* what was read is released */
	XSNF_AT_MAX
};

/* One queue's rings, as the NF has them mapped. Its indices are its own copies. */
struct xsnf_port {
	const struct xsnf_b2n *b2n;
	struct xsnf_n2b *n2b;
	unsigned char *frames;
	__u64 b2n_bytes, n2b_bytes, frames_bytes;
	__u32 entries, frame_cnt, frame_size, headroom;
	__u32 cons, prod;
	int wake; /* -1: none, the test's broker needs no waking */
};

struct xsnf {
	const struct xsnf_ops *ops;
	int fd; /* to the broker; -1: in a test */
	int epoll;
	struct xsnf_port ports[XSNF_PORTS_MAX];
	__u32 port_cnt;
	__u32 turn; /* the port that xsnf_recv() looks at first */
	__u32 instance;
	bool gone; /* the broker */
	bool stopping; /* the broker said so */
	void (*at)(void *arg, enum xsnf_at at); /* for tests; or NULL */
	void *at_arg;
};

/* Takes over the mapped memories of one port, whose geometry must fit. 0 or -EPROTO. */
int xsnf_port_init(struct xsnf_port *port);
/* Unmaps and closes what is there. */
void xsnf_port_close(struct xsnf_port *port);
/* Whether the broker has given something that was not yet taken. */
bool xsnf_port_waiting(const struct xsnf_port *port);

/*
 * One turn of an NF's loop: takes a batch of up to `max` packets, asks the NF, gives
 * back. How many were taken. `batch`: room for `max` packets.
 */
__u32 xsnf_turn(struct xsnf *nf, struct xsnf_packet *batch, __u32 max);

#endif
