/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Clocks, and how far those of this process's time namespace are from the kernel's. */
#ifndef XS_CLOCK_H
#define XS_CLOCK_H

#include <linux/types.h>

/* CLOCK_MONOTONIC of this process: for durations alone. */
__u64 xs_monotonic_ns(void);

/*
 * The clock of bpf_ktime_get_ns(), for moments that the data path compares: time
 * namespaces shift CLOCK_MONOTONIC for processes, not for programs in the kernel.
 * 0; or -errno, silently, if this process cannot tell how far it is shifted.
 */
int xs_kernel_ns(__u64 *ns);

/*
 * How far this process sees the time since boot shifted, as in the start times of
 * /proc/PID/stat. 0 or -errno, silently, as above.
 */
int xs_boot_shift_ns(__s64 *ns);

#endif
