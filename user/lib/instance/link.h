/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The pinned link of an instance: which program runs in it, and how to replace it. */
#ifndef XS_INSTANCE_LINK_H
#define XS_INSTANCE_LINK_H

#include <linux/bpf.h>

#include "pins.h"

/*
 * Opens the link pinned in `dir`. Returns a descriptor, which the caller closes, and
 * fills *info; or -errno, silently. -ENOENT: no link is pinned there.
 */
int xs_link_open(const char *dir, struct bpf_link_info *info);

/*
 * Takes the program off the hook at once. Otherwise the kernel would do it some time
 * after the last holder closes the link. 0, also if the interface is gone; or -errno,
 * silently.
 */
int xs_link_detach(int link);

/*
 * Opens the program pinned in `dir`. Returns a descriptor, which the caller closes; or -errno,
 * silently. -ENOENT: none is pinned there.
 */
int xs_pinned_prog_open(const char *dir);

/*
 * Opens the program that runs in an instance's link. A program that is not the pinned
 * one must still be ours: a killed upgrade leaves such a program. Returns a descriptor,
 * which the caller closes; or -errno, logged. -EPERM: it is somebody else's. Needs
 * CAP_SYS_ADMIN.
 */
int xs_link_running(const struct xs_pins *pins, int link);

/*
 * Replaces `old_prog` by `new_prog` in one step: each frame meets one of them. If
 * another program runs by now, does nothing. 0 or -errno, logged. Needs CAP_NET_ADMIN.
 */
int xs_link_swap(struct xsteer_ctx *ctx, const char *ifname, int link, int old_prog, int new_prog);

#endif
