/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A UNIX socket (SOCK_SEQPACKET) at a path that nobody else serves. */
#ifndef XS_CHAIN_LISTEN_H
#define XS_CHAIN_LISTEN_H

#include <sys/stat.h>

#include "lib/base/ctx.h"

/*
 * Listens at the path without blocking. The path must not exist, or must be a socket
 * that a process left behind. Returns the descriptor, or -errno, logged.
 */
int xs_listen_at(struct xsteer_ctx *ctx, const char *path, mode_t mode);

#endif
