/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The interface's two settings that keep its interrupts off while a socket busy-polls.
 * Files of /sys, so of the network namespace that /sys shows; to write them needs
 * CAP_NET_ADMIN, and to be their owner, root.
 */
#ifndef XS_NET_BUSY_KNOBS_H
#define XS_NET_BUSY_KNOBS_H

#include <linux/types.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/*
 * What setting them would change: *knobs gets those that are 0, with that value, and those
 * of `others` that are still as we set them, with the value before. Anything else is
 * somebody's choice, and serves us too. 0; or -errno, warned of: *knobs is empty.
 */
int xs_busy_knobs_plan(struct xsteer_ctx *ctx, __u32 ifindex, const struct xs_knobs *others,
		       struct xs_knobs *knobs);

/* Sets those of *knobs; takes those out that it cannot set, which it warns of. */
void xs_busy_knobs_turn(struct xsteer_ctx *ctx, __u32 ifindex, struct xs_knobs *knobs);

/*
 * Puts back what was there before. What somebody has changed since stays, and so does an
 * interface that is gone. 0; or -errno, warned of: they may be as we set them.
 */
int xs_busy_knobs_turn_back(struct xsteer_ctx *ctx, __u32 ifindex, const struct xs_knobs *knobs);

#endif
