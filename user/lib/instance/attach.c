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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "version.h"
#include "lib/base/ctx.h"
#include "lib/net/netif.h"
#include "dir.h"
#include "dispatcher.h"
#include "instance.h"
#include "leftovers.h"
#include "live.h"
#include "lock.h"
#include "maps/rule_set.h"
#include "program.h"
#include "rule_stats.h"
#include "xsteer.skel.h"

const char *const xs_mode_names[] = {
	[XS_MODE_AUTO] = "auto",
	[XS_MODE_NATIVE] = "native",
	[XS_MODE_SKB] = "skb",
};

/* Held by someone else: say by whom, and what can be done. */
static int refuse_held(struct xsteer_ctx *ctx, const char *ifname, const struct xs_hook *hook)
{
	const char *name = hook->prog_name[0] ? hook->prog_name : "?";

	if (hook->dispatcher)
		xs_err(ctx,
		       "%s: the XDP hook is held by libxdp's dispatcher (program id %u): attach "
		       "beside the others with %s, or take them away with "
		       "'xdp-loader unload %s --all'",
		       ifname, hook->prog_id, xs_hint(ctx, XSTEER_HINT_BESIDE, NULL).text, ifname);
	else if (hook->by == XS_HOOK_LINK)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u), attached by bpf_link "
		       "id %u: stop the process, or remove the pin, that holds it "
		       "('bpftool link show id %u -f')",
		       ifname, name, hook->prog_id, hook->link_id, hook->link_id);
	else if (hook->by == XS_HOOK_UNKNOWN)
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u): how it is attached is "
		       "told to CAP_SYS_ADMIN only, run as root",
		       ifname, name, hook->prog_id);
	else
		xs_err(ctx,
		       "%s: the XDP hook is held by program '%s' (id %u), attached by netlink: "
		       "if nothing needs it, 'ip link set dev %s %s off'",
		       ifname, name, hook->prog_id, ifname,
		       hook->native ? "xdp"
		       : hook->skb  ? "xdpgeneric"
				    : "xdpoffload");
	return -EBUSY;
}

/* An instance under construction. */
struct build {
	struct xsteer_ctx *ctx;
	const struct xs_attach_opts *opts;
	struct xs_netif netif;
	char dir[PATH_MAX], staging[PATH_MAX];
	struct xsteer_bpf *skel;
	struct xs_pins pins; /* of the staging directory */
	struct xs_pins old; /* what --replace takes away */
	struct xs_live old_live;
	enum xs_mode mode; /* got */
};

static int pin(const struct build *build, int fd, const char *name)
{
	char path[PATH_MAX + 32];
	int err;

	snprintf(path, sizeof(path), "%s/%s", build->staging, name);
	if (!bpf_obj_pin(fd, path))
		return 0;
	err = -errno;
	xs_err(build->ctx, "cannot pin %s: %s", path, strerror(-err));
	return err;
}

static int pin_maps(const struct build *build)
{
	for (int i = 0; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(build->skel->obj, xs_map_names[i]);
		int err;

		if (!map)
			continue;
		err = pin(build, bpf_map__fd(map), xs_map_names[i]);
		if (err)
			return err;
	}
	return 0;
}

/* An instance without rules has counters of none, so that every pin is there. */
static int pin_rule_counters(const struct build *build)
{
	int err, fd = xs_rule_stats_create(1);

	if (fd < 0) {
		xs_err(build->ctx, "cannot make the counters of no rules: %s", strerror(-fd));
		return fd;
	}
	err = pin(build, fd, xs_map_names[XS_MAP_rule_stats_map]);
	close(fd);
	return err;
}

