/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sets of numbers of up to 128 bits, as ranges that are merged, intersected and
 * compared. Pure. A function that makes new ranges takes memory from the caller's arena
 * and returns 0 or -ENOMEM; on -ENOMEM *set is unchanged.
 */
#ifndef XS_RANGES_H
#define XS_RANGES_H

#include <stdbool.h>
#include <linux/types.h>

#include "arena.h"

typedef unsigned __int128 xs_u128;

/* Both ends are included. */
struct xs_range {
	xs_u128 lo, hi;
};

/* Sorted, disjoint, not adjacent. Does not own its ranges. NULL means any number, not no number. */
struct xs_ranges {
	const struct xs_range *range;
	__u32 cnt;
};

/* The largest number of `bits` bits. */
static inline xs_u128 xs_ones(__u32 bits)
{
	return bits >= 128 ? ~(xs_u128)0 : ((xs_u128)1 << bits) - 1;
}

/* All values of `bits` bits whose first `prefix` bits are those of `value`. */
struct xs_range xs_prefix_range(xs_u128 value, __u32 prefix, __u32 bits);

/* The number of leading bits, out of `bits`, that all values of lo..hi share. */
__u32 xs_prefix_bits(xs_u128 lo, xs_u128 hi, __u32 bits);

/* Sorts the ranges and joins those that overlap or touch. Returns how many are left. */
__u32 xs_ranges_merge(struct xs_range *ranges, __u32 cnt);

/* Whether `in` contains all of `set`. Neither is NULL. */
bool xs_ranges_within(struct xs_ranges set, struct xs_ranges in);

/* Leaves in *set only what both sets contain. */
int xs_ranges_intersect(struct xs_arena *arena, struct xs_ranges *set, struct xs_ranges with);

/* Replaces *set, which is not NULL, by all numbers up to `max` that it did not contain. */
int xs_ranges_complement(struct xs_arena *arena, struct xs_ranges *set, xs_u128 max);

#endif
