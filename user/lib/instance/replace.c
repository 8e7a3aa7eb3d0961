// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Replaces one instance by another; see replace.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "dir.h"
#include "dispatcher.h"
#include "knobs.h"
#include "leftovers.h"
#include "link.h"
#include "lock.h"
#include "publish.h"
#include "replace.h"
#include "reserved.h"
#include "xsteer.skel.h"

/* ---- what is there ---- */

static int refuse_moved(const struct xs_build *build)
{
	char now[16] = "?";

	xs_netif_name(build->old.meta.ifindex, now);
	xs_err(build->ctx,
	       "the pins in %s are of the interface that is now called %s, and in use: %s first",
	       build->old.dir, now, xs_hint(build->ctx, XSTEER_HINT_DETACH, now).text);
	return -EBUSY;
}

static int open_old_link(struct xs_build *build)
{
	struct bpf_link_info info;

	build->old_link = xs_link_open(build->old.dir, &info);
	if (build->old_link < 0)
		return xs_leftover_say_cannot_look(build->ctx, build->old.dir, XS_PIN_LINK,
						   build->old_link);
	build->old_prog = xs_link_running(&build->old, build->old_link);
	return build->old_prog < 0 ? build->old_prog : 0;
}

static int choose_way(struct xs_build *build)
{
	bool beside = build->old.meta.attach == XS_ATTACH_DISPATCHER;
	enum xs_mode mode = build->old_live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	int err = 0;

	if (!build->old_live.attached)
		return 0;
	if (!beside)
		err = open_old_link(build);
	else
		err = xs_dispatcher_prio(build->ctx, build->netif.ifindex, build->old_live.prog_id,
					 &build->old_prio);
	if (err)
		return err;
	/* A hook has one mode at a time, and a link excludes libxdp. */
	if (beside != (build->opts->prio > 0) ||
	    (build->opts->mode != XS_MODE_AUTO && build->opts->mode != mode))
		build->replacing = XS_REPLACE_anew;
	else
		build->replacing = beside ? XS_REPLACE_by_libxdp : XS_REPLACE_in_link;
	return 0;
}

int xs_replace_open(struct xs_build *build)
{
	char dir[PATH_MAX];
	int err = xs_pins_find(build->ctx, dir, build->netif.name);

	if (!err && !xs_pins_complete(dir))
		return xs_leftovers_take_rest(build->ctx, build->netif.name, dir);
	if (!err)
		err = xs_pins_open_dir(build->ctx, &build->old, dir, XS_PINS_WRITE);
	if (err)
		return err == -ENOENT ? 0 : err;
	err = xs_instance_is_gone(&build->old, &build->old_live);
	if (err < 0)
		return err;
	if (!err && !build->old_live.attached) {
		xs_err(build->ctx,
		       "%s belongs to an interface of another network namespace, "
		       "and is not known to be out of use: it is not replaced",
		       dir);
		return -EXDEV;
	}
	if (build->old_live.attached && build->old.meta.ifindex != build->netif.ifindex)
		return refuse_moved(build);
	/* An interface that was renamed keeps its directory. */
	snprintf(build->dir, sizeof(build->dir), "%s", dir);
	err = xs_side_dir(build->staging, dir, "new");
	return err ? err : choose_way(build);
}

/* ---- onto the hook ---- */

static int attach_new(struct xs_build *build)
{
	if (build->opts->prio <= 0)
		return xs_hook_attach(build);
	return xs_dispatcher_attach(&build->netif, &build->pins, build->opts, &build->mode,
				    &build->prog_id);
}

static int swap_in_link(struct xs_build *build)
{
	int err = xs_build_pin(build, build->old_link, XS_PIN_LINK);

	/* an upgrade may have been quicker than we were without a lock */
	close(build->old_prog);
	build->old_prog = xs_link_running(&build->old, build->old_link);
	if (!err && build->old_prog < 0)
		err = build->old_prog;
	build->mode = build->old_live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	return err ? err
		   : xs_link_swap(build->ctx, build->netif.name, build->old_link, build->old_prog,
				  bpf_program__fd(build->skel->progs.xsteer));
}

/* Uses the mode that the hook has, since others may be in the dispatcher. */
static int replace_by_libxdp(struct xs_build *build)
{
	struct xs_attach_opts opts = *build->opts;

	opts.mode = build->old_live.native ? XS_MODE_NATIVE : XS_MODE_SKB;
	return xs_dispatcher_replace(&build->netif, &build->pins, &opts, build->old_live.prog_id,
				     &build->mode, &build->prog_id);
}

