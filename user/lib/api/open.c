// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens instances by the interface's name; see open.h. */
#include <errno.h>

#include "lib/base/ctx.h"
#include "lib/instance/live.h"
#include "lib/instance/place.h"
#include "open.h"

int xs_api_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int err = xs_pins_open(ctx, pins, ifname, XS_PINS_READ);

	if (!err)
		xs_instance_warn_if_gone(pins);
	return err == -ENOENT ? xs_interface_has_none(ctx, ifname) : err;
}

int xs_api_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int lock = xs_pins_open_locked(ctx, pins, ifname);

	return lock == -ENOENT ? xs_interface_has_none(ctx, ifname) : lock;
}
