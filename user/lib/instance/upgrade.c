// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Replaces the running program by this build's program; see upgrade.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "version.h"
#include "lib/base/ctx.h"
#include "maps/rule_set.h"
#include "dir.h"
#include "instance.h"
#include "knobs.h"
#include "link.h"
#include "live.h"
#include "netns.h"
#include "program.h"
#include "queue_stats.h"
#include "set_layout.h"
#include "upgrade.h"
#include "xsteer.skel.h"

/* Replaces the pin of that name, if there is one. The new pin gets the access of `model`. */
static int repin(const struct xs_pins *pins, int fd, const char *name, const char *model)
{
	char path[PATH_MAX + 32], next[PATH_MAX + 32], like[PATH_MAX + 32];
	int err;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, name);
	snprintf(next, sizeof(next), "%s/%%%s", pins->dir, name);
	snprintf(like, sizeof(like), "%s/%s", pins->dir, model);
	unlink(next); /* left by a process that was killed here */
	err = bpf_obj_pin(fd, next) ? -errno : 0;
	if (!err) {
		xs_pin_copy_access(pins->ctx, next, like);
		err = rename(next, path) ? -errno : 0;
	}
	if (!err)
		return 0;
	xs_err(pins->ctx, "cannot pin %s: %s", path, strerror(-err));
	return err;
}

/*
 * The map that an older build made otherwise. The sums that it counted go into the new one
 * before frames do.
 */
static __u32 older_maps(const struct xs_pins *pins)
{
	return pins->meta.abi < XS_ABI_LIMITS ? 1U << XS_MAP_xdp_stats_map : 0;
}

static int fill_new_maps(const struct xs_pins *pins, const struct xsteer_bpf *skel)
{
	if (!older_maps(pins) || pins->stats_bytes == sizeof(struct xs_queue_stats))
		return 0;
	return xs_queue_stats_copy(pins, bpf_map__fd(skel->maps.xdp_stats_map));
}

/* What an older build had not: none of it is in use yet, so what cannot be pinned is only missed. */
static void pin_missing_maps(const struct xs_pins *pins, const struct xsteer_bpf *skel)
{
	char path[PATH_MAX + 32], model[PATH_MAX + 32];

	snprintf(model, sizeof(model), "%s/%s", pins->dir, xs_map_names[XS_MAP_owners]);
	for (int i = XS_MAP_NEEDED_MAX; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(skel->obj, xs_map_names[i]);

		if (pins->map_fds[i] >= 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", pins->dir, xs_map_names[i]);
		if (bpf_obj_pin(bpf_map__fd(map), path))
			xs_warn(pins->ctx, "cannot pin %s: %s", path, strerror(errno));
		else
			xs_pin_copy_access(pins->ctx, path, model);
	}
}

/* After the new program counts there. */
static int pin_new_maps(const struct xs_pins *pins, const struct xsteer_bpf *skel)
{
	const char *stats = xs_map_names[XS_MAP_xdp_stats_map];

	pin_missing_maps(pins, skel);
	return older_maps(pins) ? repin(pins, bpf_map__fd(skel->maps.xdp_stats_map), stats, stats)
				: 0;
}

static int replace(struct xs_pins *pins, struct xsteer_bpf *skel, __u32 set_layout,
		   struct xs_upgraded *result)
{
	int link, old = -1, err, fresh = bpf_program__fd(skel->progs.xsteer);
	struct bpf_link_info info;

	link = xs_link_open(pins->dir, &info);
	if (link < 0) {
		xs_err(pins->ctx, "cannot open %s/%s: %s", pins->dir, XS_PIN_LINK, strerror(-link));
		return link;
	}
	old = xs_link_running(pins, link);
	err = old < 0 ? old : fill_new_maps(pins, skel);
	if (!err)
		err = xs_link_swap(pins->ctx, pins->ifname, link, old, fresh);
	if (!err) {
		*result = (struct xs_upgraded){ .old_version = pins->meta.version };
		/* 0 in what cannot be asked: the new program runs */
		xs_prog_id(old, &result->old_prog_id);
		xs_prog_id(fresh, &result->prog_id);
		err = pin_new_maps(pins, skel);
	}
	if (!err) {
		pins->meta.version = XS_VERSION;
		pins->meta.abi = XS_ABI;
		xs_netns_set_own(&pins->meta);
		pins->meta.set_layout = set_layout;
		err = repin(pins, fresh, XS_PIN_PROG, XS_PIN_PROG);
	}
	if (!err)
		err = xs_meta_set(pins);
	if (old >= 0)
		close(old);
	close(link);
	return err;
}

static int share_maps(struct xsteer_bpf *skel, void *arg)
{
	const struct xs_pins *pins = arg;

	return xs_program_reuse(skel->obj, pins, older_maps(pins));
}

int xs_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xs_upgraded *result)
{
	struct xsteer_bpf *skel = NULL;
	struct xs_pins pins;
	struct xs_live live;
	__u32 set_layout;
	int err;

	err = xs_pins_open(ctx, &pins, ifname, XS_PINS_WRITE);
	if (err)
		return err;
	if (pins.meta.attach == XS_ATTACH_DISPATCHER) {
		xs_err(ctx,
		       "%s: attached through libxdp's dispatcher, "
		       "which cannot replace one program: detach and attach again",
		       ifname);
		err = -EOPNOTSUPP;
		goto out;
	}
	err = xs_instance_need_alive(&pins, &live);
	if (!err)
		err = xs_set_layout_check_sets(&pins, XS_SET_LAYOUT);
	if (err)
		goto out;
	skel = xs_program_make(ctx, pins.slots, share_maps, &pins, &set_layout);
	if (!skel) {
		err = -errno;
		goto out;
	}
	err = xs_set_layout_check_sets(&pins, set_layout);
	if (!err)
		err = replace(&pins, skel, set_layout, result);
	if (!err)
		xs_knobs_settle(&pins);
out:
	xsteer_bpf__destroy(skel);
	xs_pins_close(&pins);
	return err;
}
