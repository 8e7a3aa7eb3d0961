/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where rules are for: an interface as lib/rules/check/fit.h wants to know it. */
#ifndef XS_API_PLACE_H
#define XS_API_PLACE_H

#include "lib/base/ctx.h"
#include "lib/instance/instance.h"
#include "lib/net/netif.h"
#include "lib/rules/check/fit.h"
#include "rules.h"

/*
 * Asks the kernel. mode: what is asked for, where nothing is attached yet. *place
 * points into *netif. Needs no privilege, blocks not. 0 or -ENODEV, logged.
 */
int xs_place_get(struct xsteer_ctx *ctx, const char *ifname, enum xs_mode mode,
		 struct xs_netif *netif, struct xs_place *place);

/*
 * Calls tell() for each rule, and for the default, that does not fit: an error or a
 * warning at its line. 0; -ERANGE, logged: one of them never can; or as above.
 */
int xs_place_compare(struct xsteer_ctx *ctx, const struct xsteer_rules *rules, const char *ifname,
		     enum xs_mode mode, xsteer_finding_fn tell, void *arg);

#endif
