/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Looks at an AF_XDP socket of another process without disturbing it. */
#ifndef XS_XSK_PEEK_H
#define XS_XSK_PEEK_H

#include <stdbool.h>
#include <linux/if_xdp.h>
#include <linux/types.h>

struct xs_xsk_state {
	struct xdp_statistics stats;
	__u32 zero_copy;
	/* Descriptors in each ring now. The fill and completion rings are the UMEM's. */
	__u32 rx, tx, fill, completion;
};

/*
 * Reads the state of socket `fd` of process `pid`. Copies the descriptor by pidfd_getfd
 * (Linux 5.6), maps its rings, reads them, and releases everything before it returns.
 * (An XSKMAP entry lives as long as any reference to its socket, including mappings:
 * net/xdp/xsk.c.) Needs the right to ptrace the process. 0 or -errno, silently.
 */
int xs_xsk_peek(__u32 pid, __u32 fd, struct xs_xsk_state *state);

/* What a descriptor of this process is. Both false: it is no AF_XDP socket. Silent. */
bool xs_xsk_is_socket(int fd);
bool xs_xsk_is_zero_copy(int fd);

#endif
