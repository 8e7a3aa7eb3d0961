/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A UNIX socket (SOCK_SEQPACKET) at a path that nobody else serves. */
#ifndef XS_BASE_LISTEN_H
#define XS_BASE_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>

#include "ctx.h"

/*
 * Listens at the path without blocking. The path must not exist, or must be a socket
 * that a process left behind; who else does this in the same folder waits meanwhile, by its
 * flock(2). At no moment may more users connect than `mode` says. Waits for up to 5 seconds.
 * Returns the descriptor, or -errno, logged; -EINTR as in wait.h.
 */
int xs_listen_at(struct xsteer_ctx *ctx, const char *path, mode_t mode);

/*
 * Removes sockets in the folder of `path` that killed processes left behind, up to 100 at a time. Only
 * for a folder where all sockets are of us. Waits as xs_listen_at() does. What fails is left.
 */
void xs_listen_sweep(struct xsteer_ctx *ctx, const char *path);

/*
 * Removes the socket at the path at the end, before or after its descriptor is closed. If the path
 * was removed and another process listens there by now, it stays. Does not block.
 */
void xs_listen_remove(const char *path);

/*
 * Whether the process at the other end of a UNIX socket is root's or this user's, as the kernel
 * knows it: the path may have been opened to others. Of the end that listens it is the process
 * that called listen().
 */
bool xs_peer_is_trusted(int fd);

#endif
