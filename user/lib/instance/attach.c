// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Makes an instance; see instance.h.
 *
 * The directory is built under the name %new-IF and renamed to IF. It is renamed to
 * %old-IF before it is removed. So IF is complete or not there, and whatever a killed
 * process leaves under a %name is garbage for the holder of the lock.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "build.h"
#include "dir.h"
#include "leftovers.h"
#include "lock.h"
#include "publish.h"
#include "replace.h"
#include "xsteer.skel.h"

const char *const xs_mode_names[] = {
	[XS_MODE_AUTO] = "auto",
	[XS_MODE_NATIVE] = "native",
	[XS_MODE_SKB] = "skb",
};

/* Frames are lost until the link is back. So say who caused it. */
static void say_if_reset(const struct xs_build *build)
{
	if (xs_netif_carrier_losses(build->netif.ifindex) > build->netif.carrier_losses)
		xs_note(build->ctx,
			"%s: driver '%s' took its link down to attach; "
			"frames are lost until it is up again",
			build->netif.name, build->netif.driver);
}

/* What the caller does with it next, such as to announce a slot, is one step with this. */
static int lock_root_again(struct xs_build *build)
{
	*build->root = xs_pins_lock(build->ctx, NULL, false);
	return *build->root < 0 ? *build->root : 0;
}

/* Whoever was allowed to use the pins is so after a replace. */
static void keep_access(const struct xs_build *build)
{
	char path[PATH_MAX + NAME_MAX + 2], model[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	DIR *dir;

	dir = build->old.dir[0] ? opendir(build->staging) : NULL;
	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, "..") || (entry->d_name[0] == '%' && entry->d_name[1]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", build->staging, entry->d_name);
		snprintf(model, sizeof(model), "%s/%s", build->old.dir, entry->d_name);
		xs_pin_copy_access(build->ctx, path, model);
	}
	if (dir)
		closedir(dir);
}

static int publish(struct xs_build *build)
{
	int err = lock_root_again(build);

	if (!err)
		keep_access(build);
	if (!err)
		err = xs_instance_publish(build->ctx, build->staging, build->dir);
	if (err)
		xs_replace_undo(build);
	return err;
}

/* After a failure nobody removes what may be in force: the next command completes it. */
static void clear_staging(struct xs_build *build)
{
	int in_force = 0;

	if (build->replacing == XS_REPLACE_in_link || build->replacing == XS_REPLACE_by_libxdp)
		in_force = xs_leftover_in_force(build->ctx, build->staging);
	if (in_force)
		xs_warn(build->ctx,
			"%s: the new program may be in force: attach again to complete it",
			build->netif.name);
	else
		xs_instance_remove_dir(build->ctx, build->staging);
}

static int build_instance(struct xs_build *build, struct xs_attached *got)
{
	int err;

	err = xs_build_begin(build);
	if (!err)
		err = xs_build_staging(build);
	if (!err)
		err = xs_replace_on_hook(build);
	if (!err) {
		say_if_reset(build);
		err = publish(build);
	}
	if (err) {
		clear_staging(build);
	} else {
		*got = (struct xs_attached){ .mode = build->mode, .prog_id = build->prog_id };
		xs_replace_finish(build);
	}
	xs_pins_close(&build->pins);
	xsteer_bpf__destroy(build->skel);
	if (build->lock >= 0)
		close(build->lock);
	if (*build->root < 0)
		lock_root_again(build);
	return err;
}

/* What was asked for but is not possible without new maps; NULL: nothing. */
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

/* A bouncer attached it, and now somebody wants it to stay: the last bouncer must not remove it. */
static int keep_for_good(struct xsteer_ctx *ctx, const char *ifname, const char *dir, int *root)
{
	struct xs_pins pins;
	int lock, err;

	/* Locks out xsteer-rules, since both write meta. */
	lock = xs_pins_lock_under(ctx, dir, root);
	if (lock < 0)
		return lock;
	err = xs_pins_open(ctx, &pins, ifname, XS_PINS_WRITE);
	if (!err) {
		pins.meta.flags &= ~XS_META_AUTO;
		err = xs_meta_set(&pins);
		xs_pins_close(&pins);
	}
	if (!err)
		xs_note(ctx, "%s: attached by a bouncer; now it stays when the last one leaves",
			ifname);
	close(lock);
	return err;
}

