/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Waiting that a signal can end. A program that reads its signals from a descriptor
 * gives it to the context (ctx->stop_fd); what waits on its behalf looks there.
 */
#ifndef XS_WAIT_H
#define XS_WAIT_H

#include <stdbool.h>

struct xsteer_ctx;

/* Whether the program is asked to stop. Reads nothing, never blocks. */
bool xs_asked_to_stop(const struct xsteer_ctx *ctx);

/* Sleeps for `ms` milliseconds: 0; or -EINTR, silently: it is asked to stop. */
int xs_wait_ms(const struct xsteer_ctx *ctx, int ms);

/* Until `fd` is readable: 0; -ETIMEDOUT after `ms`; -EINTR as above. Silent. */
int xs_wait_readable(const struct xsteer_ctx *ctx, int fd, int ms);

#endif
