/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel tells of each receive queue by the netdev family: its NAPI instance, that
 * one's interrupt and thread, whether an AF_XDP socket is bound, what the NIC has dropped.
 */
#ifndef XS_NETDEV_QUEUES_H
#define XS_NETDEV_QUEUES_H

#include <stdbool.h>
#include <linux/types.h>

struct xs_netdev_queue {
	__u32 napi; /* id; 0: not told, as the next two */
	__u32 irq;
	__u32 thread; /* pid of the kernel thread that polls it, if one does */
	bool bound; /* of whatever process; told since Linux 6.15 */
	bool drops_told;
	__u64 drops; /* without room or without a buffer */
};

struct xs_netdev_queues {
	struct xs_netdev_queue *rows; /* by queue; the caller's to free */
	__u32 cnt;
	int queues_err, stats_err; /* 0; or why it was not told: -EOPNOTSUPP, -ENOENT: too old */
};

/*
 * Of the first `cnt` receive queues. What the kernel or driver does not tell is left out. 0 or
 * -ENOMEM. No privilege needed.
 */
int xs_netdev_queues_read(__u32 ifindex, __u32 cnt, struct xs_netdev_queues *queues);

/* CPUs that an interrupt goes to, as a list such as 0-1,4: 0 or -errno, silently. */
int xs_irq_cpus(__u32 irq, char *text, unsigned int len);

/* The NUMA node of a CPU; -1: not told. */
int xs_cpu_node(__u32 cpu);

#endif
