/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The socket in a slot as it is now, as far as this process may look at it, and what it and
 * the sockets before it have counted. For xsteer_each_slot(), and for xsteer-maps.
 */
#ifndef XS_API_SOCKET_LOOK_H
#define XS_API_SOCKET_LOOK_H

#include <stdbool.h>
#include <linux/types.h>

#include "lib/instance/pins.h"
#include "lib/xsk/peek.h"

struct xs_socket_look {
	struct xs_owner owner; /* pid 0: nobody */
	bool alive, elsewhere;
	bool in_chain; /* it is also in a slot of a chain, and counted there only */
	int err; /* 0: `state` is valid; else -errno: why not */
	struct xs_xsk_state state;
	/* Of the owner's socket. The process's share is as it last wrote it; so may the kernel's be. */
	struct xs_socket_counts own;
	bool own_known;
	struct xs_socket_counts earlier; /* of all that were in the slot before */
	__u32 queue;
};

/* Valid during the call only. Anything but 0 ends the walk. */
typedef int (*xs_socket_look_fn)(void *arg, __u32 slot, const struct xs_socket_look *look);

/*
 * Calls each() for every slot that has an owner, or where something was counted. What the
 * instance's maps say of all slots is read at once, before. 0, what each() returned, or -errno,
 * logged.
 */
int xs_sockets_look(const struct xs_pins *pins, xs_socket_look_fn each, void *arg);

#endif
