/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain check. */
#ifndef XS_CHAIN_CHECK_H
#define XS_CHAIN_CHECK_H

#include "tools/cli/cli.h"

/* Parses the file, draws its chains, prints what a frame may cost. 0 or -errno, logged. */
int xs_chain_check(struct xs_cli *cli);

#endif
