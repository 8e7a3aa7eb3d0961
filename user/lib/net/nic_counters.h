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
	XS_NIC_any_drop, /* that, or one of the two after the program */
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

/* The counters of a role on a queue, or with -1 on all. */
__u64 xs_nic_sum(const struct xs_nic_counters *counters, enum xs_nic_role role, int queue);

/*
 * Frames on a queue (-1: on all) that found no buffer, where the driver counts every drop in one
 * counter. `after`: at least so many of these drops came after the program. 0 for other drivers.
 */
__u64 xs_nic_unbuffered(const struct xs_nic_counters *counters, int queue, __u64 after);

/*
 * `driver` is its name as in ethtool -i. 0, with no rows if the driver counts nothing;
 * or -errno, silently. Needs no privilege.
 */
int xs_nic_counters_read(const char *ifname, __u32 ifindex, const char *driver,
			 struct xs_nic_counters *counters);

#endif
