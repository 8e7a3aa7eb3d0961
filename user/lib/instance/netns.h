/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The network namespace that an instance belongs to. */
#ifndef XS_INSTANCE_NETNS_H
#define XS_INSTANCE_NETNS_H

#include "maps/xsteer.h"

enum xs_netns {
	XS_NETNS_OURS,
	XS_NETNS_OTHER,
	XS_NETNS_GONE, /* another one, and its inode now belongs to a later one */
	XS_NETNS_UNKNOWN, /* not known; errno says why */
};

/*
 * Compares by inode and, where the kernel has it (5.14), by cookie: the kernel reuses
 * inodes of namespaces that are gone. Opens a socket. Silent.
 */
enum xs_netns xs_netns_of(const struct xs_meta *meta);

/* Stores the namespace of this process. 0 or -errno, silently. */
int xs_netns_set_own(struct xs_meta *meta);

#endif
