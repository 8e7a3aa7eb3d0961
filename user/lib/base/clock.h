/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Clocks. */
#ifndef XS_CLOCK_H
#define XS_CLOCK_H

#include <linux/types.h>

/* CLOCK_MONOTONIC, the clock of bpf_ktime_get_ns(). */
__u64 xs_monotonic_ns(void);

#endif
