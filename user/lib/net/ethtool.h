/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One ethtool request by ioctl: <linux/ethtool.h> has the requests. */
#ifndef XS_ETHTOOL_H
#define XS_ETHTOOL_H

/* `request` begins with its command and receives the answer. 0 or -errno, silently. */
int xs_ethtool(const char *ifname, void *request);

#endif
