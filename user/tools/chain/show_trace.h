/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain show --trace: the way of the next frames through their chains. */
#ifndef XS_CHAIN_SHOW_TRACE_H
#define XS_CHAIN_SHOW_TRACE_H

#include "tools/cli/cli.h"

/*
 * Asks the broker at the control path, waits for the frames, and prints them. 0 or -errno,
 * logged: also if none came in time.
 */
int xs_chain_show_trace(struct xs_cli *cli, const char *path);

#endif
