/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prints counters by queue, as a grid or JSON, once or repeatedly. */
#ifndef XS_MAPS_STATS_H
#define XS_MAPS_STATS_H

#include <jansson.h>

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

struct xs_stats_opts {
	__u64 watch_sec; /* 0: once; else repeat after so many seconds, with rates */
	__u64 count; /* reports while watching; 0: until SIGINT or SIGTERM */
	bool all; /* rows of zeros, too */
};

/* Packets, bytes, verdicts and reasons of a row, as an object that the caller owns. */
json_t *xs_queue_stats_json(const struct xs_queue_stats *row);

/*
 * Prints once or watches. 0 or -errno, logged; watching ends with it when the instance
 * is gone. If the instance was attached again, *pins becomes the new one.
 */
int xs_maps_stats(struct xs_cli *cli, struct xs_pins *pins, const char *ifname,
		  const struct xs_stats_opts *opts);

#endif
