/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The pin directory of an instance: where it is, who may change it, whether it
 * is ours and fits this build, and its maps as file descriptors. Knows nothing
 * of loading or attaching (instance.h).
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

/*
 * bpffs refuses '.', so an interface's name is written with %2e for it. -EINVAL,
 * logged: no interface can have that name.
 */
int xs_pin_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname);
/*
 * Where the instance of `ifname` is: in the directory of that name, or, if the
 * interface was renamed, in the one that has its index. -ENOENT: nowhere.
 */
int xs_pins_find(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname);
/* The way back: the last component of such a path to the interface's name. */
void xs_pin_ifname(char ifname[16], const char *name);

/* Inode of this process's network namespace; 0 if /proc is not there. */
__u64 xs_netns_inode(void);

/*
 * 0 if `xs_common.pin_root` lies on a bpffs (it, or its nearest existing
 * parent); else logs what to mount and returns -ENOENT or -ENOTSUP.
 */
int xs_pins_check_bpffs(struct xsteer_ctx *ctx);
bool xs_pins_on_bpffs(struct xsteer_ctx *ctx); /* the same, silently */

/* meta of a directory, if it is ours and of this build. Silent. */
bool xs_pins_peek_meta(const char *dir, struct xs_meta *meta);

/* Is the directory an instance of another network namespace? Silent. */
bool xs_pins_is_elsewhere(const char *dir);

/*
 * Does an incomplete directory hold only pins that could be ours? 0; or -EPROTO,
 * logged: others have directories on a bpffs, too.
 */
int xs_pins_refuse_others(struct xsteer_ctx *ctx, const char *dir);

/* Are all pins there that every instance has? */
bool xs_pins_complete(const char *dir);

/*
 * flock on the pin root (ifname NULL; makes the root if `create`) or on one
 * instance's directory. Waits up to 10 s, then logs and returns -EBUSY. On
 * success a descriptor that holds the lock until closed. -ENOENT, silently, if
 * there is no such directory.
 */
int xs_pins_lock(struct xsteer_ctx *ctx, const char *ifname, bool create);

/*
 * Calls each() with the path of every instance's directory under the pin root until
 * it returns more than 0. That, or the first error of a call (the others are still
 * made), or 0; a pin root that is not there has none. Logs if it cannot be read.
 */
int xs_pins_each(struct xsteer_ctx *ctx,
		 int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg), void *arg);
/* The same for what was half-made or half-removed by a process that was killed. */
int xs_pins_each_leftover(struct xsteer_ctx *ctx,
			  int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg),
			  void *arg);

/* An instance, opened. Descriptors not asked for, or not there, are -1. */
struct xs_pins {
	struct xsteer_ctx *ctx; /* diagnostics about it go here */
	char dir[PATH_MAX];
	char ifname[16];
	struct xs_meta meta;
	int map_fds[XS_MAP_MAX];
	__u32 slots; /* entries of xsks_map */
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
 * Locks the instance and opens it for writing. The lock's descriptor, to be closed
 * after *pins; or -errno as xs_pins_lock() and xs_pins_open(), and nothing is held.
 */
int xs_pins_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);
/* The same for a directory by its path, whatever netns and interface it is of. */
int xs_pins_open_dir(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *dir,
		     enum xs_pins_access how);
void xs_pins_close(struct xs_pins *pins); /* of a zeroed or closed one: does nothing */

int xs_meta_set(struct xs_pins *pins); /* writes pins->meta back; logs */

/*
 * owners: is the slot held by a process that lives? Compares pid and start
 * time with /proc, so a reused pid is not taken for the owner. One that cannot be
 * looked at (of another PID namespace, or hidden by hidepid=) counts as alive:
 * nothing that is in use is ever taken for left behind.
 */
bool xs_owner_alive(const struct xs_owner *owner);
/* Of another PID namespace: its pid means nothing here. */
bool xs_owner_is_elsewhere(const struct xs_owner *owner);
int xs_owner_get(const struct xs_pins *pins, __u32 slot, struct xs_owner *owner);
int xs_owner_set(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner);
/* Fills in pid, start time and PID namespace of this process. */
void xs_owner_set_self(struct xs_owner *owner);

#endif
