/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance beside other programs, through libxdp's dispatcher. The only
 * place that knows libxdp's program handling.
 */
#ifndef XS_DISPATCHER_H
#define XS_DISPATCHER_H

#include "instance.h"
#include "lib/net/netif.h"
#include "pins.h"

/*
 * Loads the program over the maps of `pins` and adds it to the dispatcher of
 * the interface with opts->prio; XDP_PASS goes on to the next program. Pins it
 * as XS_PIN_PROG in pins->dir and says its id. Where the kernel has no dispatcher (it needs
 * freplace), libxdp attaches the program alone, which is said aloud.
 * Needs CAP_SYS_ADMIN. 0 or -errno, logged.
 */
int xs_dispatcher_attach(const struct xs_netif *netif, const struct xs_pins *pins,
			 const struct xs_attach_opts *opts, enum xs_mode *got, __u32 *prog_id);

/*
 * The same in place of a program of ours, so that each frame meets one of them: where
 * there is a dispatcher, both are in it until xs_dispatcher_leave() takes the old one
 * out; alone on the hook, they change places in one step.
 */
int xs_dispatcher_replace(const struct xs_netif *netif, const struct xs_pins *pins,
			  const struct xs_attach_opts *opts, __u32 old_prog_id, enum xs_mode *got,
			  __u32 *prog_id);

/* Takes that back: the program `prog_id` goes, `old_prog_id` is on the hook. Says if it cannot. */
void xs_dispatcher_undo(struct xsteer_ctx *ctx, const struct xs_netif *netif, __u32 old_prog_id,
			__u32 prog_id);

/* As xs_dispatcher_detach(), of a program that may have gone already. */
int xs_dispatcher_leave(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id);

/* The priority that a program has there. 0 or -errno, logged. */
int xs_dispatcher_prio(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id, int *prio);

/* Takes program `prog_id` off the interface, out of the dispatcher. 0 or -errno, logged. */
int xs_dispatcher_detach(struct xsteer_ctx *ctx, __u32 ifindex, __u32 prog_id);

/* Is program `prog_id` on the interface, in a dispatcher or alone? 1, 0, or -errno, silently. */
int xs_dispatcher_has(__u32 ifindex, __u32 prog_id);

/*
 * The program on the interface that uses the map: what an attach that was killed had
 * not pinned yet is found by it. 1: *prog_id; 0: there is none; -errno, logged.
 */
int xs_dispatcher_find_user_of(struct xsteer_ctx *ctx, __u32 ifindex, __u32 map_id, __u32 *prog_id);

#endif
