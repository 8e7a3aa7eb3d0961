/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Waits that a signal can end. A program that reads its signals from a descriptor
 * stores it in the context (ctx->stop_fd); every wait on behalf of that context watches
 * it.
 */
#ifndef XS_WAIT_H
#define XS_WAIT_H

#include <stdbool.h>

struct xsteer_ctx;

/* Whether the program has been asked to stop. Reads nothing and never blocks. */
bool xs_asked_to_stop(const struct xsteer_ctx *ctx);

/* Sleeps for `ms` milliseconds. 0; or -EINTR, silently: the program was asked to stop. */
int xs_wait_ms(const struct xsteer_ctx *ctx, int ms);

/* Waits until `fd` is readable. 0; -ETIMEDOUT after `ms` milliseconds; -EINTR as above. Silent. */
int xs_wait_readable(const struct xsteer_ctx *ctx, int fd, int ms);

#endif
