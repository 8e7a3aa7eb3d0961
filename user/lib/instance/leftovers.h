/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Pin directories that are no instances: half-made or half-removed by a process that
 * was killed, or with pins missing. For whoever holds the lock of the pin root.
 */
#ifndef XS_INSTANCE_LEFTOVERS_H
#define XS_INSTANCE_LEFTOVERS_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"

/*
 * Takes the program of `dir`, which no tool uses as an instance any more, off its
 * hook. A link that the instance of that name has too stays: `dir` is then what was
 * replaced there. 0 or -errno, logged.
 */
int xs_leftover_take_off_hook(struct xsteer_ctx *ctx, const char *dir);

/* Is there a symbolic link in its place? What it leads to is not ours. */
bool xs_leftover_is_link(const char *dir);

/* The same, and unpins all in it. 0, also if there is no such directory; or -errno, logged. */
int xs_instance_remove_dir(struct xsteer_ctx *ctx, const char *dir);

/*
 * Name of the directory beside `dir` that is not yet ("new") or no longer ("old")
 * an instance: ROOT/%new-IF. 0 or -ENAMETOOLONG, silently.
 */
int xs_side_dir(char side[PATH_MAX], const char *dir, const char *prefix);

/* The way back, to ROOT/IF; false: `side` has no such name. */
bool xs_instance_dir(char dir[PATH_MAX], const char *side);

/*
 * The program on the interface of `dir`, by libxdp, that counts in its maps: no pin may
 * say yet which it is. 1, 0: there is none; -errno, logged.
 */
int xs_leftover_find_in_dispatcher(struct xsteer_ctx *ctx, const char *dir, __u32 *ifindex,
				   __u32 *prog_id);

/* Logs that `name` in `dir` cannot be looked at. err. */
int xs_leftover_say_cannot_look(struct xsteer_ctx *ctx, const char *dir, const char *name, int err);

/*
 * Removes the instance of `ifname` in `dir`, some of whose pins are missing. 0; or
 * -EXDEV, logged: its link is on another interface; or -errno, logged.
 */
int xs_leftovers_take_rest(struct xsteer_ctx *ctx, const char *ifname, const char *dir);

#endif
