/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The pin root and the directories in it: where an instance is, whether a directory is
 * ours, and whether it is complete. Of the maps, it reads only `meta`.
 */
#ifndef XS_INSTANCE_DIR_H
#define XS_INSTANCE_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/*
 * The pin directory for an interface's name. bpffs refuses '.', so the name is written
 * with %2e instead. 0; or -EINVAL, logged: no interface can have that name.
 */
int xs_pin_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname);
/*
 * The same for the word that a user types, which may be an alternative name. Uses the
 * interface's current name; if there is no such interface here, the word itself.
 */
int xs_pins_named_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word);
/*
 * Finds the directory of an interface's instance. The index decides, because the
 * interface may have been renamed, and its directory may then have the name of another
 * interface. If there is no such instance, takes the directory of that name: it may
 * belong to an interface that is gone or elsewhere, or lack pins, which xs_pins_open()
 * reports. 0; -ENOENT: nowhere; other -errno, logged.
 */
int xs_pins_find(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word);
/* The reverse of xs_pin_dir(): from the last component of such a path to the interface's name. */
void xs_pin_ifname(char ifname[16], const char *name);

/*
 * Call this before looking for pins: another file system can have none, and nothing
 * there is ours. 0 if the pin root (or its nearest existing parent) lies on a bpffs.
 * Else, logged with what to do: -ENOTSUP: another file system; -ENOTDIR: a file;
 * -EACCES.
 */
int xs_pins_check_bpffs(struct xsteer_ctx *ctx);
bool xs_pins_on_bpffs(struct xsteer_ctx *ctx); /* the same, silently */

/* Is there a bpffs at /sys/fs/bpf, where everybody has it? Then another mount helps nobody. */
bool xs_bpffs_is_mounted(void);

/*
 * Reads meta of a directory. 0; -ENOENT: it has none; -EPROTO: it is not ours, or is of
 * another build; other -errno: this could not be found out. Silent.
 */
int xs_pins_look_at_meta(const char *dir, struct xs_meta *meta);

/* Is the directory an instance of another network namespace? Silent. */
bool xs_pins_is_elsewhere(const char *dir);

/*
 * Checks that an incomplete directory holds only pins that could be ours. 0; or
 * -EPROTO, logged: others may have directories on a bpffs, too.
 */
int xs_pins_refuse_others(struct xsteer_ctx *ctx, const char *dir);

/*
 * Gives the pin at `path`, which replaces the pin at `model`, the owner, group and mode
 * of that pin. Warns if this is not permitted: users who had access through them are
 * then locked out.
 */
void xs_pin_copy_access(struct xsteer_ctx *ctx, const char *path, const char *model);

/* Does the directory have every pin that an instance must have? */
bool xs_pins_complete(const char *dir);

/*
 * Calls each() with the path of every instance's directory under the pin root, until it
 * returns more than 0. Returns that number; else the first error of a call (the other
 * calls are still made); else 0. If the pin root does not exist there are no instances.
 * Logs if it cannot be read.
 */
int xs_pins_each(struct xsteer_ctx *ctx,
		 int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg), void *arg);
/* The same for directories that a killed process left half-made or half-removed. */
int xs_pins_each_leftover(struct xsteer_ctx *ctx,
			  int (*each)(struct xsteer_ctx *ctx, const char *dir, void *arg),
			  void *arg);

#endif
