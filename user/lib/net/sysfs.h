/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Files of /sys/class/net. */
#ifndef XS_NET_SYSFS_H
#define XS_NET_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "netif.h"

/*
 * Read files of /sys/class/net/IFNAME. 0 or -errno, silent. First ask whether they
 * belong to our network namespace. The node is -1 if there is none or it is unknown.
 */
bool xs_sysfs_is_ours(const struct xs_netif *netif);
int xs_sysfs_read(const char *ifname, const char *file, char *text, size_t len);
int xs_sysfs_write(const char *ifname, const char *file, const char *text);
int xs_sysfs_numa_node(const struct xs_netif *netif);
/*
 * Number of transmit queues that sockets may use: fewer than ethtool's channels if the
 * driver keeps some for XDP_TX and redirects (virtio_net). 0: not known.
 */
__u32 xs_sysfs_tx_queues(const struct xs_netif *netif);

#endif
