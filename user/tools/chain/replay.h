/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* xsteer-chain replay: chains without an interface and without privileges. */
#ifndef XS_CHAIN_REPLAY_H
#define XS_CHAIN_REPLAY_H

#include "tools/cli/cli.h"

#define XS_REPLAY_NFS_MAX 32

struct xs_replay_options {
	const char *pcap, *out, *gen, *chain, *socket;
	const char *nfs[XS_REPLAY_NFS_MAX]; /* commands */
	__u32 nf_cnt;
	__u32 frames;
	__u32 wait_sec;
};

/* Its options' values are in cli->opts. 0 or -errno, logged. */
int xs_chain_replay(struct xs_cli *cli);

#endif
