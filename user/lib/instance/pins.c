// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens the maps of an instance and compares them with this build; see pins.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "maps/limit.h"
#include "dir.h"
#include "knobs.h"
#include "live.h"
#include "lock.h"
#include "pins.h"
#include "place.h"
#include "trace.h"

const char *const xs_map_names[XS_MAP_MAX] = {
#define X(name) #name,
	XS_MAPS(X) XS_MAPS_OPTIONAL(X)
#undef X
};

const struct xs_map_shape xs_map_shapes[XS_MAP_MAX] = {
	[XS_MAP_xsks_map] = { BPF_MAP_TYPE_XSKMAP, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_xdp_stats_map] = { BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
				   sizeof(struct xs_queue_stats) },
	[XS_MAP_rule_stats_map] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32),
				    sizeof(struct xs_rule_stats) },
	[XS_MAP_meta] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_meta) },
	[XS_MAP_owners] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_owner) },
	[XS_MAP_chains] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_chain_row) },
	[XS_MAP_rule_sets] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_rule_stats] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_cpu_map] = { BPF_MAP_TYPE_CPUMAP, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_xsk_stats_map] = { BPF_MAP_TYPE_HASH, sizeof(__u32),
				   sizeof(struct xs_socket_stats) },
	[XS_MAP_limits] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_limit_row) },
	[XS_MAP_limit_leases] = { BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32),
				  sizeof(struct xs_limit_lease) },
	[XS_MAP_limit_keys] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_knobs] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_knobs) },
	[XS_MAP_reserved] = { BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(struct xs_reserved) },
	[XS_MAP_member_sets] = { BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32) },
	[XS_MAP_dev_map] = { BPF_MAP_TYPE_DEVMAP_HASH, sizeof(__u32), sizeof(__u32) },
};

static int open_pin(const struct xs_pins *pins, enum xs_map map, bool write)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = write ? 0 : BPF_F_RDONLY);
	char path[PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pins->dir, xs_map_names[map]);
	fd = bpf_obj_get_opts(path, &opts);
	return fd < 0 ? -errno : fd;
}

/* Compares the map with what this build needs, and stores how many entries it has. */
static bool has_shape(struct xs_pins *pins, enum xs_map map, const struct bpf_map_info *info)
{
	const struct xs_map_shape *want = &xs_map_shapes[map];
	bool older = false;

	if (map == XS_MAP_xdp_stats_map) {
		pins->slots = info->max_entries;
		pins->stats_bytes = info->value_size;
		older = (pins->meta.abi < XS_ABI_CHAINS &&
			 info->value_size == XS_QUEUE_STATS_BYTES_AT_2) ||
			(pins->meta.abi < XS_ABI_LIMITS &&
			 info->value_size == XS_QUEUE_STATS_BYTES_AT_3);
	} else if (map == XS_MAP_xsks_map) {
		pins->all_slots = info->max_entries;
	}
	return info->type == want->type && info->key_size == want->key_size &&
	       (info->value_size == want->value_size || older);
}

static int check_shape(struct xs_pins *pins, enum xs_map map)
{
	const struct xs_map_shape *want = &xs_map_shapes[map];
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(pins->map_fds[map], &info, &len)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot query %s/%s: %s", pins->dir, xs_map_names[map],
		       strerror(errno));
		return err;
	}
	if (has_shape(pins, map, &info))
		return 0;
	xs_err(pins->ctx,
	       "%s/%s was made by another version of xsteer: type %u, key %u, value %u bytes; "
	       "this build wants %u, %u, %u. Use that version, "
	       "or remove the instance with %s and attach again",
	       pins->dir, xs_map_names[map], info.type, info.key_size, info.value_size, want->type,
	       want->key_size, want->value_size,
	       xs_hint(pins->ctx, XSTEER_HINT_DETACH, pins->ifname).text);
	return -EPROTO;
}

static int read_meta(struct xs_pins *pins)
{
	const __u32 zero = 0;

	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_meta], &zero, &pins->meta)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot read %s/meta: %s", pins->dir, strerror(errno));
		return err;
	}
	if (pins->meta.magic != XS_MAGIC) {
		xs_err(pins->ctx,
		       "%s was not made by xsteer-loader (meta has no magic): "
		       "remove it with 'rm -r %s', or choose another directory with %s",
		       pins->dir, pins->dir, xs_hint(pins->ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
		return -EPROTO;
	}
	if (pins->meta.abi < XS_ABI_OLDEST || pins->meta.abi > XS_ABI) {
		xs_err(pins->ctx,
		       "%s has ABI %u, this build reads %u to %u: "
		       "use the version that attached it to detach it, then attach again",
		       pins->dir, pins->meta.abi, XS_ABI_OLDEST, XS_ABI);
		return -EPROTO;
	}
	return 0;
}

static bool wants_write(enum xs_map map, enum xs_pins_access how)
{
	return how == XS_PINS_WRITE || how == XS_PINS_TAKE_AWAY ||
	       (how == XS_PINS_SOCKET &&
		(map == XS_MAP_xsks_map || map == XS_MAP_owners || map >= XS_MAP_NEEDED_MAX));
}

/* To take the instance away: what cannot be used is as if it were not there. */
static void open_map_if_it_fits(struct xs_pins *pins, enum xs_map map)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = open_pin(pins, map, true);

	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || !has_shape(pins, map, &info))
		close(fd);
	else
		pins->map_fds[map] = fd;
}

