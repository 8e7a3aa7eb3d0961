// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Clocks; see clock.h. */
#include <time.h>

#include "clock.h"

__u64 xs_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000ULL + now.tv_nsec;
}
