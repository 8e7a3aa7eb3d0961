/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which slots of xsks_map have a socket, whoever put it there, and of which queue it is. */
#ifndef XS_INSTANCE_SLOT_SOCKETS_H
#define XS_INSTANCE_SLOT_SOCKETS_H

#include "pins.h"
#include "maps/slot_sockets.h"

/*
 * By slot, the queue that its socket is bound to, or XS_SLOT_EMPTY: a malloc'ed array of
 * pins->all_slots, which the caller frees. Asks a program that is loaded for the moment, since
 * the kernel answers nobody else. NULL, silently, with errno: needs CAP_BPF and
 * CAP_NET_ADMIN.
 */
int *xs_slot_sockets(const struct xs_pins *pins);

#endif