/* 1: it is already attached, as asked for; 0: it is not there; -errno: refused. */
static int look_at_existing(struct xsteer_ctx *ctx, const char *ifname,
			    const struct xs_attach_opts *opts, struct xs_attached *got, int *root)
{
	char dir[PATH_MAX];
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
	snprintf(dir, sizeof(dir), "%s", pins.dir);
	err = xs_instance_need_alive(&pins, &live);
	xs_pins_close(&pins);
	if (err)
		return err;
	mode = live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	if (opts->mode != XS_MODE_AUTO && opts->mode != mode) {
		xs_err(ctx,
		       "%s: attached in %s mode, not %s: %s changes it, with new maps; "
		       "rules stay only if they are given with it",
		       ifname, xs_mode_names[mode], xs_mode_names[opts->mode],
		       xs_hint(ctx, XSTEER_HINT_REPLACE, NULL).text);
		return -EEXIST;
	}
	if (other) {
		xs_err(ctx,
		       "%s: attached %s: %s changes it, with new maps; "
		       "rules stay only if they are given with it",
		       ifname, other, xs_hint(ctx, XSTEER_HINT_REPLACE, NULL).text);
		return -EEXIST;
	}
	err = automatic && !opts->automatic ? keep_for_good(ctx, ifname, dir, root) : 0;
	if (err)
		return err;
	*got = (struct xs_attached){ .mode = mode, .prog_id = live.prog_id, .already = true };
	return 1;
}

/* Whose program is on the hook? 0: ours or none; -EBUSY, logged: someone else's. */
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

/* The program reads Ethernet frames, but a tunnel's packets begin with an IP header. */
static int check_link_type(struct xsteer_ctx *ctx, const struct xs_netif *netif)
{
	if (netif->ethernet)
		return 0;
	xs_err(ctx,
	       "%s: its frames have no Ethernet header (link type %u, as of tun or a tunnel), "
	       "and xsteer reads no others: attach to the interface on which they arrive",
	       netif->name, netif->link_type);
	return -EPROTONOSUPPORT;
}

/* -ERESTART: what is there has to be looked at again. */
static int look_and_attach(struct xsteer_ctx *ctx, const char *ifname,
			   const struct xs_attach_opts *opts, struct xs_attached *got, int *root)
{
	struct xs_attach_opts own = *opts;
	struct xs_build build = { .ctx = ctx,
				  .opts = &own,
				  .root = root,
				  .lock = -1,
				  .old_lock = -1,
				  .old_link = -1,
				  .old_prog = -1 };
	int err;

	*got = (struct xs_attached){};
	err = xs_netif_get(ctx, &build.netif, ifname);
	if (!err)
		err = check_link_type(ctx, &build.netif);
	if (!err)
		err = xs_pin_dir(ctx, build.dir, build.netif.name);
	if (!err)
		err = xs_side_dir(build.staging, build.dir, "new");
	if (!err)
		err = xs_leftovers_settle(ctx, build.dir);
	if (err < 0)
		return err;
	err = opts->replace ? xs_replace_open(&build)
			    : look_at_existing(ctx, build.netif.name, opts, got, root);
	if (build.old_live.attached && own.mode == XS_MODE_AUTO) /* nobody asked for another one */
		own.mode = build.old_live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	if (!err)
		err = check_hook(&build);
	if (!err)
		err = build_instance(&build, got);
	xs_replace_close(&build);
	return err > 0 ? 0 : err;
}

int xs_instance_attach(struct xsteer_ctx *ctx, const char *ifname,
		       const struct xs_attach_opts *opts, struct xs_attached *got, int *root)
{
	int err;

	do
		err = look_and_attach(ctx, ifname, opts, got, root);
	while (err == -ERESTART);
	return err;
}
