/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Replaces one instance by another (`attach --replace`). Only for attach.c. Where the
 * hook allows it, each frame meets the old or the new instance. A refusal leaves the
 * old one unchanged.
 */
#ifndef XS_INSTANCE_REPLACE_H
#define XS_INSTANCE_REPLACE_H

#include "build.h"

/*
 * Finds what has to be replaced, and how; sets build->replacing. Refuses what belongs
 * to another interface or to somebody else. 0, also if there is nothing; or -errno,
 * logged.
 */
int xs_replace_open(struct xs_build *build);

/*
 * Puts the new program onto the hook and takes the old one off. Waits for whoever holds
 * the old instance's lock. 0; or -errno, logged: the old program is on the hook as
 * before, or the log says that it could not be put back.
 */
int xs_replace_on_hook(struct xs_build *build);

/*
 * The new instance could not be published: puts the old one onto the hook again. Logs
 * if it cannot.
 */
void xs_replace_undo(struct xs_build *build);

/* The new instance is published: removes what is left of the old one. Warns if it cannot. */
void xs_replace_finish(struct xs_build *build);

/* Releases everything that is held. */
void xs_replace_close(struct xs_build *build);

#endif
