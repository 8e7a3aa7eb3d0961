/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which process holds which slot, according to `owners`, and whether it is alive. */
#ifndef XS_INSTANCE_OWNERS_H
#define XS_INSTANCE_OWNERS_H

#include <stdbool.h>
#include <linux/types.h>

#include "maps/xsteer.h"
#include "pins.h"

/*
 * Does a living process hold the slot? Compares pid and start time with /proc, so that
 * a reused pid is not mistaken for the owner. A process that cannot be examined (in
 * another PID namespace, or hidden by hidepid=) counts as alive: a slot that is in use
 * is never taken for a leftover.
 */
bool xs_owner_alive(const struct xs_owner *owner);
/* There is no socket yet, but a living process is about to insert one. `fd` holds its pid. */
bool xs_owner_is_coming(const struct xs_owner *owner);
/* Either of them: the slot is not free. */
bool xs_owner_in_use(const struct xs_owner *owner);
/* The owner is in another PID namespace, so its pid means nothing here. */
bool xs_owner_is_elsewhere(const struct xs_owner *owner);
/* Does a living process hold the slot, or is one about to? Silent: what cannot be read is free. */
bool xs_slot_in_use(const struct xs_pins *pins, __u32 slot);
/* Of `cnt` slots from `first` on, the number of those in use; or -errno, logged. */
int xs_slots_in_use(const struct xs_pins *pins, __u32 first, __u32 cnt);
/* Number of slots that living processes hold; or -errno, logged. */
int xs_owners_alive(const struct xs_pins *pins);
/* The rows of `cnt` slots from `first` on, at once. The caller frees them. NULL: logged; errno. */
struct xs_owner *xs_owners_get(const struct xs_pins *pins, __u32 first, __u32 cnt);
int xs_owner_get(const struct xs_pins *pins, __u32 slot, struct xs_owner *owner);
int xs_owner_set(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner);
/* Fills in pid, start time and PID namespace of this process. */
void xs_owner_set_self(struct xs_owner *owner);
/* The same for a process that has no socket in the slot yet. */
void xs_owner_set_coming(struct xs_owner *owner);
/* Is it this process, with a socket or about to insert one? */
bool xs_owner_is_self(const struct xs_owner *owner);

#endif
