/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One instance in place of another (`attach --replace`), for attach.c alone. Where the
 * hook allows it each frame meets the old or the new one; and what is refused leaves
 * the old one as it was.
 */
#ifndef XS_INSTANCE_REPLACE_H
#define XS_INSTANCE_REPLACE_H

#include "build.h"

/*
 * Finds what is to be replaced, and how: sets build->replacing. Refuses what is another
 * interface's or somebody else's. 0, also if there is nothing; or -errno, logged.
 */
int xs_replace_open(struct xs_build *build);

/*
 * The new program onto the hook, and the old one off it, which waits for whoever holds
 * the old instance's lock. 0; or -errno, logged: the old one is on the hook as before,
 * or it is said that it could not be put back.
 */
int xs_replace_on_hook(struct xs_build *build);

/* The new one could not be published: the old one onto the hook again. Says if it cannot. */
void xs_replace_undo(struct xs_build *build);

/* The new one is published: what is left of the old one goes. Warns if it cannot. */
void xs_replace_finish(struct xs_build *build);

/* Gives back what is held. */
void xs_replace_close(struct xs_build *build);

#endif
