/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An open instance: its maps as file descriptors, compared with this build. dir.h says
 * where it is pinned, lock.h who may change it. Knows nothing of loading or attaching
 * (instance.h).
 */
#ifndef XS_PINS_H
#define XS_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/* Every map of an instance, in the order of xs_map_names[]. */
#define XS_MAPS(X) \
	X(xsks_map) \
	X(xdp_stats_map) \
	X(rule_stats_map) \
	X(meta) \
	X(owners) \
	X(rule_sets) \
	X(rule_stats) \
	X(cpu_map) \
	X(dev_map)

/* Those that an instance of an older build lacks. What they are for is then done without. */
#define XS_MAPS_OPTIONAL(X) \
	X(chains) \
	X(knobs) \
	X(xsk_stats_map) \
	X(limits) \
	X(limit_leases) \
	X(limit_keys) \
	X(member_sets) \
	X(reserved)

enum xs_map {
#define X(name) XS_MAP_##name,
	XS_MAPS(X) XS_MAP_NEEDED_MAX,
	XS_MAP_before_optional = XS_MAP_NEEDED_MAX - 1,
	XS_MAPS_OPTIONAL(X)
#undef X
		XS_MAP_MAX
};

extern const char *const xs_map_names[XS_MAP_MAX];

/* What each map must look like. A test compares it with the program's own maps. */
struct xs_map_shape {
	__u32 type, key_size, value_size;
};

extern const struct xs_map_shape xs_map_shapes[XS_MAP_MAX];

/* An open instance. Descriptors that were not asked for, or are not there, are -1. */
struct xs_pins {
	struct xsteer_ctx *ctx; /* receives the diagnostics */
	char dir[PATH_MAX];
	char ifname[16]; /* the interface's current name; elsewhere or gone: the name at attach */
	struct xs_meta meta;
	int map_fds[XS_MAP_MAX];
	__u32 slots; /* plain ones, by queue: rows of xdp_stats_map */
	__u32 all_slots; /* entries of xsks_map: those of chains, too */
	__u32 stats_bytes; /* of a row of xdp_stats_map, which older ABIs have shorter; 0: not open */
};

enum xs_pins_access {
	XS_PINS_READ, /* BPF_F_RDONLY: what show, stats and dump need */
	XS_PINS_SOCKET, /* xsks_map and owners for writing; the rest as permissions allow */
	XS_PINS_WRITE,
	XS_PINS_TAKE_AWAY, /* meta for writing: what the other pins are does not matter */
};

/*
 * Opens the instance of `ifname` and compares it with this build: magic, ABI, netns,
 * ifindex, and each map's type, key and value size. Needs read (or write) permission on
 * the pins, and CAP_BPF if unprivileged bpf is off and the kernel is older than 5.19.
 *
 * 0; or -errno. Except for -ENOENT the message names what does not fit and what to do:
 *   -ENOENT   no instance; silent, because many callers then attach
 *   -ESTALE   the interface was deleted and created again
 *   -ENODATA  pins are missing
 *   -EXDEV    another network namespace
 *   -EPROTO   another ABI or map layout
 *   -EACCES, -EPERM  no privilege
 */
int xs_pins_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		 enum xs_pins_access how);

/*
 * Locks the instance and opens it for writing, if its program is on the hook. Returns
 * the lock's descriptor, to be closed after *pins; or -errno of xs_pins_lock(),
 * xs_pins_open() and xs_instance_need_alive(), and then holds nothing.
 */
int xs_pins_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);
/* The same for a directory by its path, whatever its network namespace and interface. */
int xs_pins_open_dir(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *dir,
		     enum xs_pins_access how);
/* The kernel's number of a map; 0: no descriptor, or it does not tell. */
__u32 xs_map_id(int map_fd);
/*
 * Copies `cnt` values of an array map, from key `first` on, in one system call. 0 or -errno,
 * silently; less than all is an error. Not for per-CPU maps, which Linux 5.10 cannot read so.
 */
int xs_map_read(int map_fd, __u32 first, __u32 cnt, void *values);

void xs_pins_close(struct xs_pins *pins); /* zeroed or closed: does nothing */

int xs_meta_set(struct xs_pins *pins); /* writes pins->meta back; logs */

#endif
