/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Queues, rules and sockets, live: full-screen, or as lines again and again. */
#ifndef XS_MAPS_TOP_H
#define XS_MAPS_TOP_H

#include "tools/cli/cli.h"

struct xs_top_opts {
	__u64 every_sec; /* between two samples */
	__u64 batch; /* so many reports as lines, then end; 0: a screen */
	const char *tab; /* its name; NULL: queues */
	const char *filter; /* rows with this text; NULL: all */
	const char *sort; /* heading of a column; NULL: as they come */
};

/*
 * Until 'q', SIGINT or SIGTERM. Of the operands, or of every instance. 0 or -errno, told;
 * without a terminal on stdout it asks for a batch. A terminal that is not known gets lines.
 */
int xs_maps_top(struct xs_cli *cli, const struct xs_top_opts *opts);

#endif
