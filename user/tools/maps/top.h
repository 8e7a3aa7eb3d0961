/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rates by queue, full-screen, once a second. */
#ifndef XS_MAPS_TOP_H
#define XS_MAPS_TOP_H

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

/* Until 'q', SIGINT or SIGTERM; needs a terminal. 0 or -errno, logged. */
int xs_maps_top(struct xs_cli *cli, const struct xs_pins *pins, int cnt);

#endif
