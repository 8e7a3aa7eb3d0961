/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Events of the interface (up, down, gone), and who else has sockets. */
#ifndef XS_BOUNCER_WATCH_H
#define XS_BOUNCER_WATCH_H

#include <stddef.h>
#include <linux/types.h>

#include "tools/cli/cli.h"

/*
 * Opens a descriptor that is readable when something happened to an interface. Returns
 * it, or -errno, logged.
 */
int xs_watch_open(struct xs_cli *cli);

enum xs_link_state {
	XS_LINK_same,
	XS_LINK_up,
	XS_LINK_down,
	XS_LINK_gone, /* deleted, or moved to another namespace */
};

/*
 * Reads what has come, and returns the state of `ifindex` after it. *mtu becomes its
 * MTU if that was reported. Never blocks.
 */
enum xs_link_state xs_watch_read(struct xs_cli *cli, int fd, __u32 ifindex, __u32 *mtu);

/*
 * Lists the processes that hold AF_XDP sockets in this network namespace, as "pid 12
 * (xdpsock), ..."; the kernel tells no more. Needs CAP_SYS_PTRACE to see those of other
 * users. "" if none is seen.
 */
void xs_holders(char *text, size_t len);

#endif
