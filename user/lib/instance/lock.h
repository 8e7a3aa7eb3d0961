/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One tool at a time changes pins: flock on the pin root, or on an instance's directory. */
#ifndef XS_INSTANCE_LOCK_H
#define XS_INSTANCE_LOCK_H

#include <stdbool.h>

#include "lib/base/ctx.h"

/*
 * flock on the pin root (ifname NULL; makes the root if `create`) or on one
 * instance's directory. Waits up to 10 s, then logs and returns -EBUSY; silently
 * -EINTR: asked to stop. On
 * success a descriptor that holds the lock until closed. -ENOENT, silently, if
 * there is no such directory.
 */
int xs_pins_lock(struct xsteer_ctx *ctx, const char *ifname, bool create);
/* The same of an instance by its directory, whatever its interface is called. */
int xs_pins_lock_dir(struct xsteer_ctx *ctx, const char *dir);

#endif
