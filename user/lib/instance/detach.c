// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Removes an instance; see instance.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "dir.h"
#include "dispatcher.h"
#include "instance.h"
#include "knobs.h"
#include "leftovers.h"
#include "live.h"
#include "lock.h"
#include "publish.h"
#include "reserved.h"

/* Somebody may have removed the program already. */
static int leave_dispatcher(const struct xs_pins *pins)
{
	struct xs_live live;

	int err = xs_instance_is_gone(pins, &live);

	if (err)
		return err < 0 ? err : 0;
	if (!live.attached)
		return -EXDEV; /* it cannot be removed from here */
	return xs_dispatcher_detach(pins->ctx, pins->meta.ifindex, live.prog_id);
}

/* It stays complete while its program is on the hook: if detaching fails, nothing changes. */
static int rename_and_remove(const struct xs_pins *pins, const char *old)
{
	int err;

	if (rename(pins->dir, old)) {
		err = -errno;
		xs_err(pins->ctx, "cannot rename %s: %s", pins->dir, strerror(-err));
		return err;
	}
	err = xs_leftover_take_off_hook(pins->ctx, old);
	if (!err)
		return xs_instance_remove_dir(pins->ctx, old);
	if (rename(old, pins->dir))
		xs_warn(pins->ctx, "cannot rename %s back: %s", old, strerror(errno));
	return err;
}

static int refuse_if_replaced(const struct xs_pins *pins)
{
	char side[PATH_MAX];
	int err = xs_side_dir(side, pins->dir, "new");

	if (err || !xs_pins_is_being_built(side))
		return err;
	xs_err(pins->ctx, "%s: another attach is running there: try again when it has ended",
	       pins->ifname);
	return -EBUSY;
}

int xs_instance_take_apart(const struct xs_pins *pins, int *root)
{
	int err = refuse_if_replaced(pins), lock;
	char old[PATH_MAX];

	if (err)
		return err;
	/* xsteer-rules locks nothing above: what it writes must not go into the next instance */
	lock = xs_pins_lock_under(pins->ctx, pins->dir, root);
	if (lock < 0)
		return lock;
	err = xs_reserved_put_back(pins);
	if (err) {
		close(lock);
		return err;
	}
	xs_knobs_put_back(pins);
	if (pins->meta.attach == XS_ATTACH_DISPATCHER)
		err = leave_dispatcher(pins);
	if (!err)
		err = xs_side_dir(old, pins->dir, "old");
	if (!err)
		err = rename_and_remove(pins, old);
	close(lock);
	return err;
}

/* -ERESTART: what is there has to be looked at again. */
static int find_and_detach(struct xsteer_ctx *ctx, const char *ifname, int *root)
{
	char dir[PATH_MAX];
	struct xs_pins pins;
	int err, were = 0;

	err = xs_pins_named_dir(ctx, dir, ifname);
	if (!err)
		err = were = xs_leftovers_settle(ctx, dir);
	if (err < 0)
		return err;
	err = xs_pins_find(ctx, dir, ifname);
	if (err == -ENOENT && were)
		return 0; /* finished what a killed detach had begun */
	if (!err && !xs_pins_complete(dir))
		return xs_leftovers_take_rest(ctx, ifname, dir);
	if (!err)
		err = xs_pins_open(ctx, &pins, ifname, XS_PINS_TAKE_AWAY);
	if (err)
		return err;
	err = xs_instance_take_apart(&pins, root);
	xs_pins_close(&pins);
	return err;
}

int xs_instance_detach(struct xsteer_ctx *ctx, const char *ifname, int *root)
{
	int err;

	do
		err = find_and_detach(ctx, ifname, root);
	while (err == -ERESTART);
	return err;
}
