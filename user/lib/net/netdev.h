/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Requests to the kernel's generic netlink family "netdev" (linux/netdev.h, Linux 6.3). */
#ifndef XS_NETDEV_H
#define XS_NETDEV_H

#include <stdbool.h>

#include <libmnl/libmnl.h>
#include <linux/types.h>

/* Debian 12's headers (6.1) have none of these. */
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_CMD_QUEUE_GET 10 /* 6.8, as NAPI_GET */
#define NETDEV_CMD_NAPI_GET 11
#define NETDEV_CMD_QSTATS_GET 12 /* 6.9 */

#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_A_DEV_XDP_ZC_MAX_SEGS 4
#define NETDEV_A_DEV_XDP_RX_METADATA_FEATURES 5

#define NETDEV_A_QUEUE_ID 1
#define NETDEV_A_QUEUE_IFINDEX 2
#define NETDEV_A_QUEUE_TYPE 3
#define NETDEV_A_QUEUE_NAPI_ID 4
#define NETDEV_A_QUEUE_XSK 7 /* 6.15 */
#define NETDEV_QUEUE_TYPE_RX 0

#define NETDEV_A_NAPI_IFINDEX 1
#define NETDEV_A_NAPI_ID 2
#define NETDEV_A_NAPI_IRQ 3
#define NETDEV_A_NAPI_PID 4

#define NETDEV_A_QSTATS_IFINDEX 1
#define NETDEV_A_QSTATS_QUEUE_TYPE 2
#define NETDEV_A_QSTATS_QUEUE_ID 3
#define NETDEV_A_QSTATS_SCOPE 4
#define NETDEV_QSTATS_SCOPE_QUEUE 1
#define NETDEV_A_QSTATS_RX_ALLOC_FAIL 12
#define NETDEV_A_QSTATS_RX_HW_DROPS 13

#define XS_NETDEV_REQUEST 256 /* bytes of a request, which must be zeroed */

/*
 * Sends one request about an interface. `ifindex_attr` is the attribute that holds its
 * index in this command. `dump` asks for everything that it has. `scope` is for
 * QSTATS_GET; 0: none. Answers go to `cb`, starting at their genlmsghdr. 0; -ENOENT:
 * this kernel has no such family; -EOPNOTSUPP: no such command, or not by this driver;
 * other -errno. Silent. Needs no privilege.
 */
int xs_netdev_ask(__u8 cmd, __u16 ifindex_attr, __u32 ifindex, bool dump, __u64 scope, mnl_cb_t cb,
		  void *arg);

#endif
