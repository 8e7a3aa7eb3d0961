/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which process holds which slot, as `owners` has it, and whether it lives. */
#ifndef XS_INSTANCE_OWNERS_H
#define XS_INSTANCE_OWNERS_H

#include <stdbool.h>
#include <linux/types.h>

#include "maps/xsteer.h"
#include "pins.h"

/*
 * owners: is the slot held by a process that lives? Compares pid and start
 * time with /proc, so a reused pid is not taken for the owner. One that cannot be
 * looked at (of another PID namespace, or hidden by hidepid=) counts as alive:
 * nothing that is in use is ever taken for left behind.
 */
bool xs_owner_alive(const struct xs_owner *owner);
/*
 * No socket yet, but a process that lives is about to put one there. Its pid is in
 * `fd`.
 */
bool xs_owner_is_coming(const struct xs_owner *owner);
/* Of another PID namespace: its pid means nothing here. */
bool xs_owner_is_elsewhere(const struct xs_owner *owner);
/* Slots that a process holds which lives. Silent: what cannot be read is not counted. */
__u32 xs_owners_alive(const struct xs_pins *pins);
int xs_owner_get(const struct xs_pins *pins, __u32 slot, struct xs_owner *owner);
int xs_owner_set(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner);
/* Fills in pid, start time and PID namespace of this process. */
void xs_owner_set_self(struct xs_owner *owner);
/* The same for a process that has no socket in the slot yet. */
void xs_owner_set_coming(struct xs_owner *owner);
/* Is it this process, with a socket or about to have one? */
bool xs_owner_is_self(const struct xs_owner *owner);

#endif
