/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of xsteer-chain's commands. */
#ifndef XS_CHAIN_OPTIONS_H
#define XS_CHAIN_OPTIONS_H

#include "maps/xsteer.h"
#include "sandbox.h"
#include "tools/cli/cli.h"

#define XS_CHAIN_NFS_MAX 32
#define XS_CHAIN_QUEUES_MAX 64

#define XS_CHAIN_COPY 1
#define XS_CHAIN_ZERO_COPY 2

#define XS_CHAIN_POLL 1
#define XS_CHAIN_SPIN 2
#define XS_CHAIN_ADAPTIVE 4

struct xs_chain_options {
	/* Of several commands. */
	const char *chain, *socket;
	const char *nfs[XS_CHAIN_NFS_MAX]; /* commands */
	__u32 nf_cnt;
	__u32 frames;
	/* Of replay. */
	const char *pcap, *out, *gen;
	__u32 wait_sec; /* also of show --trace */
	/* Of run. */
	__u32 queues[XS_CHAIN_QUEUES_MAX];
	__u32 queue_cnt; /* 0: all */
	__u32 want; /* XS_CHAIN_COPY or _ZERO_COPY; neither or both: zero-copy, else copy */
	__u32 wait; /* one of XS_CHAIN_POLL, _SPIN and _ADAPTIVE; 0: poll */
	bool huge;
	__u32 duration_sec; /* 0: until it is told to stop */
	/* Of show. */
	__u32 trace; /* frames; 0: the account */
	/* Of exec. */
	const char *user; /* NULL: nobody */
	struct xs_sandbox sandbox; /* its user is not set yet */
};

#endif
