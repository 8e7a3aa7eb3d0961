/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Files of an interface below class/net of a sysfs. */
#ifndef XS_NET_SYSFS_H
#define XS_NET_SYSFS_H

#include <stddef.h>
#include <linux/types.h>

#include "netif.h"

/*
 * Mounts a sysfs of this network namespace, where nobody sees it, for all calls below with this
 * context: for a process that will drop CAP_SYS_ADMIN, which it needs. Without that, and before
 * Linux 5.2, /sys is used. Silent.
 */
void xs_sysfs_prepare(struct xsteer_ctx *ctx);

/*
 * Opens the interface's directory. Returns the descriptor; or -errno, silently: -EXDEV: /sys shows
 * another network namespace.
 */
int xs_sysfs_open(struct xsteer_ctx *ctx, const struct xs_netif *netif);
/* One file of that directory, without the line's end. 0 or -errno, silent. */
int xs_sysfs_read(int dir, const char *file, char *text, size_t len);
int xs_sysfs_write(int dir, const char *file, const char *text);

/* -1: there is none, or it is not known. */
int xs_sysfs_numa_node(struct xsteer_ctx *ctx, const struct xs_netif *netif);
/*
 * Number of transmit queues that sockets may use: fewer than ethtool's channels if the
 * driver keeps some for XDP_TX and redirects (virtio_net). 0: not known.
 */
__u32 xs_sysfs_tx_queues(struct xsteer_ctx *ctx, const struct xs_netif *netif);

#endif
