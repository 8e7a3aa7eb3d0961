/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What xsteer_status() is made of, for who asks of every interface. */
#ifndef XS_API_STATUS_H
#define XS_API_STATUS_H

#include <stdbool.h>

#include <linux/types.h>
#include <xsteer/xsteer.h>

/*
 * Fills *status for one interface. look: false if the pin root cannot be read, which is
 * then not said again for each; an instance that may be there is XSTEER_STATE_UNUSABLE.
 */
void xs_status_get(struct xsteer_ctx *ctx, __u32 ifindex, const char *ifname, bool look,
		   struct xsteer_status *status);

/*
 * The index and the name of now, of a name or an alternative name; ifname: 16 bytes. 0,
 * -ENODEV, or -errno of asking, logged.
 */
int xs_status_find(struct xsteer_ctx *ctx, const char *name, __u32 *ifindex, char *ifname);

#endif
