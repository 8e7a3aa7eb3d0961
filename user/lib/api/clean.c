// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Pins that nothing belongs to any more. */
#include <errno.h>
#include <net/if.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/leftovers.h"
#include "lib/instance/live.h"
#include "lib/instance/lock.h"

struct cleaning {
	bool dry_run;
	xsteer_cleaned_fn each;
	void *arg;
};

/* What a directory under the pin root is, and whether it may go; NULL: it lives. */
static const char *why_dead(struct xsteer_ctx *ctx, const struct xs_pins *pins)
{
	char name[IF_NAMESIZE];
	struct xs_live live;
	bool gone;
	int err;

	if (pins->meta.netns_inode != xs_netns_inode())
		return NULL;
	gone = !if_indextoname(pins->meta.ifindex, name);
	err = xs_instance_live(pins, &live);
	if (err || !live.ifindex)
		return gone  ? "interface is gone"
		       : err ? "program's pin is gone"
			     : "program is not attached any more";
	if (gone || !live.attached)
		xs_note(ctx,
			"%s: its interface is in another network namespace now, and the program "
			"runs there: left alone; 'rm -r %s' detaches it",
			pins->dir, pins->dir);
	return NULL;
}

/* err: of removing it, or of finding out whether it lives; reason NULL: it does. */
static int tell(const struct cleaning *cleaning, const char *dir, const char *reason, int err)
{
	const struct xsteer_cleaned own = {
		.sz = sizeof(own), .dir = dir, .reason = reason, .error = err
	};

	if (cleaning->each && (reason || err))
		cleaning->each(cleaning->arg, &own);
	return err;
}

static int clean_leftover(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	const struct cleaning *cleaning = arg;

	return tell(cleaning, dir, "left by a process that was killed",
		    cleaning->dry_run ? 0 : xs_instance_remove_dir(ctx, dir));
}

static int clean_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	const struct cleaning *cleaning = arg;
	const char *reason = NULL;
	struct xs_pins pins;
	int err;

	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (!err) { /* else not ours, or of another version: said, and left alone */
		reason = why_dead(ctx, &pins);
		if (reason && !cleaning->dry_run)
			err = xs_instance_take_apart(&pins);
		xs_pins_close(&pins);
	}
	return tell(cleaning, dir, reason, err);
}

int xsteer_clean(struct xsteer_ctx *ctx, uint32_t flags, xsteer_cleaned_fn each, void *arg)
{
	struct cleaning cleaning = { flags & XSTEER_CLEAN_DRY_RUN, each, arg };
	int lock, first, err;

	if (flags & ~XSTEER_CLEAN_DRY_RUN) {
		xs_err(ctx, "xsteer_clean(): this libxsteer (%s) does not know these flags",
		       xsteer_version());
		return -EINVAL;
	}
	lock = xs_pins_lock(ctx, NULL, false);
	if (lock < 0)
		return lock == -ENOENT ? 0 : lock;
	first = xs_pins_each_leftover(ctx, clean_leftover, &cleaning);
	err = xs_pins_each(ctx, clean_instance, &cleaning);
	close(lock);
	return first ? first : err;
}
