// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Makes the pins of an instance under construction; see build.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "version.h"
#include "lib/base/ctx.h"
#include "maps/rule_set.h"
#include "build.h"
#include "dir.h"
#include "lock.h"
#include "netns.h"
#include "program.h"
#include "queue_stats.h"
#include "rule_stats.h"
#include "xsteer.skel.h"

int xs_build_pin(const struct xs_build *build, int fd, const char *name)
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

static int pin_maps(const struct xs_build *build)
{
	for (int i = 0; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(build->skel->obj, xs_map_names[i]);
		int err;

		if (!map)
			continue;
		err = xs_build_pin(build, bpf_map__fd(map), xs_map_names[i]);
		if (err)
			return err;
	}
	return 0;
}

/* An instance without rules has counters for no rule, so that every pin exists. */
static int pin_rule_counters(const struct xs_build *build)
{
	int err, fd = xs_rule_stats_create(1);

	if (fd < 0) {
		xs_err(build->ctx, "cannot make the counters of an empty rule set: %s",
		       strerror(-fd));
		return fd;
	}
	err = xs_build_pin(build, fd, xs_map_names[XS_MAP_rule_stats_map]);
	close(fd);
	return err;
}

static int write_meta(struct xs_build *build)
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
		.default_action = { .verdict = XS_VERDICT_xsk,
				    .otherwise = opts->xsk_missing_drop ? XS_VERDICT_drop
									: XS_VERDICT_pass,
				    .own_slot = 1 },
		.malformed_action = { .verdict = XS_VERDICT_pass },
		.attach = opts->prio > 0 ? XS_ATTACH_DISPATCHER : XS_ATTACH_LINK,
		.set_layout = build->set_layout,
		/* Whoever watches the number must see that the rules changed. */
		.generation = build->old.dir[0] ? build->old.meta.generation : 0,
	};
	int err;

	err = xs_netns_set_own(&meta);
	if (err) {
		xs_err(build->ctx, "cannot tell which network namespace this is: %s",
		       strerror(-err));
		return err;
	}
	snprintf(meta.ifname, sizeof(meta.ifname), "%s", build->netif.name);
	if (!bpf_map_update_elem(bpf_map__fd(build->skel->maps.meta), &zero, &meta, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(build->ctx, "cannot write meta: %s", strerror(-err));
	return err;
}

/*
 * Sockets in their slots, their owners and the counters stay where they are, so that
 * workers notice nothing. This works while the link stays and there are as many slots.
 */
static int take_over_maps(const struct xs_build *build, struct xsteer_bpf *skel, __u32 slots)
{
	__u32 taken = 1U << XS_MAP_xsks_map | 1U << XS_MAP_owners | 1U << XS_MAP_xdp_stats_map |
		      1U << XS_MAP_chains | 1U << XS_MAP_knobs | 1U << XS_MAP_xsk_stats_map |
		      1U << XS_MAP_reserved;

	if (build->replacing != XS_REPLACE_in_link || build->old.slots != slots)
		return 0;
	/* An older build's counters have another layout, so they are copied. */
	if (build->old.stats_bytes < sizeof(struct xs_queue_stats))
		taken &= ~(1U << XS_MAP_xdp_stats_map);
	return xs_program_reuse(skel->obj, &build->old, ~taken);
}

static int pin_prog(struct xs_build *build)
{
	int fd = bpf_program__fd(build->skel->progs.xsteer), err;

	if (build->opts->prio > 0)
		return 0;
	err = xs_prog_id(fd, &build->prog_id);
	if (err) {
		xs_err(build->ctx, "cannot look at the program: %s", strerror(-err));
		return err;
	}
	return xs_build_pin(build, fd, XS_PIN_PROG);
}

static __u32 slots_of(const struct xs_build *build)
{
	return build->netif.max_queues > XS_SLOTS_MIN ? build->netif.max_queues : XS_SLOTS_MIN;
}

static int prepare_program(struct xsteer_bpf *skel, void *arg)
{
	const struct xs_build *build = arg;

	/*
	 * For the dispatcher make only the maps. If we loaded the program, cpu_map and
	 * dev_map would belong to its type, and the kernel would refuse them to the
	 * extension.
	 */
	bpf_program__set_autoload(skel->progs.xsteer, build->opts->prio <= 0);
	return take_over_maps(build, skel, slots_of(build));
}

static int load_program(struct xs_build *build)
{
	__u32 slots = slots_of(build);

	build->skel =
		xs_program_make(build->ctx, slots, prepare_program, build, &build->set_layout);
	if (!build->skel)
		return -errno;
	if (build->replacing == XS_REPLACE_in_link &&
	    build->old.stats_bytes < sizeof(struct xs_queue_stats) && build->old.slots == slots)
		return xs_queue_stats_copy(&build->old,
					   bpf_map__fd(build->skel->maps.xdp_stats_map));
	return 0;
}

int xs_build_begin(struct xs_build *build)
{
	int err;

	if (mkdir(build->staging, 0700)) {
		err = -errno;
		xs_err(build->ctx, "cannot make %s: %s", build->staging, strerror(-err));
		return err;
	}
	build->lock = xs_pins_lock_under(build->ctx, build->staging, build->root);
	if (build->lock < 0)
		return build->lock;
	close(*build->root);
	*build->root = -1;
	return 0;
}

int xs_build_staging(struct xs_build *build)
{
	int err = load_program(build);

	if (!err)
		err = pin_maps(build);
	if (!err)
		err = pin_rule_counters(build);
	if (!err)
		err = write_meta(build);
	if (!err)
		err = pin_prog(build);
	if (!err)
		err = xs_pins_open_dir(build->ctx, &build->pins, build->staging, XS_PINS_WRITE);
	if (!err && build->opts->prepare)
		err = build->opts->prepare(&build->pins, build->opts->prepare_arg);
	return err;
}
