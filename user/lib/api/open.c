// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens instances by the interface's name; see open.h. */
#include <errno.h>

#include "lib/base/ctx.h"
#include "lib/instance/live.h"
#include "open.h"

int xs_api_no_instance(struct xsteer_ctx *ctx, const char *ifname)
{
	xs_err(ctx, "%s: no xsteer instance in %s: is xsteer attached? %s does it", ifname,
	       ctx->pin_root, xs_hint(ctx, XSTEER_HINT_ATTACH, ifname).text);
	return -ENOENT;
}

int xs_api_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int err = xs_pins_open(ctx, pins, ifname, XS_PINS_READ);

	if (!err)
		xs_instance_warn_if_gone(pins);
	return err == -ENOENT ? xs_api_no_instance(ctx, ifname) : err;
}

int xs_api_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int lock = xs_pins_open_locked(ctx, pins, ifname);

	return lock == -ENOENT ? xs_api_no_instance(ctx, ifname) : lock;
}
