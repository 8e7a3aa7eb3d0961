/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The inside of struct xsteer_socket, which the public header only declares. Its
 * functions are in socket.c and packets.c.
 */
#ifndef XS_API_SOCKET_H
#define XS_API_SOCKET_H

#include "lib/instance/pins.h"
#include "lib/net/netif.h"
#include "lib/xsk/xsk.h"

struct xsteer_socket {
	struct xsteer_ctx *ctx;
	struct xs_netif netif; /* as it was when the socket was opened */
	struct xs_pins pins;
	struct xs_xsk xsk;
	__u32 slot; /* in xsks_map; also the queue */
	bool inserted, claimed; /* the slot and the row in `owners` are ours */
	__u64 since_ns; /* of that row */
	__u64 kept_ns; /* when xs_socket_keep_counts() was last called, by the monotonic clock */
	__u64 unread; /* packets thrown away when it was closed */
	bool attached; /* the instance was attached for this socket */
	bool others; /* one who cannot be seen has the queue: the instance is not ours to take away */
	__u32 lost_times; /* for xs_slots_check_instance() */
	struct xdp_desc descs[XS_XSK_BATCH_MAX];
};

/* Keeps with the instance what the socket has counted: it outlives the process there. */
void xs_socket_keep_counts(struct xsteer_socket *s);

#endif
