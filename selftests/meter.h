/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Measures from outside who used the CPUs, and what AF_XDP sockets lost. */
#ifndef SELFTESTS_METER_H
#define SELFTESTS_METER_H

#include <sys/types.h>
#include <linux/if_xdp.h>
#include <linux/types.h>

/*
 * CPU time of all threads of a process (kernel threads are processes, too), in ns; 0 if
 * it is gone. Without the time slice that is running: up to a tick too low.
 */
__u64 meter_process_ns(pid_t pid);

/* The same for this process. */
__u64 meter_own_ns(void);

/*
 * Busy time of all CPUs, in ns, counted by ticks. It includes processes that have ended,
 * but not the time that a hypervisor gave to others.
 */
__u64 meter_busy_ns(void);

/*
 * Sums XDP_STATISTICS over all AF_XDP sockets of any process, whatever library made
 * them. Returns the number of sockets, or -errno. Needs the right to ptrace the process.
 */
int meter_sockets(pid_t pid, struct xdp_statistics *sum);

#endif
