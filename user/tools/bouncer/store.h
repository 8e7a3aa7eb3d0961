/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A service manager in place of a keeper: it holds the descriptors of a bouncer (FDSTORE=1 of
 * sd_notify(3)), and gives them to the process that it starts after one that was killed. What
 * keep.c tells a keeper lies in a file in memory among them, its state. The manager never says whether
 * it keeps anything, so without it all goes on as it did.
 */
#ifndef XS_BOUNCER_STORE_H
#define XS_BOUNCER_STORE_H

#include <stdbool.h>

#include "lib/base/memory.h"
#include "take.h"
#include "tools/cli/notify.h"

struct xs_bouncer;

/*
 * Reads LISTEN_FDS and its like, and removes them from the environment. If a bouncer that was killed
 * left something there, *take has it (->dead), and *store its state. What one cannot go on
 * with is warned of, and the manager is told to close it.
 */
void xs_store_take(struct xs_cli *cli, const struct xs_notify *notify, struct xs_take *take,
		   struct xs_memory *store);

/*
 * Gives the manager every descriptor that another process needs. Blocks if the manager does not read, for
 * up to a second. Does nothing without a manager; with --busy-poll, whose settings are our own; and where
 * the kernel lets nobody map a bound socket's rings.
 */
void xs_store_put(struct xs_bouncer *b);

/* Whether its death from now on is none to go on after: it hands over. */
void xs_store_mark(const struct xs_bouncer *b, bool giving);

/* It has lived for a second, so that its start is none that fails. */
void xs_store_lives(const struct xs_bouncer *b);

/* It ends by itself: the manager closes what it has. */
void xs_store_remove(struct xs_bouncer *b);

#endif
