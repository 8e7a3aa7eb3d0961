/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The broker's end of a port: one NF's rings at one queue. What the NF can write is
 * looked at once, copied, and then checked; the indices are the broker's own.
 */
#ifndef XS_CHAIN_PORT_H
#define XS_CHAIN_PORT_H

#include "lib/chains/chains.h"
#include "memory.h"
#include "nf/port.h"

#define XS_NO_FRAME (~0u)

/* Frames that wait, first come first served, linked through the table of frames. */
struct xs_waiting {
	__u32 head, tail, cnt;
};

struct xs_port {
	__u32 id; /* its index in the engine's ports */
	__u32 service;
	__u32 instance;
	bool readonly, tap;
	struct xs_memory b2n_memory, n2b_memory, own; /* own: of taps and other domains */
	struct xsnf_b2n *b2n;
	const struct xsnf_n2b *n2b;
	int wake; /* our end of the wake socket */
	int nf_wake; /* the NF's end, until it was sent; -1 */

	__u32 entries;
	__u32 given, taken; /* descriptors, modulo 2^32 */
	__u32 held; /* frames that the NF has */
	bool dirty; /* given, not yet published */
	bool draining; /* gets no new flows */
	bool closed; /* gets nothing any more, and nothing is taken from it */
	const char *bad; /* what the NF did that no honest one does; NULL */

	/* With memory of its own: which frame a slot is the copy of; and the free slots. */
	unsigned char *frames;
	__u32 *frame_of_slot;
	__u32 *free_slots;
	__u32 free_cnt;

	__s8 exit_of[XSNF_EXITS_MAX]; /* the NF's exit -> the service's; -1: it names none */
	__u32 exit_cnt; /* of the NF */

	struct xs_waiting waiting;
	__u32 seen_taken, seen_cons, seen_beat; /* when it last was looked at */
	__u64 moved_ns; /* when something of these last changed */
	__u64 given_total, taken_total; /* descriptors in its life */
};

struct xs_port_config {
	const struct xs_service *service;
	__u32 service_index;
	__u32 instance;
	__u32 queue;
	__u32 frame_cnt, frame_size, headroom; /* of the frames that it shall share */
};

/* 0 or -errno; on failure nothing is left. */
int xs_port_make(struct xs_port **port, const struct xs_port_config *config);
void xs_port_free(struct xs_port *port);

/* Whether the NF took, gave or turned since the last call. */
bool xs_port_moved(struct xs_port *port);

/* Puts a descriptor into the ring; there must be room. */
void xs_port_give(struct xs_port *port, const struct xsnf_desc *desc);
/* Lets the NF see what was given, and wakes it if it sleeps. Does not block. */
void xs_port_publish(struct xs_port *port);

/*
 * How many descriptors the NF has returned and nobody took. More than it holds: false,
 * and the port is bad.
 */
bool xs_port_returned(struct xs_port *port, __u32 *cnt);
/* The next of these, copied out once. */
struct xsnf_desc xs_port_take(struct xs_port *port);

/* Says that the broker sleeps, or that it is awake. */
void xs_port_set_asleep(struct xs_port *port, bool asleep);
/* Takes the bytes that woke the broker. */
void xs_port_drain_wakes(struct xs_port *port);

#endif
