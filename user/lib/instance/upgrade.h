/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Replaces the running program by this build's program. */
#ifndef XS_UPGRADE_H
#define XS_UPGRADE_H

#include <linux/types.h>

struct xs_upgraded {
	__u32 old_prog_id, prog_id;
	__u32 old_version; /* as in meta */
};

/*
 * Loads this build's program over the maps of the instance and puts it into the
 * instance's link in one step (BPF_LINK_UPDATE). Every frame meets one program or the
 * other; sockets, counters and rules stay. The caller holds xs_pins_lock(NULL, ...).
 * Needs CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN to look at the rules. 0; or
 * -errno, logged, and the old program still runs. -EPROTO: this build's program cannot
 * search the layout of the rules in force. -EOPNOTSUPP: the program shares a dispatcher
 * with others, which cannot do it.
 */
int xs_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xs_upgraded *result);

#endif
