/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The slots of an instance that hold a broker's sockets, and their ownership. */
#ifndef XS_CHAIN_HELD_SLOTS_H
#define XS_CHAIN_HELD_SLOTS_H

#include "lib/instance/pins.h"
#include "lib/xsk/xsk.h"

#define XS_HELD_SLOTS_MAX (64 * (1 + XS_CHAIN_SLOTS)) /* a queue's own, and one per chain */

struct xs_held_slot {
	__u32 slot, queue;
	bool filled; /* a socket of ours is in it */
	__u64 since_ns; /* of our row in owners */
};

struct xs_held_slots {
	struct xs_pins pins;
	bool native; /* true: the driver runs the program; false: skb mode */
	int lock, instance_lock; /* on the pin root and on the instance; -1: not held */
	struct xs_held_slot slots[XS_HELD_SLOTS_MAX];
	__u32 cnt;
};

/*
 * Opens the instance of an interface and holds its locks until xs_held_slots_settle(),
 * so that two processes that want the same slot see each other. Needs the permissions
 * of a bouncer, and write permission on `chains`. 0 or -errno, logged; the caller
 * closes *slots in either case.
 */
int xs_held_slots_open(struct xsteer_ctx *ctx, struct xs_held_slots *slots, const char *ifname);

/* Announces that a socket of the queue will be in its own slot. 0 or -errno, logged. */
int xs_held_slots_reserve(struct xs_held_slots *slots, __u32 queue);
/* The same for the slot of a chain. */
int xs_held_slots_reserve_chain(struct xs_held_slots *slots, __u32 queue, const char *chain);
void xs_held_slots_settle(struct xs_held_slots *slots);

/*
 * Inserts a socket into the slot that was reserved for it; never overwrites another
 * one. chain NULL: the queue's own slot. 0 or -errno, logged. -ENOENT: no slot was
 * reserved.
 */
int xs_held_slots_fill(struct xs_held_slots *slots, __u32 queue, const char *chain,
		       enum xs_xsk_mode mode, int fd);

/*
 * Keeps with the instance what the chain's socket has counted: it outlives us there. A
 * socket that is in its queue's own slot, too, counts in the chain's alone.
 */
void xs_held_slots_keep_counts(struct xs_held_slots *slots, __u32 queue, const char *chain,
			       const struct xs_socket_counts *counts);

/* Empties the slots: frames go where the rules send those without a socket. */
void xs_held_slots_empty(struct xs_held_slots *slots);
/* The same, and gives up the ownership. */
void xs_held_slots_close(struct xs_held_slots *slots);

#endif
