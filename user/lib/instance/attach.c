// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Making an instance; see instance.h.
 *
 * A directory is built under the name %new-IF and renamed to IF; it is renamed
 * to %old-IF before it is taken apart. So IF is whole or not there, and what a
 * killed process leaves under a %name is garbage to whoever holds the lock.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "build.h"
#include "dir.h"
#include "dispatcher.h"
#include "leftovers.h"
#include "lock.h"
#include "xsteer.skel.h"

const char *const xs_mode_names[] = {
	[XS_MODE_AUTO] = "auto",
	[XS_MODE_NATIVE] = "native",
	[XS_MODE_SKB] = "skb",
};

/* Frames are lost until the link is back: whose doing that is should be said. */
static void say_if_reset(const struct xs_build *build)
{
	if (xs_netif_carrier_losses(build->netif.ifindex) > build->netif.carrier_losses)
		xs_note(build->ctx,
			"%s: driver '%s' took its link down to attach; frames are lost until it "
			"is up again",
			build->netif.name, build->netif.driver);
}

static int publish(const struct xs_build *build)
{
	int err;

	if (!rename(build->staging, build->dir))
		return 0;
	err = -errno;
	xs_err(build->ctx, "cannot rename %s to %s: %s", build->staging, build->dir,
	       strerror(-err));
	return err;
}

static int build_instance(struct xs_build *build, struct xs_attached *got)
{
	struct xs_live live;
	int err;

	err = xs_build_staging(build);
	if (!err && build->old.dir[0])
		err = xs_instance_take_apart(&build->old);
	if (!err && build->opts->prio > 0)
		err = xs_dispatcher_attach(&build->netif, &build->pins, build->opts, &build->mode);
	else if (!err)
		err = xs_hook_attach(build);
	if (!err)
		err = xs_instance_live(&build->pins, &live);
	if (!err) {
		say_if_reset(build);
		*got = (struct xs_attached){ .mode = build->mode, .prog_id = live.prog_id };
		err = publish(build);
		if (err && build->opts->prio > 0)
			xs_dispatcher_detach(&build->pins, live.prog_id);
	}
	if (err)
		xs_instance_remove_dir(build->ctx, build->staging);
	xs_pins_close(&build->pins);
	xsteer_bpf__destroy(build->skel);
	return err;
}

/* What was asked for and cannot be had without new maps; NULL: nothing. */
static const char *unlike(const struct xs_pins *pins, const struct xs_attach_opts *opts)
{
	bool drop = pins->meta.flags & XS_META_XSK_DROP;

	if (opts->prio > 0 && pins->meta.attach != XS_ATTACH_DISPATCHER)
		return "alone on the hook, not through libxdp's dispatcher";
	if (opts->xsk_missing_said && opts->xsk_missing_drop != drop)
		return drop ? "to drop where no socket is, not to pass"
			    : "to pass where no socket is, not to drop";
	return NULL;
}

