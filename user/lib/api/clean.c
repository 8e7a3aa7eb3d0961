// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Removes pins that belong to nothing any more. */
#include <errno.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/leftovers.h"
#include "lib/instance/live.h"
#include "lib/instance/lock.h"
#include "lib/instance/publish.h"

struct cleaning {
	bool dry_run;
	int root; /* the lock of the pin root; -1: it could not be taken again after a wait */
	xsteer_cleaned_fn each;
	void *arg;
};

/* err: of removing it, or of finding out whether it is alive. reason NULL: it is alive. */
static int tell(const struct cleaning *cleaning, const char *dir, const char *reason, int err)
{
	const struct xsteer_cleaned own = {
		.sz = sizeof(own), .dir = dir, .reason = reason, .error = err
	};

	if (cleaning->each && (reason || err))
		cleaning->each(cleaning->arg, &own);
	return err;
}

/* Frames meet it: when the process was killed, only its name was missing. */
static int complete(struct xsteer_ctx *ctx, const struct cleaning *cleaning, const char *side)
{
	char dir[PATH_MAX];

	if (!xs_instance_dir(dir, side))
		return -EINVAL;
	if (!cleaning->dry_run)
		return xs_leftovers_settle(ctx, dir);
	xs_note(ctx, "%s is in force: an attach that was killed would be completed", side);
	return 0;
}

static int clean_leftover(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	const struct cleaning *cleaning = arg;
	const char *reason = "left by a process that was killed";
	int err;

	if (xs_pins_is_being_built(dir))
		return 0;
	err = xs_leftover_in_force(ctx, dir);
	if (err > 0) {
		reason = NULL;
		err = complete(ctx, cleaning, dir);
	} else if (!err && !cleaning->dry_run) {
		err = xs_instance_remove_dir(ctx, dir);
	}
	return tell(cleaning, dir, reason, err < 0 ? err : 0);
}

/* -ERESTART: what is there has to be looked at again. */
static int look_and_clean(struct xsteer_ctx *ctx, const char *dir, struct cleaning *cleaning)
{
	const char *reason = NULL;
	char side[PATH_MAX];
	struct xs_live live;
	struct xs_pins pins;
	int err;

	if (!xs_side_dir(side, dir, "new") && xs_pins_is_being_built(side))
		return 0; /* it is being replaced */
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (!err) { /* else not ours, or of another version: logged, and left alone */
		err = xs_instance_is_gone(&pins, &live);
		if (err > 0) {
			reason = live.why;
			err = cleaning->dry_run ? 0
						: xs_instance_take_apart(&pins, &cleaning->root);
		}
		xs_pins_close(&pins);
	}
	return err == -ERESTART ? err : tell(cleaning, dir, reason, err);
}

static int clean_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct cleaning *cleaning = arg;
	int err;

	if (cleaning->root < 0)
		cleaning->root = xs_pins_lock(ctx, NULL, false);
	if (cleaning->root < 0)
		return tell(cleaning, dir, NULL, cleaning->root);
	do
		err = look_and_clean(ctx, dir, cleaning);
	while (err == -ERESTART);
	return err;
}

int xsteer_clean(struct xsteer_ctx *ctx, uint32_t flags, xsteer_cleaned_fn each, void *arg)
{
	struct cleaning cleaning = { flags & XSTEER_CLEAN_DRY_RUN, -1, each, arg };
	int first, err;

	if (flags & ~XSTEER_CLEAN_DRY_RUN) {
		xs_err(ctx, "xsteer_clean(): this libxsteer (%s) does not know these flags",
		       xsteer_version());
		return -EINVAL;
	}
	cleaning.root = xs_pins_lock(ctx, NULL, false);
	if (cleaning.root < 0)
		return cleaning.root == -ENOENT ? 0 : cleaning.root;
	first = xs_pins_each_leftover(ctx, clean_leftover, &cleaning);
	err = xs_pins_each(ctx, clean_instance, &cleaning);
	if (cleaning.root >= 0)
		close(cleaning.root);
	return first ? first : err;
}
