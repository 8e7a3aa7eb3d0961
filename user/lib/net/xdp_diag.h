/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* AF_XDP sockets of any process, as the kernel's sock_diag reports them. */
#ifndef XS_XDP_DIAG_H
#define XS_XDP_DIAG_H

#include <stdbool.h>

#include <linux/if_xdp.h>
#include <linux/types.h>

struct xs_diag_socket {
	__u32 inode; /* of the socket, as /proc/PID/fd shows it */
	__u32 queue;
	__u32 uid;
	bool zero_copy;
	struct xdp_statistics stats;
};

struct xs_diag_sockets {
	struct xs_diag_socket *rows; /* the caller frees it */
	__u32 cnt;
};

/*
 * Lists the sockets that are bound to an interface of this network namespace. 0;
 * -ENOENT: this kernel was built without CONFIG_XDP_SOCKETS_DIAG; other -errno. Silent.
 * Needs no privilege.
 */
int xs_diag_sockets_read(__u32 ifindex, struct xs_diag_sockets *sockets);

#endif