/* A bouncer attached it, and somebody wants it there: the last bouncer leaves it. */
static int keep_for_good(struct xsteer_ctx *ctx, const char *ifname)
{
	struct xs_pins pins;
	int lock, err;

	/* against xsteer-rules: both write meta */
	lock = xs_pins_open_locked(ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	pins.meta.flags &= ~XS_META_AUTO;
	err = xs_meta_set(&pins);
	if (!err)
		xs_note(ctx, "%s: attached by a bouncer; now it stays when the last one leaves",
			ifname);
	xs_pins_close(&pins);
	close(lock);
	return err;
}

/* 1: it is attached already, as asked; 0: it is not there; -errno: refused. */
static int look_at_existing(struct xsteer_ctx *ctx, const char *ifname,
			    const struct xs_attach_opts *opts, struct xs_attached *got)
{
	const char *other;
	struct xs_live live;
	struct xs_pins pins;
	enum xs_mode mode;
	bool automatic;
	int err;

	err = xs_pins_open(ctx, &pins, ifname, XS_PINS_READ);
	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	other = unlike(&pins, opts);
	automatic = pins.meta.flags & XS_META_AUTO;
	err = xs_instance_live(&pins, &live);
	xs_pins_close(&pins);
	if (err || !live.attached) {
		xs_err(ctx,
		       "%s: its pins in %s are there, but the program is not attached any more: "
		       "%s removes them",
		       ifname, ctx->pin_root, xs_hint(ctx, XSTEER_HINT_CLEAN, NULL).text);
		return err ? err : -ESTALE;
	}
	mode = live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	if (opts->mode != XS_MODE_AUTO && opts->mode != mode) {
		xs_err(ctx, "%s: attached in %s mode, not %s: %s changes it, with new maps", ifname,
		       xs_mode_names[mode], xs_mode_names[opts->mode],
		       xs_hint(ctx, XSTEER_HINT_REPLACE, NULL).text);
		return -EEXIST;
	}
	if (other) {
		xs_err(ctx, "%s: attached %s: %s changes it, with new maps", ifname, other,
		       xs_hint(ctx, XSTEER_HINT_REPLACE, NULL).text);
		return -EEXIST;
	}
	err = automatic && !opts->automatic ? keep_for_good(ctx, ifname) : 0;
	if (err)
		return err;
	*got = (struct xs_attached){ .mode = mode, .prog_id = live.prog_id, .already = true };
	return 1;
}

/* Whose program is it? 0: ours or nobody's; -EBUSY, logged, someone else's. */
static int check_hook(const struct xs_build *build)
{
	struct xs_hook hook;

	if (xs_netif_hook(build->netif.ifindex, &hook) != 1 ||
	    (build->opts->prio > 0 && hook.dispatcher) ||
	    (build->old.dir[0] && build->old_live.attached &&
	     (build->old_live.prog_id == hook.prog_id || hook.dispatcher)))
		return 0;
	return xs_hook_refuse_held(build->ctx, build->netif.name, &hook);
}

/* --replace: ours only; what is stale or of another shape goes too. */
static int open_old(struct xs_build *build)
{
	char dir[PATH_MAX], now[IF_NAMESIZE] = "?";
	int err = xs_pins_find(build->ctx, dir, build->netif.name);

	if (!err && !xs_pins_complete(dir))
		return xs_leftovers_take_rest(build->ctx, build->netif.name, dir);
	if (!err)
		err = xs_pins_open_dir(build->ctx, &build->old, dir, XS_PINS_READ);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (build->old.meta.netns_inode != xs_netns_inode()) {
		xs_err(build->ctx, "%s belongs to another network namespace: it is not replaced",
		       dir);
		return -EXDEV;
	}
	if (!xs_instance_live(&build->old, &build->old_live) && build->old_live.attached &&
	    build->old.meta.ifindex != build->netif.ifindex) {
		if_indextoname(build->old.meta.ifindex, now);
		xs_err(build->ctx,
		       "the pins in %s are of the interface that is now called %s, and in use: "
		       "%s first",
		       dir, now, xs_hint(build->ctx, XSTEER_HINT_DETACH, now).text);
		return -EBUSY;
	}
	return 0;
}

int xs_instance_attach(struct xsteer_ctx *ctx, const char *ifname,
		       const struct xs_attach_opts *opts, struct xs_attached *got)
{
	struct xs_build build = { .ctx = ctx, .opts = opts };
	int err;

	*got = (struct xs_attached){};
	err = xs_netif_get(ctx, &build.netif, ifname);
	if (!err)
		err = xs_pin_dir(ctx, build.dir, ifname);
	if (!err)
		err = xs_side_dir(build.staging, build.dir, "new");
	if (!err)
		err = xs_leftovers_clear(ctx, build.dir);
	if (err)
		return err;
	err = opts->replace ? open_old(&build) : look_at_existing(ctx, ifname, opts, got);
	if (!err)
		err = check_hook(&build);
	if (!err)
		err = build_instance(&build, got);
	xs_pins_close(&build.old);
	return err > 0 ? 0 : err;
}
