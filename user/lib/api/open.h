/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Opens an instance by its interface's name, and logs if there is none. */
#ifndef XS_API_OPEN_H
#define XS_API_OPEN_H

#include "lib/instance/pins.h"

/* As xs_pins_open() and xs_pins_open_locked(), but they also log if there is no instance. */
int xs_api_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);
int xs_api_open_locked(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname);

#endif
