/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain replay: chains without an interface and without privileges. */
#ifndef XS_CHAIN_REPLAY_H
#define XS_CHAIN_REPLAY_H

#include "options.h"

/* 0 or -errno, logged. */
int xs_chain_replay(struct xs_cli *cli);

#endif
