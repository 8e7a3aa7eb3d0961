// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Cuts the elements of concatenations out of a rule, dimension after dimension: the values
 * of one dimension are grouped by which elements name them. Those that none names are a
 * part; of the others it is cut out, in the next dimensions, what their elements name there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tuples.h"

#define DIMS_MAX (2 * XS_TUPLE_FIELDS_MAX) /* `port` has two */
/* How often elements may lie over values of a dimension: a second's work, and 64 MB. */
#define WORK_MAX (1U << 24)

/* An element: a range for each dimension of its concatenation. */
struct element {
	struct xs_range range[DIMS_MAX];
};

/* One concatenation. */
struct concat {
	enum xs_dim dim[DIMS_MAX];
	__u32 bits[DIMS_MAX];
	__u32 dim_cnt;
	struct element *elements;
	__u32 cnt;
	const struct concat *next;
};

struct cutter {
	struct xs_arena *arena; /* of what stays */
	struct xs_arena work;
	xs_part_fn *fn;
	void *arg;
	__u32 part_cnt, work_cnt;
};

/* Values of a dimension that the same elements name. */
struct interval {
	struct xs_range range;
	const __u32 *ids; /* what these name in the next dimensions, as numbers; sorted */
	__u32 id_cnt;
};

static __u32 add_dim(struct concat *concat, enum xs_dim dim, __u32 bits)
{
	for (__u32 i = 0; i < concat->dim_cnt; i++)
		if (concat->dim[i] == dim)
			return i;
	concat->dim[concat->dim_cnt] = dim;
	concat->bits[concat->dim_cnt] = bits;
	return concat->dim_cnt++;
}

/* Leaves in the range only what both have. False: that is nothing. */
static bool narrow(struct xs_range *range, const struct xs_range *with)
{
	if (range->lo < with->lo)
		range->lo = with->lo;
	if (range->hi > with->hi)
		range->hi = with->hi;
	return range->lo <= range->hi;
}

/*
 * One element, with each `port` being the destination where `sides` has its bit. False:
 * it names one field twice, and has no value for it.
 */
static bool make_element(struct concat *concat, const struct xs_match *matches, __u32 cnt,
			 const struct xs_range *ranges, __u32 sides, struct element *out)
{
	for (__u32 d = 0; d < concat->dim_cnt; d++)
		out->range[d] = (struct xs_range){ 0, xs_ones(concat->bits[d]) };
	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_field_info *info = &xs_fields[matches[i].field];
		enum xs_dim dim = info->dim;

		if (dim == XS_DIM_port) {
			dim = sides & 1 ? XS_DIM_dport : XS_DIM_sport;
			sides >>= 1;
		}
		if (!narrow(&out->range[add_dim(concat, dim, info->bits)], &ranges[i]))
			return false;
	}
	return true;
}

/* The concatenation that begins with the match. */
static int read_concat(struct cutter *c, const struct xs_match *match, struct concat *concat)
{
	__u32 fields = match->tuple, ports = 0, tuples = match->range_cnt / fields;

	for (__u32 i = 0; i < fields; i++) {
		const struct xs_field_info *info = &xs_fields[match[i].field];

		if (info->dim != XS_DIM_port) {
			add_dim(concat, info->dim, info->bits);
			continue;
		}
		add_dim(concat, XS_DIM_sport, info->bits);
		add_dim(concat, XS_DIM_dport, info->bits);
		ports++;
	}
	concat->elements =
		xs_arena_get(&c->work, ((size_t)tuples << ports) * sizeof(*concat->elements));
	if (!concat->elements)
		return -ENOMEM;
	for (__u32 t = 0; t < tuples; t++)
		for (__u32 sides = 0; sides < 1U << ports; sides++)
			concat->cnt += make_element(concat, match, fields,
						    &match->ranges[(size_t)t * fields], sides,
						    &concat->elements[concat->cnt]);
	return 0;
}

