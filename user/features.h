/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What driver and kernel offer to XDP and AF_XDP on an interface. */
#ifndef XS_FEATURES_H
#define XS_FEATURES_H

/*
 * Prints a table, or JSON: each feature, yes, no or not known, and since which
 * kernel. Only asks; nothing is attached. 0 or -errno, logged.
 */
int xs_features_show(const char *ifname);

#endif
