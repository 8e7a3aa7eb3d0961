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
 * as XS_PIN_PROG in pins->dir. Where the kernel has no dispatcher (it needs
 * freplace), libxdp attaches the program alone, which is said aloud.
 * Needs CAP_SYS_ADMIN. 0 or -errno, logged.
 */
int xs_dispatcher_attach(const struct xs_netif *netif, const struct xs_pins *pins,
			 const struct xs_attach_opts *opts, enum xs_mode *got);

/* Takes program `prog_id` of the instance out of the dispatcher. 0 or -errno, logged. */
int xs_dispatcher_detach(const struct xs_pins *pins, __u32 prog_id);

/* Is program `prog_id` on the interface, in a dispatcher or alone? */
bool xs_dispatcher_has(__u32 ifindex, __u32 prog_id);

/*
 * Takes a program out that uses the map: one that was attached, and whose process
 * was killed before it had pinned it. 0, also if there is none, or -errno, logged.
 */
int xs_dispatcher_detach_user_of(struct xsteer_ctx *ctx, __u32 ifindex, __u32 map_id);

#endif
