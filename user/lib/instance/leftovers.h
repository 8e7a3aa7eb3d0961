/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Pin directories that are no instances: half-made or half-removed by a process that
 * was killed, or with pins missing. For whoever holds the lock of the pin root.
 */
#ifndef XS_INSTANCE_LEFTOVERS_H
#define XS_INSTANCE_LEFTOVERS_H

#include <limits.h>

#include "lib/base/ctx.h"

/* Unpins all in `dir`, which no tool uses as an instance any more. 0 or -errno, logged. */
int xs_instance_remove_dir(struct xsteer_ctx *ctx, const char *dir);

/*
 * Name of the directory beside `dir` that is not yet ("new") or no longer ("old")
 * an instance: ROOT/%new-IF. 0 or -ENAMETOOLONG, silently.
 */
int xs_side_dir(char side[PATH_MAX], const char *dir, const char *prefix);

/* Removes both of them, if they are there. 0 or -errno. */
int xs_leftovers_clear(struct xsteer_ctx *ctx, const char *dir);

/*
 * Removes the instance of `ifname` in `dir`, some of whose pins are missing. 0; or
 * -EXDEV, logged: its link is on another interface; or -errno, logged.
 */
int xs_leftovers_take_rest(struct xsteer_ctx *ctx, const char *ifname, const char *dir);

#endif
