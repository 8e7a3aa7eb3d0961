/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Clocks, and the offsets between this process's time namespace and the kernel. */
#ifndef XS_CLOCK_H
#define XS_CLOCK_H

#include <linux/types.h>

/* CLOCK_MONOTONIC of this process. Use it for durations only. */
__u64 xs_monotonic_ns(void);

/*
 * Reads the clock of bpf_ktime_get_ns(), for points in time that the data path
 * compares. A time namespace shifts CLOCK_MONOTONIC for processes, but not for programs
 * in the kernel. 0; or -errno, silently, if this process cannot find out the shift.
 */
int xs_kernel_ns(__u64 *ns);

/*
 * The shift of the time since boot, as this process sees it in the start times of
 * /proc/PID/stat. 0; or -errno, silently, as above.
 */
int xs_boot_shift_ns(__s64 *ns);

#endif
