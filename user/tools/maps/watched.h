/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Instances that are looked at again and again, and may be detached, attached anew, or
 * lose their interface meanwhile: what an open map says is then nobody's any more.
 */
#ifndef XS_MAPS_WATCHED_H
#define XS_MAPS_WATCHED_H

#include "lib/instance/pins.h"
#include "lib/instance/queue_stats.h"
#include "tools/cli/cli.h"

/*
 * Opens the instance once more, by its interface's index. 0: it is the one that *pins has
 * open. 1: it was attached anew, and *pins is the new one. -errno, told to pins->ctx: it is
 * not in force any more, or cannot be asked; *pins is as it was.
 */
int xs_pins_again(struct xs_pins *pins);

#define XS_HISTORY 60 /* samples kept for each queue */

/* One instance and its last two samples. */
struct xs_watched {
	struct xs_pins pins;
	bool open;
	bool named; /* asked for: stays in the list when it is gone */
	char ifname[16]; /* now */
	char why[XS_ERROR_MAX]; /* not open: why not */
	struct xs_queue_stats *now, *before; /* NULL: none yet */
	float (*history)[XS_HISTORY]; /* packets a second by queue, the newest last */
	__u32 cnt; /* queues of all these */
};

struct xs_watched_list {
	struct xsteer_ctx *quiet; /* a context that tells nobody: the screen is full */
	struct xs_watched *list;
	int cnt;
	bool all; /* every instance of this network namespace, whenever it comes */
};

/* The operands, or all without any. 0 or -errno, told. */
int xs_watched_open(struct xs_cli *cli, struct xs_watched_list *watched);
/*
 * A new sample of each; `seconds` since the last. One that cannot be read says why in its
 * row; of those that were not named, it leaves the list.
 */
void xs_watched_sample(struct xs_watched_list *watched, double seconds);
void xs_watched_close(struct xs_watched_list *watched);

#endif
