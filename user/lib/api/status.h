/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of xsteer_status(), for callers that ask about every interface. */
#ifndef XS_API_STATUS_H
#define XS_API_STATUS_H

#include <stdbool.h>

#include <linux/types.h>
#include <xsteer/xsteer.h>

/*
 * Fills *status for one interface. `look` is false if the pin root cannot be read; this
 * is then not logged again for each interface, and an instance that may be there is
 * XSTEER_STATE_UNUSABLE.
 */
void xs_status_get(struct xsteer_ctx *ctx, __u32 ifindex, const char *ifname, bool look,
		   struct xsteer_status *status);

/*
 * Finds the index and the current name of an interface by its name or an alternative
 * name. `ifname` has 16 bytes. 0, -ENODEV, or the -errno of asking, logged.
 */
int xs_status_find(struct xsteer_ctx *ctx, const char *name, __u32 *ifindex, char *ifname);

#endif
