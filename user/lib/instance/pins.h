/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance, opened: its maps as file descriptors, compared with this build. Where
 * it is pinned is dir.h's to say, who may change it lock.h's. Knows nothing of
 * loading or attaching (instance.h).
 */
#ifndef XS_PINS_H
#define XS_PINS_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/* Every map of an instance. The order is that of xs_map_names[]. */
#define XS_MAPS(X) \
	X(xsks_map) \
	X(xdp_stats_map) \
	X(rule_stats_map) \
	X(meta) \
	X(owners) \
	X(chains) \
	X(rule_sets) \
	X(rule_stats) \
	X(cpu_map) \
	X(dev_map)

enum xs_map {
#define X(name) XS_MAP_##name,
	XS_MAPS(X)
#undef X
		XS_MAP_MAX
};

extern const char *const xs_map_names[XS_MAP_MAX];

/* What each map must look like; a test compares it with the program's own maps. */
struct xs_map_shape {
	__u32 type, key_size, value_size;
};

extern const struct xs_map_shape xs_map_shapes[XS_MAP_MAX];

/* An instance, opened. Descriptors not asked for, or not there, are -1. */
struct xs_pins {
	struct xsteer_ctx *ctx; /* diagnostics about it go here */
	char dir[PATH_MAX];
	char ifname[16]; /* what its interface is called now; elsewhere or gone: at attach */
	struct xs_meta meta;
	int map_fds[XS_MAP_MAX];
	__u32 slots; /* plain ones, by queue: rows of xdp_stats_map */
	__u32 all_slots; /* entries of xsks_map: those of chains, too */
	__u32 stats_bytes; /* of a row of xdp_stats_map, which older ABIs have shorter; 0: not open */
};

enum xs_pins_access {
	XS_PINS_READ, /* BPF_F_RDONLY: what show, stats and dump need */
	XS_PINS_SOCKET, /* xsks_map and owners for writing; the rest as far as permitted */
	XS_PINS_WRITE,
};

/*
 * Opens the instance of `ifname` and compares it with this build: magic, ABI,
 * netns, ifindex, each map's type, key and value size. Privilege: read (or
 * write) permission on the pins; CAP_BPF where unprivileged bpf is off and the
 * kernel older than 5.19.
 *
 * 0; or, after logging the name of what does not fit and what to do,
 * -ENOENT no instance (silently: many callers attach then), -ESTALE interface
 * deleted and made again, -ENODATA pins are missing, -EXDEV other netns, -EPROTO other ABI or map layout,
 * -EACCES or -EPERM no privilege.
 */
int xs_pins_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		 enum xs_pins_access how);

/*
 * Locks the instance and opens it for writing, if its program is on the hook. The
 * lock's descriptor, to be closed after *pins; or -errno as xs_pins_lock(),
 * xs_pins_open() and xs_instance_need_alive(), and nothing is held.
 */
int xs_pins_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);
/* The same for a directory by its path, whatever netns and interface it is of. */
int xs_pins_open_dir(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *dir,
		     enum xs_pins_access how);
void xs_pins_close(struct xs_pins *pins); /* of a zeroed or closed one: does nothing */

int xs_meta_set(struct xs_pins *pins); /* writes pins->meta back; logs */

#endif
