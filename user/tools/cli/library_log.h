/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Handles what libbpf and libxdp print. Their print hooks have no argument, so this is
 * the one place that keeps the tool's call in a static. Most of the text matters only
 * if something fails, so it is stored until that is known.
 */
#ifndef XS_LIBRARY_LOG_H
#define XS_LIBRARY_LOG_H

#include "cli.h"

/* Sets both libraries' hooks, for as long as the process lives. */
void xs_library_log_init(const struct xs_cli *cli);

/* From now on stores what they print, unless -vv asks to see it at once. */
void xs_library_log_hold(void);

/*
 * Stops storing. `print`: prints all of it to stderr. Returns whether there is, or was,
 * anything to see.
 */
bool xs_library_log_release(bool print);

#endif
