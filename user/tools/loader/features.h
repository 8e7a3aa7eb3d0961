/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What driver and kernel offer for XDP and AF_XDP on an interface. */
#ifndef XS_FEATURES_H
#define XS_FEATURES_H

#include <stdbool.h>
#include "tools/cli/cli.h"

/* struct xs_netif.rx_metadata: enum netdev_xdp_rx_metadata, the same file (Linux 6.7) */
#define XS_RX_TIMESTAMP (1 << 0)
#define XS_RX_HASH (1 << 1)
#define XS_RX_VLAN (1 << 2)

/*
 * The probes below, and instances, take descriptors: without them a kernel would look as if
 * it lacked what could not be asked. 0; or -errno, logged: there are too few.
 */
int xs_need_descriptors(struct xs_cli *cli);

bool xs_kernel_has_af_xdp(void);
bool xs_kernel_has_btf(void); /* its types, for CO-RE */
bool xs_kernel_has_freplace(void); /* what libxdp's dispatcher needs */

/*
 * Prints a grid, or JSON: each feature; yes, no or not known; and since which kernel.
 * Changes and attaches nothing. 0 or -errno, logged.
 */
int xs_features_show(struct xs_cli *cli, const char *ifname);

#endif
