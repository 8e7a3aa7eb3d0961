/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Only one tool at a time changes pins: flock on the pin root, or on an instance's directory.
 *
 * The lock of the root is for what must be one step: to make, rename or take apart a
 * directory, to announce a slot. Building an instance takes the verifier's time, or a
 * driver's: its directory %new-IF is locked then, so that only those who want this
 * interface wait. The lock of an instance's own directory is for what is in it: rules,
 * rows of chains, knobs. An apply holds it while it compiles.
 *
 * The order. Who holds a lock of this list never waits for one above it:
 *
 *   1. %new-IF, by who builds there
 *   2. IF, an instance
 *   3. the pin root
 *
 * With the root's lock held, a directory's is only tried: xs_pins_lock_under() lets go of
 * the root before it waits. So nobody can wait in a circle, and who is stopped, or slow,
 * with an instance's lock holds up only those who want this instance.
 */
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
/*
 * The lock of the pin root, at a moment when nobody builds an instance of `word`, as a user
 * calls an interface. For whoever joins, attaches or takes apart there. As above, or as
 * xs_pins_find().
 */
int xs_pins_lock_for(struct xsteer_ctx *ctx, const char *word, bool create);

/*
 * For who holds the lock of the pin root in *root, and needs that of `dir` in it, too.
 * Returns a descriptor that holds it until it is closed; or -ERESTART, silently: somebody
 * held it and was waited for, without the root. *root is held again then, at a moment when
 * nobody builds an instance in place of `dir`, but all that was looked at before may have
 * changed: close it, and begin again. Other errors as xs_pins_lock(); *root is -1 if it
 * could not be taken again.
 */
int xs_pins_lock_under(struct xsteer_ctx *ctx, const char *dir, int *root);

/* Is `side` a directory in which a living process builds an instance? Silent. */
bool xs_pins_is_being_built(const char *side);

/* The same by the instance's directory, whatever its interface is called. */
int xs_pins_lock_dir(struct xsteer_ctx *ctx, const char *dir);

#endif
