// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The index from an address to its rank and to the tables that may hold a match: cells
 * by the leading bits for IPv4, trees over the upper halves for IPv6.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "steps.h"

#define CLASSES_MAX 65536 /* of an address field: 16 bits */

/* Fills tables[interval] of an axis. */
static int sweep_axis(const struct xs_compiler *c, int side, const struct xs_axis *axis,
		      __u64 *tables)
{
	struct xs_span *spans = malloc((c->boxes.cnt + 1) * sizeof(*spans));
	__u32 last = axis->first + axis->cnt - 1, cnt = 0;
	int err;

	if (!spans)
		return -ENOMEM;
	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		const struct xs_box *box = &c->boxes.box[i];
		__u32 lo = box->rank_lo[side] > axis->first ? box->rank_lo[side] : axis->first;
		__u32 hi = box->rank_hi[side] < last ? box->rank_hi[side] : last;

		if (lo <= hi)
			spans[cnt++] = (struct xs_span){ lo - axis->first, hi - axis->first,
							 xs_table_of_box(c, box) };
	}
	err = xs_spans_sweep(tables, axis->cnt, spans, cnt);
	free(spans);
	return err;
}

/* How many leading bits select a cell: on average two starts fall into a cell. */
static __u32 cell_bits(__u32 interval_cnt)
{
	__u32 cells = XS_CELLS_MIN;

	while (cells < XS_CELLS_MAX && cells < interval_cnt / 2)
		cells *= 2;
	return __builtin_ctz(cells);
}

static void write_cells(const struct xs_axis *axis, __u64 *cell, __u32 bits, const __u32 *class)
{
	__u32 first = 0;

	for (__u64 i = 0; i < 1ULL << bits; i++) {
		xs_u128 start = i << (32 - bits), end = (i + 1) << (32 - bits);
		__u32 last;

		while (first + 1 < axis->cnt && axis->start[first + 1] <= start)
			first++;
		for (last = first; last + 1 < axis->cnt && axis->start[last + 1] < end;)
			last++;
		cell[i] = XS_CELL(first, last - first, class[first]);
		first = last;
	}
}

/* Which tables the intervals of an axis need. Each different answer is a class. */
struct classes {
	__u32 *of_interval;
	__u64 *tables; /* of a class */
	__u32 cnt;
	__u32 interval_cnt;
};

static size_t classes_bytes(const struct classes *classes)
{
	return classes->cnt * sizeof(__u64) + classes->interval_cnt * sizeof(__u16);
}

static void write_classes(struct xs_compiler *c, struct xs_addr_index *index, __u32 offset,
			  const struct classes *classes)
{
	size_t bytes = classes->cnt * sizeof(*classes->tables);
	__u16 *to;

	index->classes = offset;
	memcpy(xs_chunks_at(&c->chunks, index->chunk, offset), classes->tables, bytes);
	index->of_interval = offset + bytes;
	to = xs_chunks_at(&c->chunks, index->chunk, index->of_interval);
	for (__u32 i = 0; i < classes->interval_cnt; i++)
		to[i] = classes->of_interval[i];
}

static size_t align8(size_t bytes)
{
	return (bytes + 7) & ~(size_t)7;
}

/* Intervals and distinct upper halves, as far as they have been counted. */
struct tally {
	__u32 interval_cnt, upper_cnt[2]; /* of each tree */
	bool deep;
	__u64 upper; /* the last one */
};

static void tally_start(struct tally *t, xs_u128 start)
{
	__u64 upper = start >> 64;

	if (!t->interval_cnt || upper != t->upper)
		t->upper_cnt[upper >> 63]++;
	t->interval_cnt++;
	t->upper = upper;
	t->deep |= !!(__u64)start;
}

static size_t starts_bytes(__u32 interval_cnt)
{
	return align8((interval_cnt + XS_NODE + 1) * sizeof(__u32));
}

static size_t trees_bytes(__u32 upper_cnt)
{
	return ((upper_cnt + upper_cnt / (XS_NODE - 1) + 2 * XS_ADDR6_LEVELS * XS_NODE) *
			sizeof(__u64) +
		63) &
	       ~(size_t)63;
}

static size_t groups_bytes(__u32 upper_cnt)
{
	return align8((upper_cnt + 1) * sizeof(__u32));
}

/* Whether an index with so many intervals fits into a chunk, and its lower halves into one. */
static bool axis_fits(int family, const struct tally *t, __u32 class_cnt)
{
	struct classes classes = { .cnt = class_cnt, .interval_cnt = t->interval_cnt };
	__u32 upper_cnt = t->upper_cnt[0] + t->upper_cnt[1];
	size_t bytes = classes_bytes(&classes);

	if (family == XS_FAMILY_ipv4)
		return (sizeof(__u64) << cell_bits(t->interval_cnt)) +
			       starts_bytes(t->interval_cnt) + bytes <=
		       XS_CHUNK_BYTES;
	return t->upper_cnt[0] <= XS_ADDR6_MAX && t->upper_cnt[1] <= XS_ADDR6_MAX &&
	       trees_bytes(upper_cnt) + groups_bytes(upper_cnt) + bytes <= XS_CHUNK_BYTES &&
	       (!t->deep || t->interval_cnt * sizeof(__u64) <= XS_CHUNK_BYTES);
}

