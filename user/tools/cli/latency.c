// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A log-linear histogram of nanoseconds. */
#include "latency.h"

#define SUB (1u << XS_LATENCY_SUB_BITS)

/* Values below SUB have a bucket each; above, each power of two has SUB buckets. */
__u32 xs_latency_bucket(__u64 ns)
{
	__u32 shift, bucket;

	if (ns < SUB)
		return ns;
	shift = 63 - __builtin_clzll(ns) - XS_LATENCY_SUB_BITS;
	bucket = (shift + 1) * SUB + ((ns >> shift) & (SUB - 1));
	return bucket < XS_LATENCY_BUCKETS ? bucket : XS_LATENCY_BUCKETS - 1;
}

__u64 xs_latency_bucket_max(__u32 bucket)
{
	__u32 shift;

	if (bucket < SUB)
		return bucket;
	shift = bucket / SUB - 1;
	return (((__u64)SUB + bucket % SUB + 1) << shift) - 1;
}

void xs_latency_record_many(struct xs_latency *hist, __u64 ns, __u64 cnt)
{
	__u64 *bucket = &hist->buckets[xs_latency_bucket(ns)];

	__atomic_store_n(bucket, *bucket + cnt, __ATOMIC_RELAXED);
	__atomic_store_n(&hist->count, hist->count + cnt, __ATOMIC_RELAXED);
	if (ns > hist->max_ns)
		__atomic_store_n(&hist->max_ns, ns, __ATOMIC_RELAXED);
}

void xs_latency_record(struct xs_latency *hist, __u64 ns)
{
	xs_latency_record_many(hist, ns, 1);
}

void xs_latency_add(struct xs_latency *sum, const struct xs_latency *hist)
{
	__u64 max_ns = __atomic_load_n(&hist->max_ns, __ATOMIC_RELAXED);
	__u32 i;

	for (i = 0; i < XS_LATENCY_BUCKETS; i++) {
		__u64 n = __atomic_load_n(&hist->buckets[i], __ATOMIC_RELAXED);

		/*
		 * Summed here rather than read, because the writer may be between the
		 * two counters.
		 */
		sum->buckets[i] += n;
		sum->count += n;
	}
	if (max_ns > sum->max_ns)
		sum->max_ns = max_ns;
}

__u64 xs_latency_quantile(const struct xs_latency *hist, double quantile)
{
	__u64 rank, seen = 0, value;
	__u32 i;

	if (!hist->count)
		return 0;
	rank = (__u64)(quantile * (double)hist->count);
	if (rank >= hist->count)
		rank = hist->count - 1;
	for (i = 0; i < XS_LATENCY_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen > rank)
			break;
	}
	value = xs_latency_bucket_max(i);
	return value < hist->max_ns ? value : hist->max_ns;
}

__u64 xs_latency_below(const struct xs_latency *hist, __u32 power)
{
	__u32 end = xs_latency_bucket(1ull << power);
	__u64 cnt = 0;

	for (__u32 i = 0; i < end; i++)
		cnt += hist->buckets[i];
	return cnt;
}
