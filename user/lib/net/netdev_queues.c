// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel tells of each receive queue; see netdev_queues.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "netdev.h"
#include "netdev_queues.h"

#define NODES_MAX 64

static __u64 get_uint(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) == sizeof(__u64) ? mnl_attr_get_u64(attr)
							       : mnl_attr_get_u32(attr);
}

static int on_queue(const struct nlmsghdr *nlh, void *arg)
{
	struct xs_netdev_queues *queues = arg;
	struct xs_netdev_queue found = {};
	__u32 id = ~0U, type = ~0U;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_QUEUE_ID:
			id = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_QUEUE_TYPE:
			type = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_QUEUE_NAPI_ID:
			found.napi = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_QUEUE_XSK:
			found.bound = true;
			break;
		}
	}
	if (type == NETDEV_QUEUE_TYPE_RX && id < queues->cnt)
		queues->rows[id] = found;
	return MNL_CB_OK;
}

static int on_napi(const struct nlmsghdr *nlh, void *arg)
{
	struct xs_netdev_queues *queues = arg;
	__u32 id = 0, irq = 0, thread = 0;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_NAPI_ID:
			id = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_NAPI_IRQ:
			irq = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_NAPI_PID:
			thread = mnl_attr_get_u32(attr);
			break;
		}
	}
	for (__u32 q = 0; id && q < queues->cnt; q++)
		if (queues->rows[q].napi == id) {
			queues->rows[q].irq = irq;
			queues->rows[q].thread = thread;
		}
	return MNL_CB_OK;
}

static int on_stats(const struct nlmsghdr *nlh, void *arg)
{
	struct xs_netdev_queues *queues = arg;
	__u32 id = ~0U, type = ~0U;
	const struct nlattr *attr;
	bool told = false;
	__u64 drops = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_QSTATS_QUEUE_ID:
			id = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_QSTATS_QUEUE_TYPE:
			type = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_QSTATS_RX_HW_DROPS:
		case NETDEV_A_QSTATS_RX_ALLOC_FAIL:
			told = true;
			drops += get_uint(attr);
			break;
		}
	}
	if (type == NETDEV_QUEUE_TYPE_RX && id < queues->cnt) {
		queues->rows[id].drops_told = told;
		queues->rows[id].drops = drops;
	}
	return MNL_CB_OK;
}

int xs_netdev_queues_read(__u32 ifindex, __u32 cnt, struct xs_netdev_queues *queues)
{
	struct xs_netdev_queues found = { .cnt = cnt };

	found.rows = calloc(cnt + 1, sizeof(*found.rows));
	if (!found.rows)
		return -ENOMEM;
	found.queues_err = xs_netdev_ask(NETDEV_CMD_QUEUE_GET, NETDEV_A_QUEUE_IFINDEX, ifindex,
					 true, 0, on_queue, &found);
	if (!found.queues_err)
		xs_netdev_ask(NETDEV_CMD_NAPI_GET, NETDEV_A_NAPI_IFINDEX, ifindex, true, 0, on_napi,
			      &found);
	found.stats_err = xs_netdev_ask(NETDEV_CMD_QSTATS_GET, NETDEV_A_QSTATS_IFINDEX, ifindex,
					true, NETDEV_QSTATS_SCOPE_QUEUE, on_stats, &found);
	*queues = found;
	return 0;
}

int xs_irq_cpus(__u32 irq, char *text, unsigned int len)
{
	char path[64];
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/irq/%u/effective_affinity_list", irq);
	file = fopen(path, "re");
	if (!file) {
		snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
		file = fopen(path, "re");
	}
	if (!file)
		return -errno;
	if (!fgets(text, (int)len, file))
		err = -EIO;
	else
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
	return err;
}

int xs_cpu_node(__u32 cpu)
{
	char path[96];

	for (int node = 0; node < NODES_MAX; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/node%d", cpu, node);
		if (!access(path, F_OK))
			return node;
	}
	return -1;
}
