/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* This build's program in place of the one that runs. */
#ifndef XS_UPGRADE_H
#define XS_UPGRADE_H

#include <linux/types.h>

struct xs_upgraded {
	__u32 old_prog_id, prog_id;
	__u32 old_version; /* as in meta */
};

/*
 * Loads this build's program over the maps of the instance and puts it into its
 * link in one step (BPF_LINK_UPDATE): every frame is seen by one program or the
 * other, and sockets, counters and rules stay. The caller holds xs_pins_lock(NULL, ...).
 * Needs CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN to look at the rules. 0 or
 * -errno, logged; then the old program still runs. -EPROTO: the rules in force are
 * of a layout that this build's program does not search. -EOPNOTSUPP beside others in a dispatcher, which cannot do it.
 */
int xs_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xs_upgraded *result);

#endif
