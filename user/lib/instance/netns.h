/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which network namespace an instance is of. */
#ifndef XS_INSTANCE_NETNS_H
#define XS_INSTANCE_NETNS_H

#include "maps/xsteer.h"

enum xs_netns {
	XS_NETNS_OURS,
	XS_NETNS_OTHER,
	XS_NETNS_GONE, /* another, and its number is a later one's now */
	XS_NETNS_UNKNOWN, /* cannot be told; errno says why */
};

/*
 * By inode and, where the kernel has it (5.14), by cookie: inodes are used again once
 * a namespace is gone. Needs a socket. Silent.
 */
enum xs_netns xs_netns_of(const struct xs_meta *meta);

/* Writes that of this process. 0 or -errno, silently. */
int xs_netns_set_own(struct xs_meta *meta);

#endif
