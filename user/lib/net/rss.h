/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The table by which a NIC spreads frames over its receive queues (RSS): what `ethtool -x` shows and
 * `ethtool -X` sets. Asks by ioctl; all functions are silent.
 */
#ifndef XS_NET_RSS_H
#define XS_NET_RSS_H

#include <stdbool.h>
#include <linux/types.h>

#include "maps/xsteer.h"

struct xs_rss {
	__u32 queues; /* that it may lead to: 0..queues-1 */
	__u32 size;
	__u16 entry[XS_RESERVED_TABLE_MAX]; /* hash % size -> queue */
};

/*
 * Needs no privilege. 0; -EOPNOTSUPP: there is no such table; -E2BIG: it is larger than any that
 * was known; other -errno.
 */
int xs_rss_read(const char *ifname, struct xs_rss *rss);

/* Sets every entry. Needs CAP_NET_ADMIN. 0 or -errno. */
int xs_rss_write(const char *ifname, const struct xs_rss *rss);

/* Gives the table back to kernel and driver, as nobody had set it. Needs CAP_NET_ADMIN. 0 or -errno. */
int xs_rss_reset(const char *ifname);

/* Does it spread as the kernel does by itself, entry after entry over all queues? */
bool xs_rss_is_default(const struct xs_rss *rss);

/* Are these its entries? */
bool xs_rss_is(const struct xs_rss *rss, const __u16 *entry, __u32 size);

#endif
