/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Network functions that the broker starts itself. */
#ifndef XS_CHAIN_CHILDREN_H
#define XS_CHAIN_CHILDREN_H

#include "nfs.h"

/*
 * Starts a command by /bin/sh with its end of a connected socket in XSTEER_NF_FD. It
 * inherits the rights of this process. 0 or -errno, logged.
 */
int xs_child_start(struct xs_nfs *nfs, const char *command);

/*
 * 1: all have joined; 0: some are on their way; -ECHILD, logged: one of the `cnt` that
 * were started ended before it joined.
 */
int xs_children_joined(const struct xs_nfs *nfs, __u32 cnt);

#endif
