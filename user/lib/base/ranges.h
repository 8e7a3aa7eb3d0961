/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers of up to 128 bits as ranges: merged, intersected, compared. Pure. A
 * function that makes new ranges takes its memory from the caller's arena and
 * returns 0 or -ENOMEM; then *set is as it was.
 */
#ifndef XS_RANGES_H
#define XS_RANGES_H

#include <stdbool.h>
#include <linux/types.h>

#include "arena.h"

typedef unsigned __int128 xs_u128;

/* Inclusive at both ends. */
struct xs_range {
	xs_u128 lo, hi;
};

/* Sorted, disjoint, not adjacent; someone else's. NULL: any number, not none of them. */
struct xs_ranges {
	const struct xs_range *range;
	__u32 cnt;
};

/* The largest number of so many bits. */
static inline xs_u128 xs_ones(__u32 bits)
{
	return bits >= 128 ? ~(xs_u128)0 : ((xs_u128)1 << bits) - 1;
}

/* All values whose first `prefix` of `bits` bits are those of value. */
struct xs_range xs_prefix_range(xs_u128 value, __u32 prefix, __u32 bits);

/* How many of the first of `bits` bits all of lo..hi share. */
__u32 xs_prefix_bits(xs_u128 lo, xs_u128 hi, __u32 bits);

/* Sorts the ranges and joins those that overlap or touch; returns how many are left. */
__u32 xs_ranges_merge(struct xs_range *ranges, __u32 cnt);

/* Whether all of `set` is in `in`. Neither is NULL. */
bool xs_ranges_within(struct xs_ranges set, struct xs_ranges in);

/* Leaves in *set what is in both. */
int xs_ranges_intersect(struct xs_arena *arena, struct xs_ranges *set, struct xs_ranges with);

/* Makes *set, which is not NULL, the numbers up to `max` that were not in it. */
int xs_ranges_complement(struct xs_arena *arena, struct xs_ranges *set, xs_u128 max);

#endif
