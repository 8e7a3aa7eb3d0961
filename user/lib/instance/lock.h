/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Only one tool at a time changes pins: flock on the pin root, or on an instance's directory. */
#ifndef XS_INSTANCE_LOCK_H
#define XS_INSTANCE_LOCK_H

#include <stdbool.h>

#include "lib/base/ctx.h"

/*
 * Locks the pin root (ifname NULL; `create` makes the root) or one instance's directory
 * with flock. Returns a descriptor that holds the lock until it is closed. Waits for up
 * to 10 s, then logs and returns -EBUSY. Silently: -EINTR: asked to stop; -ENOENT:
 * there is no such directory.
 */
int xs_pins_lock(struct xsteer_ctx *ctx, const char *ifname, bool create);
/* The same by the instance's directory, whatever its interface is called. */
int xs_pins_lock_dir(struct xsteer_ctx *ctx, const char *dir);

#endif