static int open_map(struct xs_pins *pins, enum xs_map map, enum xs_pins_access how)
{
	bool needed = map == XS_MAP_meta || map == XS_MAP_xsks_map || map == XS_MAP_owners;
	int fd;

	fd = open_pin(pins, map, wants_write(map, how));
	if (fd < 0 && how == XS_PINS_SOCKET && !needed)
		return 0;
	if (fd == -ENOENT && map >= XS_MAP_NEEDED_MAX)
		return 0;
	if (fd == -ENOENT) {
		int err = xs_pins_refuse_others(pins->ctx, pins->dir);

		if (err)
			return err;
		xs_err(pins->ctx, "%s is incomplete, %s is not there: %s removes what is left",
		       pins->dir, xs_map_names[map],
		       xs_hint(pins->ctx, XSTEER_HINT_DETACH, strrchr(pins->dir, '/') + 1).text);
		return -ENODATA;
	}
	if (fd < 0) {
		xs_err(pins->ctx, "cannot open %s/%s%s: %s%s", pins->dir, xs_map_names[map],
		       wants_write(map, how) ? " for writing" : "", strerror(-fd),
		       fd == -EACCES || fd == -EPERM ? ": run as root, or as the owner of the pins"
						     : "");
		return fd;
	}
	pins->map_fds[map] = fd;
	return check_shape(pins, map);
}

/*
 * Computed from xsks_map, for processes that may not open xdp_stats_map. An upgrade
 * does not change its size.
 */
static __u32 plain_slots(const struct xs_pins *pins)
{
	bool with_chains = pins->meta.abi >= XS_ABI_CHAINS &&
			   pins->all_slots % (1 + XS_CHAIN_SLOTS) == 0;

	return with_chains ? pins->all_slots / (1 + XS_CHAIN_SLOTS) : pins->all_slots;
}

int xs_pins_open_dir(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *dir,
		     enum xs_pins_access how)
{
	struct stat file;
	int err;

	*pins = (struct xs_pins){ .ctx = ctx };
	for (int i = 0; i < XS_MAP_MAX; i++)
		pins->map_fds[i] = -1;
	if (snprintf(pins->dir, sizeof(pins->dir), "%s", dir) >= (int)sizeof(pins->dir))
		return -ENAMETOOLONG;
	if (lstat(dir, &file))
		return -errno;
	if (!S_ISDIR(file.st_mode)) {
		xs_err(ctx,
		       "%s is a pin of something else, not an instance's directory: "
		       "if nothing needs it, remove it with 'rm %s', "
		       "or choose another directory with %s",
		       dir, dir, xs_hint(ctx, XSTEER_HINT_PIN_ROOT, NULL).text);
		return -ENOTDIR;
	}

	/*
	 * meta first: for a directory that is not ours the message must say so, not
	 * name some map.
	 */
	err = open_map(pins, XS_MAP_meta, how);
	if (!err)
		err = read_meta(pins);
	if (!err)
		xs_pins_name(pins);
	for (int i = 0; !err && i < XS_MAP_MAX; i++) {
		if (i == XS_MAP_meta)
			continue;
		if (how == XS_PINS_TAKE_AWAY)
			open_map_if_it_fits(pins, i);
		else
			err = open_map(pins, i, how);
	}
	if (!err && !pins->slots)
		pins->slots = plain_slots(pins);
	if (err)
		xs_pins_close(pins);
	return err;
}

int xs_pins_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		 enum xs_pins_access how)
{
	char dir[PATH_MAX];
	int err;

	*pins = (struct xs_pins){ .ctx = ctx };
	for (int i = 0; i < XS_MAP_MAX; i++)
		pins->map_fds[i] = -1;
	err = xs_pins_find(ctx, dir, ifname);
	if (!err)
		err = xs_pins_open_dir(ctx, pins, dir, how);
	if (err)
		return err;
	err = xs_pins_check_place(pins, ifname);
	if (err)
		xs_pins_close(pins);
	return err;
}

/* What killed processes have left, as far as it concerns an instance that goes on. */
static void settle(const struct xs_pins *pins)
{
	xs_knobs_settle(pins);
	xs_trace_settle(pins);
}

int xs_pins_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname)
{
	int lock = xs_pins_lock(ctx, ifname, false), err;
	struct xs_live live;

	if (lock < 0)
		return lock;
	err = xs_pins_open(ctx, pins, ifname, XS_PINS_WRITE);
	if (!err) {
		err = xs_instance_need_alive(pins, &live);
		if (err)
			xs_pins_close(pins);
		else
			settle(pins);
	}
	if (!err)
		return lock;
	close(lock);
	return err;
}

__u32 xs_map_id(int map_fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return map_fd < 0 || bpf_obj_get_info_by_fd(map_fd, &info, &len) ? 0 : info.id;
}

int xs_map_read(int map_fd, __u32 first, __u32 cnt, void *values)
{
	__u32 *keys = calloc(cnt + 1, sizeof(*keys)), before = first - 1, next, got = cnt;
	int err;

	if (!keys)
		return -ENOMEM;
	err = bpf_map_lookup_batch(map_fd, first ? &before : NULL, &next, keys, values, &got, NULL);
	if (err)
		err = -errno;
	free(keys);
	/* -ENOENT: the last value was among them. */
	if (!err || err == -ENOENT)
		err = got == cnt ? 0 : -ENODATA;
	return err;
}

void xs_pins_close(struct xs_pins *pins)
{
	if (!pins->dir[0])
		return;
	for (int i = 0; i < XS_MAP_MAX; i++) {
		if (pins->map_fds[i] >= 0)
			close(pins->map_fds[i]);
		pins->map_fds[i] = -1;
	}
	pins->dir[0] = '\0';
}

int xs_meta_set(struct xs_pins *pins)
{
	const __u32 zero = 0;
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_meta], &zero, &pins->meta, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write %s/meta: %s", pins->dir, strerror(-err));
	return err;
}