static int write_axis4(struct xs_compiler *c, const struct xs_axis *axis,
		       struct xs_addr_index *index, const struct classes *classes)
{
	__u32 bits = cell_bits(axis->cnt), offset, *to;
	size_t cells = sizeof(__u64) << bits, starts = starts_bytes(axis->cnt);
	int err;

	err = xs_chunks_place(&c->chunks, cells + starts + classes_bytes(classes), 64,
			      &index->chunk, &offset);
	if (err)
		return err;
	index->shift = 32 - bits;
	index->cells = offset;
	write_cells(axis, xs_chunks_at(&c->chunks, index->chunk, offset), bits,
		    classes->of_interval);
	index->starts = offset + cells;
	to = xs_chunks_at(&c->chunks, index->chunk, index->starts);
	memset(to, 0xff, starts);
	for (__u32 i = 0; i < axis->cnt; i++)
		to[i] = axis->start[i];
	write_classes(c, index, index->starts + starts, classes);
	return 0;
}

/* Distinct upper halves, each with the first of its intervals. */
struct uppers {
	__u64 *upper;
	__u32 *group;
	__u32 cnt;
	bool deep;
};

static int find_uppers(const struct xs_axis *axis, struct uppers *u)
{
	u->upper = malloc((axis->cnt + 1) * sizeof(*u->upper));
	u->group = malloc((axis->cnt + 2) * sizeof(*u->group));
	if (!u->upper || !u->group)
		return -ENOMEM;
	for (__u32 i = 0; i < axis->cnt; i++) {
		__u64 upper = axis->start[i] >> 64;

		if (!u->cnt || u->upper[u->cnt - 1] != upper) {
			u->upper[u->cnt] = upper;
			u->group[u->cnt++] = i;
		}
		if ((__u64)axis->start[i]) {
			u->group[u->cnt - 1] |= XS_GROUP_DEEP;
			u->deep = true;
		}
	}
	u->group[u->cnt] = axis->cnt;
	return 0;
}

/*
 * Writes the nodes of one tree over `cnt` upper halves. The lowest level holds all of
 * them; each other level holds the first of every node below. Returns where they end.
 */
static __u32 write_tree(struct xs_compiler *c, struct xs_addr_index *index, int tree,
			const __u64 *upper, __u32 cnt, __u32 offset)
{
	__u32 stride = 1, level = XS_ADDR6_LEVELS;

	do {
		__u32 padded = (cnt + XS_NODE - 1) / XS_NODE * XS_NODE;
		__u64 *to = xs_chunks_at(&c->chunks, index->chunk, offset);

		level--;
		for (__u32 i = 0; i < padded; i++)
			to[i] = i < cnt ? upper[(size_t)i * stride] : ~0ULL >> !tree;
		index->level[tree][level] = offset;
		index->level_cnt[tree][level] = cnt;
		offset += padded * sizeof(*to);
		stride *= XS_NODE;
		cnt = padded / XS_NODE;
	} while (cnt > 1);
	index->level_first[tree] = level;
	return offset;
}

static int write_lowers(struct xs_compiler *c, const struct xs_axis *axis,
			struct xs_addr_index *index)
{
	__u64 *to;
	int err = xs_chunks_place(&c->chunks, axis->cnt * sizeof(__u64), 64, &index->lower_chunk,
				  &index->lower);

	if (err)
		return err;
	to = xs_chunks_at(&c->chunks, index->lower_chunk, index->lower);
	for (__u32 i = 0; i < axis->cnt; i++)
		to[i] = axis->start[i];
	return 0;
}

static int write_axis6(struct xs_compiler *c, const struct xs_axis *axis,
		       struct xs_addr_index *index, const struct classes *classes)
{
	struct uppers u = { 0 };
	size_t trees, groups;
	__u32 offset, middle = 0;
	int err = find_uppers(axis, &u);

	if (err)
		goto out;
	while (!(u.upper[middle] >> 63))
		middle++;
	err = -E2BIG;
	if (middle > XS_ADDR6_MAX || u.cnt - middle > XS_ADDR6_MAX)
		goto out;
	trees = trees_bytes(u.cnt);
	groups = groups_bytes(u.cnt);
	err = xs_chunks_place(&c->chunks, trees + groups + classes_bytes(classes), 64,
			      &index->chunk, &offset);
	if (!err && u.deep)
		err = write_lowers(c, axis, index);
	if (err)
		goto out;
	index->group_first[1] = middle;
	write_tree(c, index, 1, u.upper + middle, u.cnt - middle,
		   write_tree(c, index, 0, u.upper, middle, offset));
	index->groups = offset + trees;
	memcpy(xs_chunks_at(&c->chunks, index->chunk, index->groups), u.group,
	       (u.cnt + 1) * sizeof(__u32));
	write_classes(c, index, index->groups + groups, classes);
out:
	free(u.upper);
	free(u.group);
	return err;
}

