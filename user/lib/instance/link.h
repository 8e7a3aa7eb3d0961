/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The pinned link of an instance: which program runs in it, and another in its place. */
#ifndef XS_INSTANCE_LINK_H
#define XS_INSTANCE_LINK_H

#include <linux/bpf.h>

#include "pins.h"

/*
 * The link pinned in `dir`. A descriptor, which the caller closes, with *info filled;
 * or -errno, silently: -ENOENT: none is pinned there.
 */
int xs_link_open(const char *dir, struct bpf_link_info *info);

/*
 * Takes the program off the hook, now rather than when the kernel gets round to a
 * link that nobody holds. 0, also where the interface is gone; or -errno, silently.
 */
int xs_link_detach(int link);

/*
 * The program that runs in the link of an instance. What is not pinned must be ours
 * all the same: an upgrade that was killed leaves such a one. A descriptor, which the
 * caller closes; or -errno, logged: -EPERM: it is somebody else's. Needs CAP_SYS_ADMIN.
 */
int xs_link_running(const struct xs_pins *pins, int link);

/*
 * `new_prog` in place of `old_prog`, in one step: each frame meets one of them. If
 * another runs by now, nothing is done. 0 or -errno, logged. Needs CAP_NET_ADMIN.
 */
int xs_link_swap(struct xsteer_ctx *ctx, const char *ifname, int link, int old_prog, int new_prog);

#endif
