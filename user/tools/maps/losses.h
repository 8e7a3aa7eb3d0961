/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From frames in to frames delivered, on stdout: a line a cause, with its remedy. */
#ifndef XS_MAPS_LOSSES_H
#define XS_MAPS_LOSSES_H

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

struct xs_losses_opts {
	__u64 watch_sec; /* 0: once, since the counters began; else of each interval */
	__u64 count; /* reports while watching; 0: until SIGINT or SIGTERM */
};

/*
 * 0 or -errno, logged. Watching listens to the kernel's tracepoints, where that is allowed,
 * and ends when the instance is gone. *pins is another when it was attached anew.
 */
int xs_maps_losses(struct xs_cli *cli, struct xs_pins *pins, const char *ifname,
		   const struct xs_losses_opts *opts);

#endif
