/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The brokers that serve interfaces of this network namespace. */
#ifndef XS_BROKER_SERVING_H
#define XS_BROKER_SERVING_H

#include "control.h"

/*
 * Appends to `accounts` what each broker of these interfaces (indices) answers to "show".
 * Waits for up to `wait_ms` for each answer. 0; or the first -errno, logged once for each broker that does not
 * answer and may serve one of them. What the others say is there all the same.
 */
int xs_brokers_ask(struct xsteer_ctx *ctx, const __u32 *ifindexes, int cnt, int wait_ms,
		   json_t *accounts);

#endif
