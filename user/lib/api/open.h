/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Instances as programs ask for them: by the interface's name, and told if there is none. */
#ifndef XS_API_OPEN_H
#define XS_API_OPEN_H

#include "lib/instance/pins.h"

/* Says that there is no instance, and how to get one. -ENOENT. */
int xs_api_no_instance(struct xsteer_ctx *ctx, const char *ifname);

/* xs_pins_open() and xs_pins_open_locked(), which also log that there is none. */
int xs_api_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);
int xs_api_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);

#endif