static int compare_values(xs_u128 a, xs_u128 b)
{
	return a < b ? -1 : a > b;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct xs_range *one = a, *other = b;

	return compare_values(one->lo, other->lo) ?: compare_values(one->hi, other->hi);
}

static int compare_points(const void *a, const void *b)
{
	return compare_values(*(const xs_u128 *)a, *(const xs_u128 *)b);
}

static int compare_ids(const void *a, const void *b)
{
	return compare_values(*(const __u32 *)a, *(const __u32 *)b);
}

/* By what is named in the next dimensions, then by value. */
static int compare_intervals(const void *a, const void *b)
{
	const struct interval *one = a, *other = b;
	int by = compare_values(one->id_cnt, other->id_cnt);

	if (!by && one->id_cnt)
		by = memcmp(one->ids, other->ids, one->id_cnt * sizeof(*one->ids));
	return by ?: compare_values(one->range.lo, other->range.lo);
}

/* How many different ranges the elements have in a dimension. */
static int count_ranges(struct cutter *c, const struct concat *concat, __u32 d, __u32 *cnt)
{
	struct xs_range *ranges = xs_arena_get(&c->work, concat->cnt * sizeof(*ranges) + 1);

	if (!ranges)
		return -ENOMEM;
	for (__u32 i = 0; i < concat->cnt; i++)
		ranges[i] = concat->elements[i].range[d];
	qsort(ranges, concat->cnt, sizeof(*ranges), compare_ranges);
	*cnt = 0;
	for (__u32 i = 0; i < concat->cnt; i++)
		*cnt += !i || compare_ranges(&ranges[i], &ranges[i - 1]);
	return 0;
}

static void swap_dims(struct concat *concat, __u32 a, __u32 b)
{
	enum xs_dim dim = concat->dim[a];
	__u32 bits = concat->bits[a];

	concat->dim[a] = concat->dim[b];
	concat->dim[b] = dim;
	concat->bits[a] = concat->bits[b];
	concat->bits[b] = bits;
	for (__u32 i = 0; i < concat->cnt; i++) {
		struct xs_range *range = concat->elements[i].range, kept = range[a];

		range[a] = range[b];
		range[b] = kept;
	}
}

/*
 * Few ports for many addresses: the ports first, then few parts have long sets. The other
 * way round each address would be a part.
 */
static int order_dims(struct cutter *c, struct concat *concat)
{
	__u32 cnts[DIMS_MAX] = {};

	for (__u32 d = 0; d < concat->dim_cnt; d++) {
		int err = count_ranges(c, concat, d, &cnts[d]);

		if (err)
			return err;
	}
	for (__u32 d = 0; d < concat->dim_cnt; d++) {
		__u32 least = d, cnt;

		for (__u32 i = d + 1; i < concat->dim_cnt; i++)
			if (cnts[i] < cnts[least])
				least = i;
		cnt = cnts[d];
		cnts[d] = cnts[least];
		cnts[least] = cnt;
		if (least != d)
			swap_dims(concat, d, least);
	}
	return 0;
}

/* A dimension of a concatenation, and the elements that are to be cut out from it on. */
struct level {
	const struct concat *concat;
	__u32 d;
	const struct element **elements; /* sorted by what they name behind `d` */
	__u32 *id; /* of each: the number of that */
	__u32 cnt;
};

static int compare_rests(const void *a, const void *b, void *level)
{
	const struct level *of = level;
	const struct element *one = *(const struct element *const *)a,
			     *other = *(const struct element *const *)b;
	int by = 0;

	for (__u32 d = of->d + 1; !by && d < of->concat->dim_cnt; d++)
		by = compare_ranges(&one->range[d], &other->range[d]);
	return by;
}

static int number_rests(struct cutter *c, struct level *level)
{
	level->id = xs_arena_get(&c->work, level->cnt * sizeof(*level->id) + 1);
	if (!level->id)
		return -ENOMEM;
	qsort_r(level->elements, level->cnt, sizeof(const struct element *), compare_rests, level);
	for (__u32 i = 1; i < level->cnt; i++)
		level->id[i] = compare_rests(&level->elements[i - 1], &level->elements[i], level)
				       ? i
				       : level->id[i - 1];
	return 0;
}

