/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The commands of xsteer-chain that ask a running broker. 0 or -errno, logged. */
#ifndef XS_CHAIN_ASK_H
#define XS_CHAIN_ASK_H

#include "tools/cli/cli.h"

int xs_chain_show(struct xs_cli *cli);
int xs_chain_export(struct xs_cli *cli);
int xs_chain_drain(struct xs_cli *cli);
int xs_chain_apply(struct xs_cli *cli);

#endif
