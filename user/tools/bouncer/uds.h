/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* --uds: the device plugin's protocol. */
#ifndef XS_BOUNCER_UDS_H
#define XS_BOUNCER_UDS_H

#include "tools/cli/cli.h"

/* --uds: asks a device plugin for the XSKMAP of `ifname`. A descriptor, or -errno, logged. */
int xs_uds_map(struct xs_cli *cli, const char *path, const char *ifname);

#endif
