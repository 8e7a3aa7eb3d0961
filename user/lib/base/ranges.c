// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Ranges of numbers. */
#include <errno.h>
#include <stdlib.h>

#include "ranges.h"

struct xs_range xs_prefix_range(xs_u128 value, __u32 prefix, __u32 bits)
{
	xs_u128 hosts = xs_ones(bits - prefix);

	return (struct xs_range){ value & ~hosts, value | hosts };
}

__u32 xs_prefix_bits(xs_u128 lo, xs_u128 hi, __u32 bits)
{
	xs_u128 differ = lo ^ hi;
	__u32 lower = 0;

	if (differ >> 64)
		lower = 128 - __builtin_clzll(differ >> 64);
	else if (differ)
		lower = 64 - __builtin_clzll(differ);
	return bits - lower;
}

static int by_low_end(const void *a, const void *b)
{
	const struct xs_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

__u32 xs_ranges_merge(struct xs_range *ranges, __u32 cnt)
{
	__u32 last = 0;

	if (cnt < 2)
		return cnt;
	qsort(ranges, cnt, sizeof(*ranges), by_low_end);
	for (__u32 i = 1; i < cnt; i++) {
		/* hi + 1 would overflow at the very last address. */
		if (ranges[i].lo <= ranges[last].hi || ranges[i].lo - 1 == ranges[last].hi) {
			if (ranges[i].hi > ranges[last].hi)
				ranges[last].hi = ranges[i].hi;
		} else {
			ranges[++last] = ranges[i];
		}
	}
	return last + 1;
}

/* Index of the first range that ends at v or above; cnt: there is none. */
static __u32 first_from(struct xs_ranges set, xs_u128 v)
{
	__u32 low = 0, high = set.cnt;

	while (low < high) {
		__u32 mid = low + (high - low) / 2;

		if (set.range[mid].hi < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool xs_ranges_within(struct xs_ranges set, struct xs_ranges in)
{
	for (__u32 i = 0; i < set.cnt; i++) {
		__u32 k = first_from(in, set.range[i].lo);

		if (k == in.cnt || in.range[k].lo > set.range[i].lo ||
		    in.range[k].hi < set.range[i].hi)
			return false;
	}
	return true;
}

int xs_ranges_intersect(struct xs_arena *arena, struct xs_ranges *set, struct xs_ranges with)
{
	struct xs_range *out;
	__u32 i = 0, j = 0, cnt = 0;

	if (!set->range) {
		*set = with;
		return 0;
	}
	out = xs_arena_get(arena, (set->cnt + with.cnt + 1) * sizeof(*out));
	if (!out)
		return -ENOMEM;
	while (i < set->cnt && j < with.cnt) {
		const struct xs_range *a = &set->range[i], *b = &with.range[j];
		xs_u128 lo = a->lo > b->lo ? a->lo : b->lo;
		xs_u128 hi = a->hi < b->hi ? a->hi : b->hi;

		if (lo <= hi)
			out[cnt++] = (struct xs_range){ lo, hi };
		if (a->hi < b->hi)
			i++;
		else
			j++;
	}
	*set = (struct xs_ranges){ out, cnt };
	return 0;
}

int xs_ranges_complement(struct xs_arena *arena, struct xs_ranges *set, xs_u128 max)
{
	struct xs_range *out = xs_arena_get(arena, (set->cnt + 1) * sizeof(*out));
	xs_u128 from = 0;
	__u32 cnt = 0;

	if (!out)
		return -ENOMEM;
	for (__u32 i = 0; i < set->cnt; i++) {
		if (set->range[i].lo > from)
			out[cnt++] = (struct xs_range){ from, set->range[i].lo - 1 };
		if (set->range[i].hi >= max) {
			*set = (struct xs_ranges){ out, cnt };
			return 0;
		}
		from = set->range[i].hi + 1;
	}
	out[cnt++] = (struct xs_range){ from, max };
	*set = (struct xs_ranges){ out, cnt };
	return 0;
}
