/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a driver counts, by its own names, as `ethtool -S` shows it; and what of it is
 * known to be a loss before or behind an XDP program.
 */
#ifndef XS_NIC_COUNTERS_H
#define XS_NIC_COUNTERS_H

#include <stdbool.h>
#include <linux/types.h>

enum xs_nic_role {
	XS_NIC_other,
	XS_NIC_missed, /* came in while the NIC had no room */
	XS_NIC_bad, /* came in broken */
	XS_NIC_no_memory, /* came in, and there was no buffer */
	XS_NIC_seen, /* met an XDP program */
	XS_NIC_lost, /* its verdict could not be carried out */
	XS_NIC_lost_or_dropped, /* that, or the verdict was drop */
	XS_NIC_tx_lost, /* its verdict was tx, and the driver took no more */
	XS_NIC_ROLE_MAX
};

struct xs_nic_counter {
	char name[40];
	enum xs_nic_role role;
	int queue; /* -1: of the whole NIC */
	__u64 value;
};

struct xs_nic_counters {
	struct xs_nic_counter *rows; /* the caller's to free */
	__u32 cnt;
	bool counts_lost; /* the driver tells of all that is lost behind the program, in native mode */
};

/*
 * `driver`: as ethtool -i names it. 0, with none for a driver that counts nothing; or
 * -errno, silently. No privilege needed.
 */
int xs_nic_counters_read(const char *ifname, __u32 ifindex, const char *driver,
			 struct xs_nic_counters *counters);

#endif