/* Where the values of the dimension begin that other elements name than those before them. */
static int find_points(struct cutter *c, const struct level *level, xs_u128 **points, __u32 *cnt)
{
	const xs_u128 max = xs_ones(level->concat->bits[level->d]);
	xs_u128 *all = xs_arena_get(&c->work, (2 * (size_t)level->cnt + 1) * sizeof(*all));
	__u32 n = 1, unique = 1;

	if (!all)
		return -ENOMEM;
	for (__u32 i = 0; i < level->cnt; i++) {
		const struct xs_range *range = &level->elements[i]->range[level->d];

		all[n++] = range->lo;
		if (range->hi < max)
			all[n++] = range->hi + 1;
	}
	qsort(all, n, sizeof(*all), compare_points); /* all[0] is 0 already */
	for (__u32 i = 1; i < n; i++)
		if (all[i] != all[unique - 1])
			all[unique++] = all[i];
	*points = all;
	*cnt = unique;
	return 0;
}

/* An element where its range begins, for the walk over the values. */
struct start {
	struct xs_range range;
	__u32 id;
};

static int list_starts(struct cutter *c, const struct level *level, struct start **starts)
{
	struct start *list = xs_arena_get(&c->work, level->cnt * sizeof(*list) + 1);

	if (!list)
		return -ENOMEM;
	for (__u32 i = 0; i < level->cnt; i++)
		list[i] = (struct start){ level->elements[i]->range[level->d], level->id[i] };
	qsort(list, level->cnt, sizeof(*list), compare_ranges);
	*starts = list;
	return 0;
}

/* The different numbers among those of the elements at hand, sorted. */
static int list_ids(struct cutter *c, const struct start *const *at, __u32 cnt,
		    struct interval *interval)
{
	__u32 *ids = xs_arena_get(&c->work, cnt * sizeof(*ids) + 1), unique = 0;

	if (!ids)
		return -ENOMEM;
	for (__u32 i = 0; i < cnt; i++)
		ids[i] = at[i]->id;
	qsort(ids, cnt, sizeof(*ids), compare_ids);
	for (__u32 i = 0; i < cnt; i++)
		if (!i || ids[i] != ids[unique - 1])
			ids[unique++] = ids[i];
	interval->ids = ids;
	interval->id_cnt = unique;
	return 0;
}

/* Walks over the values of the dimension, with those elements at hand that name them. */
static int find_intervals(struct cutter *c, const struct level *level, struct interval **out,
			  __u32 *cnt)
{
	const struct start **at =
		xs_arena_get(&c->work, level->cnt * sizeof(const struct start *) + 1);
	struct interval *intervals;
	__u32 next = 0, at_cnt = 0;
	struct start *starts;
	xs_u128 *points;
	int err = at ? find_points(c, level, &points, cnt) : -ENOMEM;

	err = err ?: list_starts(c, level, &starts);
	if (err)
		return err;
	intervals = xs_arena_get(&c->work, *cnt * sizeof(*intervals));
	if (!intervals)
		return -ENOMEM;
	for (__u32 p = 0; p < *cnt; p++) {
		__u32 kept = 0;

		for (__u32 i = 0; i < at_cnt; i++)
			if (at[i]->range.hi >= points[p])
				at[kept++] = at[i];
		at_cnt = kept;
		while (next < level->cnt && starts[next].range.lo == points[p])
			at[at_cnt++] = &starts[next++];
		c->work_cnt += at_cnt + 1;
		if (c->work_cnt > WORK_MAX)
			return XS_TUPLES_OVERLAP;
		intervals[p].range.lo = points[p];
		intervals[p].range.hi = p + 1 < *cnt ? points[p + 1] - 1
						     : xs_ones(level->concat->bits[level->d]);
		err = list_ids(c, at, at_cnt, &intervals[p]);
		if (err)
			return err;
	}
	qsort(intervals, *cnt, sizeof(*intervals), compare_intervals);
	*out = intervals;
	return 0;
}

