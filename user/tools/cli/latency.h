/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A log-linear histogram of nanoseconds, with 16 buckets for each power of two. So in 5
 * KB a quantile is within 6 % from 1 ns to 18 minutes, and recording is one increment.
 * One thread writes; others read by relaxed loads.
 */
#ifndef XS_LATENCY_H
#define XS_LATENCY_H

#include <linux/types.h>

#define XS_LATENCY_SUB_BITS 4
#define XS_LATENCY_BUCKETS ((40 - XS_LATENCY_SUB_BITS + 1) << XS_LATENCY_SUB_BITS)

struct xs_latency {
	__u64 buckets[XS_LATENCY_BUCKETS];
	__u64 count;
	__u64 max_ns;
};

void xs_latency_record(struct xs_latency *hist, __u64 ns);
/* The same value, `cnt` times. */
void xs_latency_record_many(struct xs_latency *hist, __u64 ns, __u64 cnt);
void xs_latency_add(struct xs_latency *sum, const struct xs_latency *hist);

/* The upper end of the bucket that holds the quantile (0..1), but at most max; 0: it is empty. */
__u64 xs_latency_quantile(const struct xs_latency *hist, double quantile);

/* How many values are below 2^power, exactly: the edge of a bucket. power: 0 to 39. */
__u64 xs_latency_below(const struct xs_latency *hist, __u32 power);

/* The bucket of a value, and the largest value of a bucket. */
__u32 xs_latency_bucket(__u64 ns);
__u64 xs_latency_bucket_max(__u32 bucket);

#endif