static int take_old_off(struct xs_build *build)
{
	int err;

	if (build->old.meta.attach == XS_ATTACH_DISPATCHER)
		return xs_dispatcher_detach(build->ctx, build->netif.ifindex,
					    build->old_live.prog_id);
	err = xs_link_detach(build->old_link);
	if (err)
		xs_err(build->ctx, "cannot detach %s/%s: %s", build->old.dir, XS_PIN_LINK,
		       strerror(-err));
	return err;
}

/* A detached link is dead: makes another one, and pins it in its place. */
static int link_old_again(struct xs_build *build)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = build->old_live.native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	char path[PATH_MAX + 8], next[PATH_MAX + 8];
	int link, err = 0;

	snprintf(path, sizeof(path), "%s/%s", build->old.dir, XS_PIN_LINK);
	snprintf(next, sizeof(next), "%s/%%%s", build->old.dir, XS_PIN_LINK);
	link = bpf_link_create(build->old_prog, build->netif.ifindex, BPF_XDP, &opts);
	if (link < 0)
		return -errno;
	unlink(next); /* left by a process that was killed here */
	if (bpf_obj_pin(link, next) || rename(next, path))
		err = -errno;
	close(link);
	return err;
}

static int dispatch_old_again(struct xs_build *build)
{
	const struct xs_attach_opts opts = {
		.mode = build->old_live.native ? XS_MODE_NATIVE : XS_MODE_SKB,
		.prio = build->old_prio,
	};
	char path[PATH_MAX + 8];
	enum xs_mode mode;
	__u32 id;

	snprintf(path, sizeof(path), "%s/%s", build->old.dir, XS_PIN_PROG);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return xs_dispatcher_attach(&build->netif, &build->old, &opts, &mode, &id);
}

static void put_old_back(struct xs_build *build)
{
	int err = build->old.meta.attach == XS_ATTACH_DISPATCHER ? dispatch_old_again(build)
								 : link_old_again(build);

	if (err)
		xs_err(build->ctx,
		       "%s: what was there cannot be put back: %s; "
		       "frames meet no program of xsteer's: attach again",
		       build->netif.name, strerror(-err));
	else
		xs_note(build->ctx, "%s: the earlier program is on the hook again",
			build->netif.name);
}

static int off_and_on(struct xs_build *build)
{
	int err = take_old_off(build);

	if (err)
		return err;
	err = attach_new(build);
	if (err)
		put_old_back(build);
	return err;
}

int xs_replace_on_hook(struct xs_build *build)
{
	/*
	 * Writers of rules hold only this lock, and must not write into what is no
	 * longer in force.
	 */
	if (build->old.dir[0]) {
		build->old_lock = xs_pins_lock_dir(build->ctx, build->old.dir);
		if (build->old_lock < 0)
			return build->old_lock;
	}
	switch (build->replacing) {
	case XS_REPLACE_in_link:
		return swap_in_link(build);
	case XS_REPLACE_by_libxdp:
		return replace_by_libxdp(build);
	case XS_REPLACE_anew:
		return off_and_on(build);
	default:
		return attach_new(build);
	}
}

/* ---- and after that ---- */

void xs_replace_undo(struct xs_build *build)
{
	switch (build->replacing) {
	case XS_REPLACE_in_link:
		xs_link_swap(build->ctx, build->netif.name, build->old_link,
			     bpf_program__fd(build->skel->progs.xsteer), build->old_prog);
		break;
	case XS_REPLACE_by_libxdp:
		xs_dispatcher_undo(build->ctx, &build->netif, build->old_live.prog_id,
				   build->prog_id);
		break;
	case XS_REPLACE_anew:
		if (!xs_leftover_take_off_hook(build->ctx, build->staging))
			put_old_back(build);
		break;
	default:
		break;
	}
}

void xs_replace_finish(struct xs_build *build)
{
	int err = 0;

	if (build->replacing == XS_REPLACE_by_libxdp)
		err = xs_dispatcher_leave(build->ctx, build->netif.ifindex,
					  build->old_live.prog_id);
	/* workers stay with the instance whose maps are taken over; others end */
	if (build->old.dir[0] &&
	    (build->replacing != XS_REPLACE_in_link || build->old.slots != build->pins.slots)) {
		xs_knobs_put_back(&build->old);
		xs_reserved_put_back(&build->old);
	}
	if (!err && build->old.dir[0])
		err = xs_leftovers_settle(build->ctx, build->dir);
	if (err < 0)
		xs_warn(build->ctx,
			"%s: the new program is in force all the same; the next attach, "
			"detach or clean removes what is left of the old one",
			build->netif.name);
}

void xs_replace_close(struct xs_build *build)
{
	xs_pins_close(&build->old);
	if (build->old_prog >= 0)
		close(build->old_prog);
	if (build->old_link >= 0)
		close(build->old_link);
	if (build->old_lock >= 0)
		close(build->old_lock);
}