static int cut_level(struct cutter *c, struct level *level, const struct xs_meaning *meaning);

/* A part without the elements of this concatenation. */
static int end_concat(struct cutter *c, const struct concat *next, const struct xs_meaning *meaning)
{
	struct xs_meaning part = *meaning;
	struct level level = { .concat = next };

	if (!next) {
		if (c->part_cnt++ == XS_TUPLE_PARTS_MAX)
			return XS_TUPLES_OVERLAP;
		return c->fn(c->arg, &part);
	}
	level.cnt = next->cnt;
	level.elements = xs_arena_get(&c->work, next->cnt * sizeof(const struct element *) + 1);
	if (!level.elements)
		return -ENOMEM;
	for (__u32 i = 0; i < next->cnt; i++)
		level.elements[i] = &next->elements[i];
	c->work_cnt += next->cnt;
	return c->work_cnt > WORK_MAX ? XS_TUPLES_OVERLAP : cut_level(c, &level, meaning);
}

/* What is left of the meaning in the values of some intervals, which the same elements name. */
static int cut_group(struct cutter *c, const struct level *level, const struct interval *intervals,
		     __u32 cnt, const struct xs_meaning *meaning)
{
	struct level inner = { .concat = level->concat,
			       .d = level->d + 1,
			       .cnt = intervals[0].id_cnt };
	struct xs_range *ranges = xs_arena_get(c->arena, cnt * sizeof(*ranges));
	struct xs_meaning part = *meaning;
	int err;

	if (inner.cnt && inner.d == level->concat->dim_cnt)
		return 0;
	if (!ranges)
		return -ENOMEM;
	for (__u32 i = 0; i < cnt; i++)
		ranges[i] = intervals[i].range;
	cnt = xs_ranges_merge(ranges, cnt);
	err = xs_meaning_restrict(c->arena, &part, level->concat->dim[level->d],
				  (struct xs_ranges){ ranges, cnt });
	if (err || part.never)
		return err;
	if (!inner.cnt)
		return end_concat(c, level->concat->next, &part);
	inner.elements = xs_arena_get(&c->work, inner.cnt * sizeof(const struct element *));
	if (!inner.elements)
		return -ENOMEM;
	for (__u32 i = 0; i < inner.cnt; i++)
		inner.elements[i] = level->elements[intervals[0].ids[i]];
	return cut_level(c, &inner, &part);
}

static int cut_level(struct cutter *c, struct level *level, const struct xs_meaning *meaning)
{
	struct interval *intervals;
	__u32 cnt, from = 0;
	int err = number_rests(c, level);

	err = err ?: find_intervals(c, level, &intervals, &cnt);
	for (__u32 i = 1; !err && i <= cnt; i++) {
		const struct interval *first = &intervals[from];

		if (i < cnt && intervals[i].id_cnt == first->id_cnt &&
		    !memcmp(intervals[i].ids, first->ids, first->id_cnt * sizeof(*first->ids)))
			continue;
		err = cut_group(c, level, first, i - from, meaning);
		from = i;
	}
	return err;
}

int xs_tuples_cut(struct xs_arena *arena, const struct xs_rule *rule,
		  const struct xs_meaning *meaning, xs_part_fn *fn, void *arg)
{
	struct cutter c = { .arena = arena, .fn = fn, .arg = arg };
	const struct concat *first = NULL;
	int err = 0;

	for (__u32 i = 0; !err && i < rule->match_cnt; i++) {
		struct concat *concat;

		if (!rule->matches[i].tuple)
			continue;
		concat = xs_arena_get(&c.work, sizeof(*concat));
		err = concat ? read_concat(&c, &rule->matches[i], concat) : -ENOMEM;
		err = err ?: order_dims(&c, concat);
		if (err)
			break;
		concat->next = first;
		first = concat;
	}
	err = err ?: end_concat(&c, first, meaning);
	xs_arena_free(&c.work);
	return err;
}
