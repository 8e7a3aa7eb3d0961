/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A slot's socket as it is now, as far as this process may look, and what was kept of it
 * and of those before it; for sockets, top and export.
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
	bool in_chain; /* it is in a chain's slot, too, and its counts are there alone */
	int err; /* 0: `state` is of now; else why it is not there */
	struct xs_xsk_state state;
	/* the owner's socket: the kernel's share of now or, as its process's, as last kept */
	struct xs_socket_counts own;
	bool own_known;
	struct xs_socket_counts earlier; /* of all that were in the slot before */
	__u32 queue;
};

/* 0; 1: there is nobody, and nothing was kept; or -errno, logged. */
int xs_socket_look(const struct xs_pins *pins, __u32 slot, struct xs_socket_look *look);

#endif
