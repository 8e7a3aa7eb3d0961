/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The interfaces whose XSKMAP may be had, and the map that is pinned at the moment. */
#ifndef XS_FDSERVER_MAPS_H
#define XS_FDSERVER_MAPS_H

#include <limits.h>
#include <linux/types.h>

#include "tools/cli/cli.h"

#define XS_SERVED_MAX 64

struct xs_served {
	const char *word; /* as the user gave it */
	char name[16]; /* the interface's own at the start; a client may use either */
	char dir[PATH_MAX];
	char said[XS_ERROR_MAX]; /* why its map could not be had the last time; "": it could */
};

struct xs_served_maps {
	struct xs_served served[XS_SERVED_MAX];
	__u32 cnt;
};

/* Finds the instances of the command's operands. 0 or -errno, logged. */
int xs_served_find(struct xs_cli *cli, struct xs_served_maps *maps);

/*
 * Opens the XSKMAP of the interface of that name, as it is pinned now: an instance may have been
 * made again. Returns a descriptor that the caller closes; -ENOENT, silently: a name that is not
 * served; other -errno, logged unless it is what was logged the last time. Needs read and write permission on the pin, no capability
 * (CAP_BPF before Linux 5.19).
 */
int xs_served_open(struct xs_cli *cli, struct xs_served_maps *maps, const char *name);

#endif
