/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance that shares the hook with other programs through libxdp's dispatcher. No
 * other file knows how libxdp handles programs.
 */
#ifndef XS_DISPATCHER_H
#define XS_DISPATCHER_H

#include "instance.h"
#include "lib/net/netif.h"
#include "pins.h"

/*
 * Loads the program over the maps of `pins` and adds it to the interface's dispatcher
 * with opts->prio; on XDP_PASS the next program runs. Pins it as XS_PIN_PROG in
 * pins->dir and returns its id. If the kernel has no dispatcher (it needs freplace),
 * libxdp attaches the program alone; this is logged. With limits and dynamic sets as meta
 * says, unless the verifier refuses them; meta says so then. Needs CAP_SYS_ADMIN. 0 or -errno,
 * logged.
 */
int xs_dispatcher_attach(const struct xs_netif *netif, struct xs_pins *pins,
			 const struct xs_attach_opts *opts, enum xs_mode *got, __u32 *prog_id);

/*
 * The same, but replaces a program of ours, so that each frame meets one of the two. In
 * a dispatcher both are present until xs_dispatcher_leave() removes the old one; alone
 * on the hook, they are swapped in one step.
 */
int xs_dispatcher_replace(const struct xs_netif *netif, struct xs_pins *pins,
			  const struct xs_attach_opts *opts, __u32 old_prog_id, enum xs_mode *got,
			  __u32 *prog_id);

/*
 * Undoes xs_dispatcher_replace(): removes program `prog_id`; `old_prog_id` is on the
 * hook again. Logs if it cannot.
 */
void xs_dispatcher_undo(struct xsteer_ctx *ctx, const struct xs_netif *netif, __u32 old_prog_id,
			__u32 prog_id);

/* As xs_dispatcher_detach(), but the program may be gone already. */
int xs_dispatcher_leave(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id);

/* The priority of a program in the dispatcher. 0 or -errno, logged. */
int xs_dispatcher_prio(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id, int *prio);

/* Removes program `prog_id` from the interface's dispatcher. 0 or -errno, logged. */
int xs_dispatcher_detach(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id);

/* Is program `prog_id` on the interface, in a dispatcher or alone? 1, 0, or -errno, silently. */
int xs_dispatcher_has(__u32 ifindex, __u32 prog_id);

/*
 * Finds the program on the interface that uses the map. This is how to find the program
 * of an attach that was killed before it pinned it. 1: *prog_id is set; 0: there is
 * none; -errno, logged.
 */
int xs_dispatcher_find_user_of(struct xsteer_ctx *ctx, __u32 ifindex, __u32 map_id, __u32 *prog_id);

#endif
