/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A line, or an object, for each event on instances, on stdout. */
#ifndef XS_MAPS_WATCH_H
#define XS_MAPS_WATCH_H

#include "tools/cli/cli.h"

struct xs_watch_opts {
	__u64 delay_ms; /* between two looks at the maps; links are told at once */
	__u64 count; /* events, then it ends; 0: until SIGINT or SIGTERM */
	bool no_chains; /* do not ask brokers */
};

/*
 * Of the operand's interface, or of every instance of this network namespace, those that
 * come later too. 0 or -errno, logged. Needs read permission on the pins; with
 * CAP_SYS_ADMIN it knows of confirmations and rollbacks. Blocks.
 */
int xs_maps_watch(struct xs_cli *cli, const struct xs_watch_opts *opts);

#endif
