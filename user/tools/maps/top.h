/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Shows queues, rules and sockets live: full-screen, or as lines repeatedly. */
#ifndef XS_MAPS_TOP_H
#define XS_MAPS_TOP_H

#include "tools/cli/cli.h"

struct xs_top_opts {
	__u64 every_sec; /* between two samples */
	__u64 batch; /* print so many reports as lines, then end; 0: a screen */
	const char *tab; /* name of the tab; NULL: queues */
	const char *filter; /* only rows with this text; NULL: all */
	const char *sort; /* heading of the column to sort by; NULL: not sorted */
};

/*
 * Shows the operands, or every instance, until 'q', SIGINT or SIGTERM. 0 or -errno,
 * logged. If stdout is not a terminal it asks for a batch. On an unknown terminal it
 * prints lines.
 */
int xs_maps_top(struct xs_cli *cli, const struct xs_top_opts *opts);

#endif
