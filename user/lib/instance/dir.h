/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The pin root and the directories in it: where an instance is, whether a directory
 * is ours, and whether it is whole. Knows nothing of what its maps hold but `meta`.
 */
#ifndef XS_INSTANCE_DIR_H
#define XS_INSTANCE_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"
#include "maps/xsteer.h"

/*
 * bpffs refuses '.', so an interface's name is written with %2e for it. -EINVAL,
 * logged: no interface can have that name.
 */
int xs_pin_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *ifname);
/*
 * The same for what a user calls an interface, perhaps by an alternative name: by the
 * name that it has now, or, of none that is here, by the word itself.
 */
int xs_pins_named_dir(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word);
/*
 * Where the instance of an interface is. The index decides: it may have been renamed,
 * and its directory have another's name. Without such an instance, the directory of
 * that name: of an interface that is gone or elsewhere, or with pins missing, which
 * xs_pins_open() tells. 0; -ENOENT: nowhere; other -errno, logged.
 */
int xs_pins_find(struct xsteer_ctx *ctx, char dir[PATH_MAX], const char *word);
/* The way back: the last component of such a path to the interface's name. */
void xs_pin_ifname(char ifname[16], const char *name);

/*
 * Whatever looks for pins asks this first: on another file system there can be none,
 * and nothing there is ours. 0 if the pin root lies on a bpffs (it, or its nearest
 * existing parent); else, logged with what to do, -ENOTSUP: another file system;
 * -ENOTDIR: it is a file; -EACCES.
 */
int xs_pins_check_bpffs(struct xsteer_ctx *ctx);
bool xs_pins_on_bpffs(struct xsteer_ctx *ctx); /* the same, silently */

/*
 * meta of a directory. 0; -ENOENT: it has none; -EPROTO: it is not ours, or of another
 * build; other -errno: it cannot be told. Silent.
 */
int xs_pins_look_at_meta(const char *dir, struct xs_meta *meta);

/* Is the directory an instance of another network namespace? Silent. */
bool xs_pins_is_elsewhere(const char *dir);

/*
 * Does an incomplete directory hold only pins that could be ours? 0; or -EPROTO,
 * logged: others have directories on a bpffs, too.
 */
int xs_pins_refuse_others(struct xsteer_ctx *ctx, const char *dir);

/*
 * Gives the pin at `path`, which takes the place of the one at `model`, its owner, group
 * and mode. Warns if it may not: whoever was let in by them is locked out then.
 */
void xs_pin_copy_access(struct xsteer_ctx *ctx, const char *path, const char *model);

/* Are all pins there that every instance has? */
bool xs_pins_complete(const char *dir);

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

#endif
