/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which broker serves an interface. A broker listens under the name that its interface had
 * then; meanwhile the interface may have another name, and another interface may have that one.
 */
#ifndef XS_BROKER_FIND_H
#define XS_BROKER_FIND_H

#include "control.h"

/* Calls each() with the control path of every broker. 0; what each() returned, which ends it; or -errno, logged. */
int xs_each_broker(struct xsteer_ctx *ctx, int (*each)(const char *path, void *arg), void *arg);

/* Whether it serves this network namespace, from its answer to "who", or any that has the same keys. */
bool xs_broker_is_of_here(const json_t *answer);

/*
 * The control path of the broker whose network functions join at `socket`, or if that is NULL of the one that serves the
 * interface, which may be given by any of its names, or by one that it had as its instance was made and nobody has now. If no broker is found, it is the path where
 * one would be. Asks brokers, and may wait for each of them. 0 or -errno, logged.
 */
int xs_broker_find(struct xsteer_ctx *ctx, const char *ifname, const char *socket,
		   char path[XS_CONTROL_PATH_MAX]);

#endif
