/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The slots of an instance that a broker's sockets are in, and that it owns them. */
#ifndef XS_CHAIN_HELD_SLOTS_H
#define XS_CHAIN_HELD_SLOTS_H

#include "lib/instance/pins.h"
#include "lib/xsk/xsk.h"

#define XS_HELD_SLOTS_MAX 64

struct xs_held_slots {
	struct xs_pins pins;
	int lock; /* on the pin root; -1: not held */
	__u32 queues[XS_HELD_SLOTS_MAX];
	__u32 cnt; /* sockets that are in their slots */
};

/*
 * Opens the instance of an interface and holds the lock until xs_held_slots_settle(), so that of
 * two that want a queue one sees the other. Needs the permissions of a bouncer. 0 or
 * -errno, logged; *slots is to be closed in either case.
 */
int xs_held_slots_open(struct xsteer_ctx *ctx, struct xs_held_slots *slots, const char *ifname);
/* Whether the queue's slot is there, and nobody who lives owns it. 0 or -errno, logged. */
int xs_held_slots_check(struct xs_held_slots *slots, __u32 queue);
/* Puts a socket into the slot of its queue, never over another. 0 or -errno, logged. */
int xs_held_slots_insert(struct xs_held_slots *slots, __u32 queue, const struct xs_xsk *xsk);
void xs_held_slots_settle(struct xs_held_slots *slots);

/* Empties the slots: frames go to where the rules send those for whom there is no socket. */
void xs_held_slots_empty(struct xs_held_slots *slots);
/* The same, and gives up owning them. */
void xs_held_slots_close(struct xs_held_slots *slots);

#endif
