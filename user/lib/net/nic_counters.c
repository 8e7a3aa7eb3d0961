// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads what a driver counts, under its own names; see nic_counters.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <libmnl/libmnl.h>

#include "ethtool.h"
#include "netlink.h"
#include "nic_counters.h"

/*
 * From the drivers' sources. For a driver that is not listed, the roles of its counters
 * are unknown.
 */
static const struct known {
	const char *driver, *before, *behind; /* the number of the queue */
	enum xs_nic_role role;
} known[] = {
	{ "veth", "rx_queue_", "_drops", XS_NIC_lost },
	{ "veth", "rx_queue_", "_xdp_tx_errors", XS_NIC_tx_lost },
	{ "veth", "rx_queue_", "_xdp_packets", XS_NIC_seen },
	{ "virtio_net", "rx_queue_", "_xdp_drops", XS_NIC_lost_or_dropped },
	/* Since Linux 6.10: rxN_. */
	{ "virtio_net", "rx", "_xdp_drops", XS_NIC_lost_or_dropped },
	{ "virtio_net", "rx_queue_", "_xdp_packets", XS_NIC_seen },
	{ "virtio_net", "rx", "_xdp_packets", XS_NIC_seen },
	{ "virtio_net", "rx_queue_", "_drops", XS_NIC_any_drop },
	{ "virtio_net", "rx", "_drops", XS_NIC_any_drop },
	{ "igb", "rx_queue_", "_drops", XS_NIC_missed },
	{ "igb", "rx_queue_", "_alloc_failed", XS_NIC_no_memory },
	{ "igc", "rx_queue_", "_drops", XS_NIC_missed },
	{ "igc", "rx_queue_", "_alloc_failed", XS_NIC_no_memory },
};

/* The queue in the name, if the name has this form; else -1. */
static int queue_in(const char *name, const struct known *form)
{
	size_t len = strlen(form->before);
	char *end;
	long queue;

	if (strncmp(name, form->before, len) || name[len] < '0' || name[len] > '9')
		return -1;
	queue = strtol(name + len, &end, 10);
	return strcmp(end, form->behind) || queue > 65535 ? -1 : (int)queue;
}

static void find_role(const char *driver, struct xs_nic_counter *counter)
{
	counter->queue = -1;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		int queue = strcmp(driver, known[i].driver) ? -1
							    : queue_in(counter->name, &known[i]);

		if (queue < 0)
			continue;
		counter->queue = queue;
		counter->role = known[i].role;
		return;
	}
}

__u64 xs_nic_sum(const struct xs_nic_counters *counters, enum xs_nic_role role, int queue)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < counters->cnt; i++)
		if (counters->rows[i].role == role &&
		    (queue < 0 || counters->rows[i].queue == queue))
			sum += counters->rows[i].value;
	return sum;
}

__u64 xs_nic_unbuffered(const struct xs_nic_counters *counters, int queue, __u64 after)
{
	__u64 any = xs_nic_sum(counters, XS_NIC_any_drop, queue);
	__u64 counted = xs_nic_sum(counters, XS_NIC_lost_or_dropped, queue);

	/* In zero-copy mode virtio_net counts what came after the program only among all. */
	if (after < counted)
		after = counted;
	return any > after ? any - after : 0;
}

static bool counts_lost(const char *driver)
{
	return !strcmp(driver, "veth") || !strcmp(driver, "virtio_net");
}

static __u32 counter_cnt(const char *ifname)
{
	struct {
		struct ethtool_sset_info info;
		__u32 cnt;
	} request = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };

	if (xs_ethtool(ifname, &request) || !request.info.sset_mask)
		return 0;
	return request.cnt;
}

/* Adds `cnt` rows at most. */
static int read_driver(const char *ifname, const char *driver, __u32 cnt,
		       struct xs_nic_counters *counters)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)cnt * ETH_GSTRING_LEN);
	struct ethtool_stats *values = calloc(1, sizeof(*values) + cnt * sizeof(__u64));
	int err = names && values ? 0 : -ENOMEM;

	if (!err && cnt) {
		*names = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS,
						    .string_set = ETH_SS_STATS,
						    .len = cnt };
		*values = (struct ethtool_stats){ .cmd = ETHTOOL_GSTATS, .n_stats = cnt };
		err = xs_ethtool(ifname, names);
		if (!err)
			err = xs_ethtool(ifname, values);
	}
	/* The driver may have fewer by now, after a change of the number of queues. */
	if (!err && values->n_stats < cnt)
		cnt = values->n_stats;
	for (__u32 i = 0; !err && i < cnt; i++) {
		struct xs_nic_counter *row = &counters->rows[counters->cnt++];

		snprintf(row->name, sizeof(row->name), "%.*s", ETH_GSTRING_LEN,
			 (const char *)names->data + (size_t)i * ETH_GSTRING_LEN);
		row->value = values->data[i];
		find_role(driver, row);
	}
	free(names);
	free(values);
	return err;
}

static int on_stats(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != IFLA_STATS64)
			continue;
		memcpy(arg, mnl_attr_get_payload(attr),
		       len < sizeof(struct rtnl_link_stats64) ? len
							      : sizeof(struct rtnl_link_stats64));
	}
	return MNL_CB_OK;
}

#define COMMON_CNT 2

/* Reads what every driver reports in the same words: COMMON_CNT rows. */
static int read_common(__u32 ifindex, struct xs_nic_counters *counters)
{
	struct rtnl_link_stats64 stats = {};
	const struct xs_nl_call call = { .cb = on_stats, .arg = &stats };
	char buf[256];
	int err = xs_nl_call(NETLINK_ROUTE, xs_nl_put_getlink(buf, ifindex), &call);

	if (err)
		return err;
	counters->rows[counters->cnt++] = (struct xs_nic_counter){ "rx_missed_errors",
								   XS_NIC_missed, -1,
								   stats.rx_missed_errors };
	counters->rows[counters->cnt++] =
		(struct xs_nic_counter){ "rx_crc_errors", XS_NIC_bad, -1, stats.rx_crc_errors };
	return 0;
}

int xs_nic_counters_read(const char *ifname, __u32 ifindex, const char *driver,
			 struct xs_nic_counters *counters)
{
	struct xs_nic_counters found = { .counts_lost = counts_lost(driver) };
	__u32 cnt = counter_cnt(ifname);
	int err;

	found.rows = calloc(COMMON_CNT + cnt, sizeof(*found.rows));
	if (!found.rows)
		return -ENOMEM;
	err = read_common(ifindex, &found);
	if (!err)
		err = read_driver(ifname, driver, cnt, &found);
	if (err)
		free(found.rows);
	else
		*counters = found;
	return err;
}
