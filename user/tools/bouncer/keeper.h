/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * --keeper: a process that holds the descriptors of a worker, its child, and starts another one
 * with them if it is killed. It touches no frame, and makes no thread.
 */
#ifndef XS_BOUNCER_KEEPER_H
#define XS_BOUNCER_KEEPER_H

#include "take.h"
#include "tools/cli/cli.h"
#include "tools/cli/notify.h"

/* What a worker has from its keeper. */
struct xs_keeper_child {
	int fd; /* to tell the keeper; -1: there is none */
	struct xs_notify notify; /* to the service manager, through the keeper */
	struct xs_take kept; /* of a worker that was killed: ->dead */
	struct xs_memory store; /* of one whom a service manager kept: its state */
};

/*
 * Runs `work` in child after child, until one ends by itself or several are killed at once, one
 * after the other. Returns in the keeper and in each child: there, what `work` returned. In the keeper, 0
 * or -errno, as the last child has ended.
 */
int xs_keeper_run(struct xs_cli *cli,
		  int (*work)(struct xs_cli *cli, const struct xs_keeper_child *child));

#endif