/* Appends the classes of one axis to those that the bounds are computed from. */
static int append_classes(struct xs_compiler *c, int side, const struct classes *classes)
{
	__u32 cnt = c->class_cnt[side] + classes->cnt;
	__u64 *all = realloc(c->classes[side], cnt * sizeof(*all));

	if (!all)
		return -ENOMEM;
	memcpy(all + c->class_cnt[side], classes->tables, classes->cnt * sizeof(*all));
	c->classes[side] = all;
	c->class_cnt[side] = cnt;
	return 0;
}

/* Makes the classes of an axis from its boxes. *first is the tables of its first interval. */
static int make_classes(const struct xs_compiler *c, int side, const struct xs_axis *axis,
			struct classes *classes, __u64 *first)
{
	__u64 *tables = malloc(axis->cnt * sizeof(*tables));
	long cnt = -ENOMEM;

	classes->interval_cnt = axis->cnt;
	classes->tables = malloc((axis->cnt + 1) * sizeof(*classes->tables));
	classes->of_interval = malloc(axis->cnt * sizeof(*classes->of_interval));
	if (!tables || !classes->tables || !classes->of_interval)
		goto out;
	cnt = sweep_axis(c, side, axis, tables);
	if (cnt)
		goto out;
	*first = tables[0];
	cnt = xs_classes_make(classes->of_interval, classes->tables, CLASSES_MAX, tables,
			      axis->cnt);
out:
	free(tables);
	if (cnt < 0)
		return cnt;
	classes->cnt = cnt;
	return 0;
}

/* Counts the intervals of the rules up to this one, as many as fit. False: all of them do. */
static bool rules_exceed(const struct xs_axis *axis, int family, const __u32 *first_rule,
			 __u32 rule, __u32 class_cnt, __u32 *fitting)
{
	struct tally t = { 0 };

	for (__u32 i = 0; i < axis->cnt; i++) {
		if (first_rule[i] != XS_RULE_NONE && first_rule[i] > rule)
			continue;
		*fitting = t.interval_cnt;
		tally_start(&t, axis->start[i]);
		if (!axis_fits(family, &t, class_cnt))
			return true;
	}
	return false;
}

/* Refuses the first rule with which the intervals do not fit. */
static int refuse_axis(struct xs_compiler *c, int side, int family, __u32 class_cnt)
{
	const struct xs_axis *axis = &c->ranks.axis[side][family];
	__u32 *first_rule = malloc((axis->cnt + 1) * sizeof(*first_rule));
	__u32 low = 0, high = c->rules->rule_cnt - 1, fitting = 0;
	int err = -ENOMEM;

	if (!first_rule)
		return err;
	err = xs_ranks_first_rules(axis, &c->boxes, side, family, first_rule);
	while (!err && low < high) {
		__u32 middle = low + (high - low) / 2;

		if (rules_exceed(axis, family, first_rule, middle, class_cnt, &fitting))
			high = middle;
		else
			low = middle + 1;
	}
	if (!err) {
		rules_exceed(axis, family, first_rule, low, class_cnt, &fitting);
		err = xs_refuse(
			c->report, c->rules, low,
			"the IPv%c %s addresses up to this rule have more than %u different "
			"bounds, of which a single address or prefix has two, and more do "
			"not fit; use fewer or larger prefixes",
			family == XS_FAMILY_ipv4 ? '4' : '6', side ? "destination" : "source",
			fitting);
	}
	free(first_rule);
	return err;
}

static int index_axis(struct xs_compiler *c, int side, int family)
{
	const struct xs_axis *axis = &c->ranks.axis[side][family];
	struct xs_addr_index index = { .rank_first = axis->first, .cut = axis->cnt > 1 };
	struct classes classes = { 0 };
	int err = make_classes(c, side, axis, &classes, &index.tables);

	if (!err)
		err = append_classes(c, side, &classes);
	if (!err && index.cut)
		err = family == XS_FAMILY_ipv4 ? write_axis4(c, axis, &index, &classes)
					       : write_axis6(c, axis, &index, &classes);
	if (err == -E2BIG)
		err = refuse_axis(c, side, family, classes.cnt);
	xs_header(c)->addr[side][family] = index;
	free(classes.of_interval);
	free(classes.tables);
	return err;
}

int xs_addrs_index(struct xs_compiler *c)
{
	int err = 0;

	for (int side = 0; side < 2 && !err; side++)
		for (int family = 0; family < XS_FAMILY_MAX && !err; family++)
			err = index_axis(c, side, family);
	return err;
}
