/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Pin directories that are not instances: a killed process left them half-made or
 * half-removed, or pins are missing. The caller holds the lock of the pin root.
 */
#ifndef XS_INSTANCE_LEFTOVERS_H
#define XS_INSTANCE_LEFTOVERS_H

#include <limits.h>
#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ctx.h"

/*
 * Removes the program of `dir`, which no tool uses as an instance any more, from its
 * hook. If the instance of that name has the same link, the link stays: `dir` is then
 * what was replaced there. 0 or -errno, logged.
 */
int xs_leftover_take_off_hook(struct xsteer_ctx *ctx, const char *dir);

/* Is the directory a symbolic link? What it points to is not ours. */
bool xs_leftover_is_link(const char *dir);

/*
 * The same, and removes all pins in it. 0, also if there is no such directory; or
 * -errno, logged.
 */
int xs_instance_remove_dir(struct xsteer_ctx *ctx, const char *dir);

/*
 * The name of the directory beside `dir` that is not yet ("new") or no longer ("old")
 * an instance: ROOT/%new-IF. 0 or -ENAMETOOLONG, silently.
 */
int xs_side_dir(char side[PATH_MAX], const char *dir, const char *prefix);

/* The reverse: from side directory to ROOT/IF. False: `side` does not have such a name. */
bool xs_instance_dir(char dir[PATH_MAX], const char *side);

/*
 * Asks libxdp for the program on the interface of `dir` that uses its maps, since
 * perhaps no pin names it yet. 1; 0: there is none; -errno, logged.
 */
int xs_leftover_find_in_dispatcher(struct xsteer_ctx *ctx, const char *dir, __u32 *ifindex,
				   __u32 *prog_id);

/* Logs that `name` in `dir` cannot be examined. Returns err. */
int xs_leftover_say_cannot_look(struct xsteer_ctx *ctx, const char *dir, const char *name, int err);

/*
 * Removes the instance of `ifname` in `dir` if some of its pins are missing. 0; -EXDEV,
 * logged: its link is on another interface; other -errno, logged.
 */
int xs_leftovers_take_rest(struct xsteer_ctx *ctx, const char *ifname, const char *dir);

#endif
