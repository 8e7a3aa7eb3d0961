/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Gives an instance that was built in a side directory its name. This happens at the
 * end of an attach; or in the next command, if the process was killed after frames met
 * its program. The caller holds the lock of the pin root.
 */
#ifndef XS_INSTANCE_PUBLISH_H
#define XS_INSTANCE_PUBLISH_H

#include "lib/base/ctx.h"

/*
 * Makes the directory `staging` the instance `dir`. If `dir` exists, the two are
 * swapped in one step where the kernel can (Linux 5.16), and the old one is then under
 * a side name. 0; or -errno, logged, and `dir` is what it was.
 */
int xs_instance_publish(struct xsteer_ctx *ctx, const char *staging, const char *dir);

/*
 * Handles what killed processes left beside `dir`: publishes an instance that frames
 * already meet, and removes everything else. What cannot be examined is left alone. 1:
 * something was there; 0: nothing was; or -errno, logged.
 */
int xs_leftovers_settle(struct xsteer_ctx *ctx, const char *dir);

/*
 * Do frames meet the program in the side directory `side`, so that it must be published
 * rather than removed? 1, 0, or -errno, logged: this could not be found out.
 */
int xs_leftover_in_force(struct xsteer_ctx *ctx, const char *side);

#endif
