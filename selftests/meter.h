/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who used the CPUs, and what AF_XDP sockets lost: for measuring from outside. */
#ifndef SELFTESTS_METER_H
#define SELFTESTS_METER_H

#include <sys/types.h>
#include <linux/if_xdp.h>
#include <linux/types.h>

/*
 * CPU time of all threads of a process (kernel threads are processes too), in
 * ns; 0 if it is gone. Exact but for the running time slice: up to a tick old.
 */
__u64 meter_process_ns(pid_t pid);

/* Of this process. */
__u64 meter_own_ns(void);

/*
 * Busy time of all CPUs, in ns, by ticks: of those who came and went too. Time
 * that a hypervisor took away is not in it.
 */
__u64 meter_busy_ns(void);

/*
 * XDP_STATISTICS of every AF_XDP socket of the process, summed, whoever wrote
 * it. The number of sockets, or -errno. Needs the right to ptrace the process.
 */
int meter_sockets(pid_t pid, struct xdp_statistics *sum);

#endif
