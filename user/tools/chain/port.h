/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The broker's end of a port: one NF's rings at one queue. It reads once what the NF
 * can write, copies it, and then checks the copy. The indices are the broker's own.
 */
#ifndef XS_CHAIN_PORT_H
#define XS_CHAIN_PORT_H

#include "lib/chains/chains.h"
#include "lib/base/memory.h"
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
	bool multi; /* takes packets of several frames */
	struct xs_memory b2n_memory, n2b_memory, own; /* own: frames of taps and other domains */
	struct xsnf_b2n *b2n;
	const struct xsnf_n2b *n2b;
	int wake; /* our end of the wake socket */
	int nf_wake; /* the NF's end, until it was sent; -1: none */

	__u32 entries;
	__u32 given, taken; /* descriptors, modulo 2^32 */
	__u32 announced; /* `given` when the NF was last woken, if it slept */
	__u64 quiet_ns; /* since when something is published and not announced; 0: nothing is */
	__u32 held; /* frames that the NF holds */
	bool dirty; /* something was given but not yet published */
	bool draining; /* gets no new flows */
	bool closed; /* gets nothing any more, and nothing is taken from it */
	const char *bad; /* what the NF did that no honest one does; NULL: nothing */

	/*
	 * For a port with memory of its own: the frame that each slot is a copy of, and
	 * the free slots.
	 */
	unsigned char *frames;
	__u32 *frame_of_slot;
	__u32 *free_slots;
	__u32 free_cnt;

	__s8 exit_of[XSNF_EXITS_MAX]; /* the NF's exit -> the service's; -1: it names none */
	__u32 exit_cnt; /* of the NF */

	struct xs_waiting waiting;
	__u32 seen_taken, seen_cons, seen_beat; /* as of the last check */
	__u64 moved_ns; /* when one of these last changed */
	__u64 given_total, taken_total; /* descriptors since it joined */
};

struct xs_port_config {
	const struct xs_service *service;
	__u32 service_index;
	__u32 instance;
	__u32 queue;
	__u32 frame_cnt, frame_size, headroom; /* of the frames to share */
	bool multi; /* the NF takes packets of several frames */
};

/* Makes a port. 0 or -errno; on failure nothing is left. */
int xs_port_make(struct xs_port **port, const struct xs_port_config *config);
void xs_port_free(struct xs_port *port);

/* Whether the NF took, gave or turned since the last call. */
bool xs_port_moved(struct xs_port *port);

/* Puts a descriptor into the ring, which must have room. */
void xs_port_give(struct xs_port *port, const struct xsnf_desc *desc);
/*
 * Publishes to the NF what was given. Announces it if it is much, or has waited for long.
 * Does not block.
 */
void xs_port_publish(struct xs_port *port, __u64 now_ns);
/* Wakes the NF if it sleeps. Call it before the broker sleeps. Does not block. */
void xs_port_announce(struct xs_port *port);

/*
 * Sets *cnt to the number of descriptors that the NF has returned and nobody has taken.
 * False: they are more than it holds, and the port is marked bad.
 */
bool xs_port_returned(struct xs_port *port, __u32 *cnt);
/* Copies out the next of these, once. */
struct xsnf_desc xs_port_take(struct xs_port *port);

/* Announces that the broker sleeps or is awake. */
void xs_port_set_asleep(struct xs_port *port, bool asleep);
/* Reads the bytes that woke the broker. */
void xs_port_drain_wakes(struct xs_port *port);

#endif
