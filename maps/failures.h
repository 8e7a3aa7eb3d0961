/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What bpf/failures.bpf.c counts: frames that the kernel did not deliver after the
 * verdict, according to its tracepoints. The tools read it; nothing of it is pinned.
 */
#ifndef XSTEER_FAILURES_H
#define XSTEER_FAILURES_H

#include <linux/types.h>

/* The place of the failure, and the meaning of `index` and `error`. */
enum xs_failure_kind {
	XS_FAILURE_xsk, /* redirect to a socket: slot, errno */
	XS_FAILURE_cpu, /* redirect to a CPU, before its queue: CPU, errno */
	XS_FAILURE_dev, /* redirect to an interface, before its queue: ifindex, errno */
	XS_FAILURE_redirect, /* by none of these maps: map's index, errno */
	XS_FAILURE_cpu_queue, /* the CPU's queue was full: CPU, 0 */
	XS_FAILURE_cpu_kernel, /* that CPU had no memory for the frame: CPU, 0 */
	XS_FAILURE_dev_xmit, /* the other interface's driver accepted no more: ifindex, errno */
	XS_FAILURE_tx, /* back out, the driver accepted no more: 0, errno */
	XS_FAILURE_exception, /* the driver could not do what the program returned: XDP_*, 0 */
	XS_FAILURE_MAX
};

struct xs_failure_key {
	__u32 kind; /* enum xs_failure_kind */
	__u32 index;
	__s32 error; /* errno, positive */
};

#define XS_FAILURE_KEYS 1024 /* kinds x slots x errors that do occur; others are only summed */

_Static_assert(sizeof(struct xs_failure_key) == 12, "no holes in a hash key");

#endif
