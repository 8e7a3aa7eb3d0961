// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Taking an instance away; see instance.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "dir.h"
#include "dispatcher.h"
#include "instance.h"
#include "leftovers.h"
#include "live.h"
#include "lock.h"

/* Somebody may have taken it out already. */
static int leave_dispatcher(const struct xs_pins *pins)
{
	struct xs_live live;

	if (xs_instance_live(pins, &live) || !live.attached)
		return 0;
	return xs_dispatcher_detach(pins, live.prog_id);
}

int xs_instance_take_apart(const struct xs_pins *pins)
{
	/* xsteer-rules locks nothing above: what it writes must not go into the next instance */
	int lock = xs_pins_lock(pins->ctx, pins->ifname, false), err = 0;
	char old[PATH_MAX];

	if (lock < 0)
		return lock;
	if (pins->meta.attach == XS_ATTACH_DISPATCHER)
		err = leave_dispatcher(pins);
	if (!err)
		err = xs_side_dir(old, pins->dir, "old");
	if (!err && rename(pins->dir, old)) {
		err = -errno;
		xs_err(pins->ctx, "cannot rename %s: %s", pins->dir, strerror(-err));
	}
	if (!err)
		err = xs_instance_remove_dir(pins->ctx, old);
	close(lock);
	return err;
}

int xs_instance_detach(struct xsteer_ctx *ctx, const char *ifname)
{
	char dir[PATH_MAX];
	struct xs_pins pins;
	int err;

	err = xs_pin_dir(ctx, dir, ifname);
	if (!err)
		err = xs_leftovers_clear(ctx, dir);
	if (!err)
		err = xs_pins_find(ctx, dir, ifname);
	if (!err && !xs_pins_complete(dir))
		return xs_leftovers_take_rest(ctx, ifname, dir);
	if (!err)
		err = xs_pins_open(ctx, &pins, ifname, XS_PINS_WRITE);
	if (err)
		return err;
	err = xs_instance_take_apart(&pins);
	xs_pins_close(&pins);
	return err;
}
