/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Prints what happened from frames in to frames delivered: one line for each cause,
 * with its remedy.
 */
#ifndef XS_MAPS_LOSSES_H
#define XS_MAPS_LOSSES_H

#include "lib/instance/pins.h"
#include "loss_causes.h"
#include "tools/cli/cli.h"

struct xs_losses_opts {
	__u64 watch_sec; /* 0: once, since the counters began; else for each interval */
	__u64 count; /* reports while watching; 0: until SIGINT or SIGTERM */
};

/* Where a cause lost frames: queues, slots, CPUs or interfaces, with their shares. Cut to `len`. */
void xs_losses_where(const struct xs_losses *losses, enum xs_loss cause, char *text, size_t len);
/* The remedy, with the interface's name in it. */
void xs_losses_remedy(enum xs_loss cause, const char *ifname, char *text, size_t len);

/*
 * While watching it reads the kernel's tracepoints, if that is allowed, and ends when
 * the instance is gone. If the instance was attached again, *pins becomes the new one.
 * 0 or -errno, logged.
 */
int xs_maps_losses(struct xs_cli *cli, struct xs_pins *pins, const char *ifname,
		   const struct xs_losses_opts *opts);

#endif
