/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain run: a chain on the queues of an interface. */
#ifndef XS_CHAIN_RUN_H
#define XS_CHAIN_RUN_H

#include "options.h"

/* 0 or -errno, logged. */
int xs_chain_run(struct xs_cli *cli);

#endif
