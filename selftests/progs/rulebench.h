/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What selftests/tools/rulebench.c and its program share. */
#ifndef SELFTESTS_RULEBENCH_H
#define SELFTESTS_RULEBENCH_H

#include <linux/types.h>

#define RULEBENCH_TRACE (1U << 16)

/* What differs between the frames of a run; network order. */
struct rulebench_header4 {
	__u8 addrs[8];
	__u8 ports[4];
	__u8 proto;
	__u8 pad[3];
};

struct rulebench_header6 {
	__u8 addrs[32];
	__u8 ports[4];
	__u8 proto;
	__u8 pad[11];
};

#endif
