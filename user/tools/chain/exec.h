/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain exec. */
#ifndef XS_CHAIN_EXEC_H
#define XS_CHAIN_EXEC_H

#include "tools/cli/cli.h"

/*
 * Connects to a broker, gives up all rights, and becomes the network function. Returns only
 * after a failure: -errno, logged.
 */
int xs_chain_exec(struct xs_cli *cli);

#endif
