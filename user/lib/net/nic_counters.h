/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a driver counts, under its own names, as `ethtool -S` shows it; and which of
 * these are known to be a loss before or after an XDP program.
 */
#ifndef XS_NIC_COUNTERS_H
#define XS_NIC_COUNTERS_H

#include <stdbool.h>
#include <linux/types.h>

enum xs_nic_role {
	XS_NIC_other,
	XS_NIC_missed, /* arrived while the NIC had no room */
	XS_NIC_bad, /* arrived broken */
	XS_NIC_no_memory, /* arrived, but there was no buffer */
	XS_NIC_seen, /* met an XDP program */
	XS_NIC_lost, /* its verdict could not be carried out */
	XS_NIC_lost_or_dropped, /* that, or the verdict was drop */
	XS_NIC_tx_lost, /* its verdict was tx, and the driver accepted no more */
	XS_NIC_ROLE_MAX
};

struct xs_nic_counter {
	char name[40];
	enum xs_nic_role role;
	int queue; /* -1: of the whole NIC */
	__u64 value;
};

struct xs_nic_counters {
	struct xs_nic_counter *rows; /* the caller frees it */
	__u32 cnt;
	bool counts_lost; /* in native mode the driver reports all that is lost after the program */
};

/*
 * `driver` is its name as in ethtool -i. 0, with no rows if the driver counts nothing;
 * or -errno, silently. Needs no privilege.
 */
int xs_nic_counters_read(const char *ifname, __u32 ifindex, const char *driver,
			 struct xs_nic_counters *counters);

#endif
