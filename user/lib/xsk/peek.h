/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Looking at an AF_XDP socket of another process, without disturbing it. */
#ifndef XS_XSK_PEEK_H
#define XS_XSK_PEEK_H

#include <linux/if_xdp.h>
#include <linux/types.h>

struct xs_xsk_state {
	struct xdp_statistics stats;
	__u32 zero_copy;
	/* descriptors in each ring now; the fill and completion ring are the UMEM's */
	__u32 rx, tx, fill, completion;
};

/*
 * State of socket `fd` of process `pid`: a copy of the descriptor by
 * pidfd_getfd (Linux 5.6), closed before it returns, and its rings mapped for
 * the moment of reading. (An XSKMAP entry lives as long as any reference to its
 * socket, mappings too: net/xdp/xsk.c.) Needs the right to ptrace the process.
 * 0 or -errno, silently.
 */
int xs_xsk_peek(__u32 pid, __u32 fd, struct xs_xsk_state *state);

#endif
