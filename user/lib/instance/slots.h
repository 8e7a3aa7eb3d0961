/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Slots of an instance from the side of a process that puts a socket into one: is it
 * free, take it, give it up, and is the instance still there. The caller holds the
 * lock of the pin root while it joins or leaves.
 */
#ifndef XS_INSTANCE_SLOTS_H
#define XS_INSTANCE_SLOTS_H

#include <stdbool.h>
#include <linux/types.h>

#include "live.h"
#include "pins.h"

/*
 * Opens the instance of `ifname` whose program is on the hook, for a socket. *live is
 * zeroed where the program's pin may not be read: then it is taken to be there. What
 * automatic instances of killed processes left is removed. 0; -ENOENT, silently: there is
 * none; or as xs_pins_open(), logged.
 */
int xs_slots_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		  struct xs_live *live);

/* 0; -EBUSY, logged: a process that lives owns the slot, or is about to. */
int xs_slot_check(const struct xs_pins *pins, const char *ifname, __u32 slot);

/*
 * Writes that this process is about to put a socket there: so the instance stays, and
 * nobody else takes the slot, while the socket waits for its queue without a lock.
 */
int xs_slot_announce(const struct xs_pins *pins, __u32 slot);

/*
 * Puts the socket into a slot of the XSKMAP, never over another. `pins` names the owner of
 * what is there; NULL: there are no owners. 0; or -errno, logged: -EEXIST it is taken.
 */
int xs_slot_insert(struct xsteer_ctx *ctx, int map_fd, const struct xs_pins *pins,
		   const char *ifname, __u32 slot, int socket_fd);

/* Writes the owner: this process, since now; queue, modes and descriptor are the caller's. */
int xs_slot_claim(const struct xs_pins *pins, __u32 slot, struct xs_owner owner);

/* Is what is pinned now what was opened? What may not be looked at counts as there. */
bool xs_slots_still_pinned(const struct xs_pins *pins);

/*
 * Is it automatic, and does nobody who lives own a slot? Then whoever leaves takes it away.
 * but_us: rows of this process do not count, since one may have resisted being cleared.
 */
bool xs_slots_unused(const struct xs_pins *pins, bool but_us);

#endif
