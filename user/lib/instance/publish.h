/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance that was built in a side directory gets its name: at the end of an
 * attach; or by the next command, if the process was killed once frames met its
 * program. For whoever holds the lock of the pin root.
 */
#ifndef XS_INSTANCE_PUBLISH_H
#define XS_INSTANCE_PUBLISH_H

#include "lib/base/ctx.h"

/*
 * Makes the directory `staging` the instance `dir`. One that is there already changes
 * places with it in one step, where the kernel can (Linux 5.16), and is under a side
 * name then. 0; or -errno, logged: then `dir` is what it was.
 */
int xs_instance_publish(struct xsteer_ctx *ctx, const char *staging, const char *dir);

/*
 * What killed processes left beside `dir`: an instance that frames meet already is
 * published under its name, all else is removed. What cannot be asked is left alone.
 * 1: something was there; 0; or -errno, logged.
 */
int xs_leftovers_settle(struct xsteer_ctx *ctx, const char *dir);

/*
 * Do frames meet the program in `side`, a side directory, so that it is to be
 * published rather than removed? 1, 0, or -errno, logged: that cannot be told.
 */
int xs_leftover_in_force(struct xsteer_ctx *ctx, const char *side);

#endif
