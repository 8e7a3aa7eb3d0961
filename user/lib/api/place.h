/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The place that rules are meant for: an interface, as lib/rules/check/fit.h describes it. */
#ifndef XS_API_PLACE_H
#define XS_API_PLACE_H

#include "lib/base/ctx.h"
#include "lib/instance/instance.h"
#include "lib/net/netif.h"
#include "lib/rules/check/fit.h"
#include "rules.h"

/*
 * Asks the kernel. `mode` is the mode to assume while nothing is attached. *place keeps
 * pointers into *netif. Needs no privilege and does not block. 0 or -ENODEV, logged.
 */
int xs_place_get(struct xsteer_ctx *ctx, const char *ifname, enum xs_mode mode,
		 struct xs_netif *netif, struct xs_place *place);

/*
 * Calls tell() for each rule that does not fit, and for the default if it does not:
 * with an error or a warning, at its line. 0; -ERANGE, logged, if one of them can never
 * fit; or an error of xs_place_get().
 */
int xs_place_compare(struct xsteer_ctx *ctx, const struct xsteer_rules *rules, const char *ifname,
		     enum xs_mode mode, xsteer_finding_fn tell, void *arg);

/*
 * Compares rules with this machine alone, where no interface is named: tells, as warnings, of
 * CPUs and interfaces that it has not. Needs no privilege.
 */
void xs_place_compare_machine(const struct xsteer_rules *rules, xsteer_finding_fn tell, void *arg);

#endif