static int write_meta(struct build *build)
{
	const struct xs_attach_opts *opts = build->opts;
	const __u32 zero = 0;
	struct xs_meta meta = {
		.magic = XS_MAGIC,
		.abi = XS_ABI,
		.version = XS_VERSION,
		.ifindex = build->netif.ifindex,
		.flags = (opts->automatic ? XS_META_AUTO : 0) |
			 (opts->xsk_missing_drop ? XS_META_XSK_DROP : 0),
		.netns_inode = xs_netns_inode(),
		.default_action = { .verdict = XS_VERDICT_xsk,
				    .otherwise = opts->xsk_missing_drop ? XS_VERDICT_drop
									: XS_VERDICT_pass,
				    .own_slot = 1 },
		.malformed_action = { .verdict = XS_VERDICT_pass },
		.attach = opts->prio > 0 ? XS_ATTACH_DISPATCHER : XS_ATTACH_LINK,
		.set_layout = XS_SET_LAYOUT,
	};
	int err;

	snprintf(meta.ifname, sizeof(meta.ifname), "%s", build->netif.name);
	if (!bpf_map_update_elem(bpf_map__fd(build->skel->maps.meta), &zero, &meta, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(build->ctx, "cannot write meta: %s", strerror(-err));
	return err;
}

static int make_staging(struct build *build)
{
	__u32 slots = build->netif.max_queues > XS_SLOTS_MIN ? build->netif.max_queues
							     : XS_SLOTS_MIN;
	int err;

	if (mkdir(build->staging, 0700)) {
		err = -errno;
		xs_err(build->ctx, "cannot make %s: %s", build->staging, strerror(-err));
		return err;
	}
	build->skel = xs_program_open(build->ctx, slots);
	if (!build->skel)
		return -errno;
	/*
	 * For the dispatcher only the maps: cpu_map and dev_map would belong to this
	 * program's type, and the kernel would refuse them to the extension.
	 */
	bpf_program__set_autoload(build->skel->progs.xsteer, build->opts->prio <= 0);
	err = xs_program_load(build->ctx, build->skel);
	if (!err)
		err = pin_maps(build);
	if (!err)
		err = pin_rule_counters(build);
	if (!err)
		err = write_meta(build);
	if (!err)
		err = xs_pins_open_dir(build->ctx, &build->pins, build->staging, XS_PINS_WRITE);
	if (!err && build->opts->prepare)
		err = build->opts->prepare(&build->pins, build->opts->prepare_arg);
	return err;
}

static int try_link(struct build *build, enum xs_mode mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd, err;

	fd = bpf_link_create(bpf_program__fd(build->skel->progs.xsteer), build->netif.ifindex,
			     BPF_XDP, &opts);
	if (fd < 0)
		return -errno;
	err = pin(build, fd, XS_PIN_LINK);
	close(fd);
	build->mode = mode;
	return err;
}

/* The driver's refusal in its own words, or else the errno's. */
static void why_refused(const struct build *build, enum xs_mode mode, int err, char *why,
			size_t len)
{
	char words[256];

	xs_netif_why(build->netif.ifindex, bpf_program__fd(build->skel->progs.xsteer),
		     mode == XS_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, words,
		     sizeof(words));
	if (words[0])
		snprintf(why, len, "%s (%s)", strerror(-err), words);
	else if (err == -EOPNOTSUPP && mode == XS_MODE_NATIVE)
		snprintf(why, len, "driver '%s' has no native XDP", build->netif.driver);
	else
		snprintf(why, len, "%s", strerror(-err));
}

static int refuse_mode(const struct build *build, enum xs_mode mode, int err)
{
	struct xs_hook hook;
	char why[512];

	if ((err == -EBUSY || err == -EEXIST) && xs_netif_hook(build->netif.ifindex, &hook) == 1)
		return refuse_held(build->ctx, build->netif.name, &hook);
	why_refused(build, mode, err, why, sizeof(why));
	if (mode == XS_MODE_NATIVE && !strstr(why, "upper device")) /* it bars skb too */
		xs_err(build->ctx,
		       "%s: the kernel refused to attach in native mode: %s; %s works on any "
		       "driver, more slowly",
		       build->netif.name, why, xs_hint(build->ctx, XSTEER_HINT_SKB, NULL).text);
	else
		xs_err(build->ctx, "%s: the kernel refused to attach in %s mode: %s",
		       build->netif.name, xs_mode_names[mode], why);
	return err;
}

static int attach_link(struct build *build)
{
	enum xs_mode wanted = build->opts->mode;
	char why[512];
	int err;

	err = pin(build, bpf_program__fd(build->skel->progs.xsteer), XS_PIN_PROG);
	if (err)
		return err;
	err = try_link(build, wanted == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE);
	if (!err)
		return 0;
	if (wanted != XS_MODE_AUTO || err == -EBUSY || err == -EEXIST || err == -EPERM)
		return refuse_mode(build, wanted == XS_MODE_SKB ? XS_MODE_SKB : XS_MODE_NATIVE,
				   err);
	why_refused(build, XS_MODE_NATIVE, err, why, sizeof(why));
	err = try_link(build, XS_MODE_SKB);
	if (err)
		return refuse_mode(build, XS_MODE_SKB, err);
	xs_note(build->ctx, "%s: attached in skb mode, native was refused: %s", build->netif.name,
		why);
	return 0;
}

/* Frames are lost until the link is back: whose doing that is should be said. */
static void say_if_reset(const struct build *build)
{
	if (xs_netif_carrier_losses(build->netif.ifindex) > build->netif.carrier_losses)
		xs_note(build->ctx,
			"%s: driver '%s' took its link down to attach; frames are lost until it "
			"is up again",
			build->netif.name, build->netif.driver);
}

static int publish(const struct build *build)
{
	int err;

	if (!rename(build->staging, build->dir))
		return 0;
	err = -errno;
	xs_err(build->ctx, "cannot rename %s to %s: %s", build->staging, build->dir,
	       strerror(-err));
	return err;
}

static int build_instance(struct build *build, struct xs_attached *got)
{
	struct xs_live live;
	int err;

	err = make_staging(build);
	if (!err && build->old.dir[0])
		err = xs_instance_take_apart(&build->old);
	if (!err && build->opts->prio > 0)
		err = xs_dispatcher_attach(&build->netif, &build->pins, build->opts, &build->mode);
	else if (!err)
		err = attach_link(build);
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
static int check_hook(const struct build *build)
{
	struct xs_hook hook;

	if (xs_netif_hook(build->netif.ifindex, &hook) != 1 ||
	    (build->opts->prio > 0 && hook.dispatcher) ||
	    (build->old.dir[0] && build->old_live.attached &&
	     (build->old_live.prog_id == hook.prog_id || hook.dispatcher)))
		return 0;
	return refuse_held(build->ctx, build->netif.name, &hook);
}

/* --replace: ours only; what is stale or of another shape goes too. */
static int open_old(struct build *build)
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
	struct build build = { .ctx = ctx, .opts = opts };
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
