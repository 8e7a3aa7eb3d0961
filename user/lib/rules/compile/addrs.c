// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The index from an address to its rank and to the tables that may hold a match: cells
 * by the leading bits for IPv4, trees over the upper halves for IPv6.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr_blocks.h"
#include "addr_packed.h"
#include "refuse.h"
#include "steps.h"

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

static struct xs_addr_part whole_axis(const struct xs_axis *axis,
				      const struct xs_addr_classes *classes)
{
	return (struct xs_addr_part){ axis->start, classes->of_interval, axis->cnt };
}

static size_t place4(struct xs_addr_index *index, size_t at, __u32 interval_cnt, __u32 class_cnt)
{
	at = xs_place_starts(index, xs_place_cells(index, at, interval_cnt), interval_cnt);
	return xs_place_classes(index, at, interval_cnt, class_cnt);
}

static size_t place6(struct xs_addr_index *index, size_t at, const __u32 *upper_cnt,
		     __u32 interval_cnt, __u32 class_cnt)
{
	index->group_first[1] = upper_cnt[0];
	at = xs_place_tree(index, 1, xs_place_tree(index, 0, at, upper_cnt[0]), upper_cnt[1]);
	at = xs_place_groups(index, at, upper_cnt[0] + upper_cnt[1]);
	return xs_place_classes(index, at, interval_cnt, class_cnt);
}

static void write_cells(struct xs_compiler *c, const struct xs_addr_index *index,
			const struct xs_addr_part *part)
{
	__u64 *to = xs_chunks_at(&c->chunks, index->chunk, index->cells);
	struct xs_cell_range cell = { 0 };

	for (__u32 i = 0; i < 1U << (32 - index->shift); i++) {
		cell = xs_cell_range(index, part, i, cell);
		to[i] = XS_CELL(cell.first, cell.last - cell.first, 0, part->class[cell.first]);
	}
}

static int write_axis4(struct xs_compiler *c, const struct xs_axis *axis,
		       struct xs_addr_index *index, const struct xs_addr_classes *classes)
{
	const struct xs_addr_part part = whole_axis(axis, classes);
	__u32 offset;
	int err = xs_chunks_place(&c->chunks, place4(index, 0, part.cnt, classes->cnt), 64,
				  &index->chunk, &offset);

	if (err)
		return err;
	place4(index, offset, part.cnt, classes->cnt);
	write_cells(c, index, &part);
	xs_write_starts(&c->chunks, index, index->chunk, &part);
	xs_write_classes(&c->chunks, index, index->chunk, &part, classes);
	return 0;
}

static int place_axis6(struct xs_compiler *c, struct xs_addr_index *index,
		       const struct xs_uppers *u, const __u32 *upper_cnt, __u32 interval_cnt,
		       __u32 class_cnt)
{
	__u32 offset;
	int err;

	if (upper_cnt[0] > XS_ADDR6_MAX || upper_cnt[1] > XS_ADDR6_MAX ||
	    (u->deep && interval_cnt * sizeof(__u64) > XS_CHUNK_BYTES))
		return -E2BIG;
	err = xs_chunks_place(&c->chunks, place6(index, 0, upper_cnt, interval_cnt, class_cnt), 64,
			      &index->chunk, &offset);
	if (!err && u->deep)
		err = xs_chunks_place(&c->chunks, interval_cnt * sizeof(__u64), 64,
				      &index->lower_chunk, &index->lower);
	if (!err)
		place6(index, offset, upper_cnt, interval_cnt, class_cnt);
	return err;
}

static int write_axis6(struct xs_compiler *c, const struct xs_axis *axis,
		       struct xs_addr_index *index, const struct xs_addr_classes *classes)
{
	const struct xs_addr_part part = whole_axis(axis, classes);
	__u32 upper_cnt[2] = { 0 };
	struct xs_uppers u = { 0 };
	int err = xs_uppers_find(&part, 0, 0, &u);

	if (err)
		goto out;
	while (!(u.upper[upper_cnt[0]] >> 63))
		upper_cnt[0]++;
	upper_cnt[1] = u.cnt - upper_cnt[0];
	err = place_axis6(c, index, &u, upper_cnt, part.cnt, classes->cnt);
	if (err)
		goto out;
	xs_write_tree(&c->chunks, index, index->chunk, 0, u.upper, upper_cnt[0]);
	xs_write_tree(&c->chunks, index, index->chunk, 1, u.upper + upper_cnt[0], upper_cnt[1]);
	memcpy(xs_chunks_at(&c->chunks, index->chunk, index->groups), u.group,
	       (u.cnt + 1) * sizeof(*u.group));
	xs_write_classes(&c->chunks, index, index->chunk, &part, classes);
	if (u.deep)
		xs_write_lowers(&c->chunks, index, index->lower_chunk, &part);
out:
	xs_uppers_free(&u);
	return err;
}

/* Appends the classes of one axis to those that the bounds are computed from. */
static int append_classes(struct xs_compiler *c, int side, const struct xs_addr_classes *classes)
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
			struct xs_addr_classes *classes, __u64 *first)
{
	__u64 *tables = malloc(axis->cnt * sizeof(*tables));
	long cnt = -ENOMEM;

	classes->tables = malloc((axis->cnt + 1) * sizeof(*classes->tables));
	classes->of_interval = malloc(axis->cnt * sizeof(*classes->of_interval));
	if (!tables || !classes->tables || !classes->of_interval)
		goto out;
	cnt = sweep_axis(c, side, axis, tables);
	if (cnt)
		goto out;
	*first = tables[0];
	cnt = xs_classes_make(classes->of_interval, classes->tables, XS_CLASSES_MAX, tables,
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
	struct xs_tree_blocks blocks = { 0 };

	*fitting = 0;
	for (__u32 i = 0; i < axis->cnt; i++) {
		if (first_rule[i] != XS_RULE_NONE && first_rule[i] > rule)
			continue;
		if (family == XS_FAMILY_ipv4
			    ? *fitting == XS_INTERVALS_MAX
			    : !xs_tree_blocks_add(&blocks, axis->start[i], class_cnt))
			return true;
		++*fitting;
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

/* -E2BIG: it is not worth it, not for the program that is to search, or there is no room. */
static int pack_axis(struct xs_compiler *c, const struct xs_axis *axis, int family,
		     struct xs_addr_index *index, const struct xs_addr_classes *classes)
{
	int err;

	if (family != XS_FAMILY_ipv6 || axis->cnt < c->packed_from ||
	    c->layout_most < XS_SET_LAYOUT_PACKED)
		return -E2BIG;
	err = xs_packed_write(c, axis, index, classes);
	if (!err)
		xs_need_layout(c, XS_SET_LAYOUT_PACKED);
	return err;
}

/* In one chunk, or else in blocks, whose list is at `list` of chunk 0. */
static int write_axis(struct xs_compiler *c, const struct xs_axis *axis, int family,
		      struct xs_addr_index *index, const struct xs_addr_classes *classes,
		      __u32 list)
{
	const struct xs_addr_index before = *index;
	int err = pack_axis(c, axis, family, index, classes);

	if (err != -E2BIG)
		return err;
	*index = before;
	err = family == XS_FAMILY_ipv4 ? write_axis4(c, axis, index, classes)
				       : write_axis6(c, axis, index, classes);
	if (err != -E2BIG)
		return err;
	*index = before;
	xs_need_layout(c, XS_SET_LAYOUT_SIZES);
	return family == XS_FAMILY_ipv4 ? xs_cell_blocks_write(c, axis, index, classes, list)
					: xs_tree_blocks_write(c, axis, index, classes, list);
}

static int index_axis(struct xs_compiler *c, int side, int family, __u32 list)
{
	const struct xs_axis *axis = &c->ranks.axis[side][family];
	struct xs_addr_index index = { .rank_first = axis->first,
				       .cut = axis->cnt > 1 ? XS_CUT : XS_CUT_NONE };
	struct xs_addr_classes classes = { 0 };
	int err = make_classes(c, side, axis, &classes, &index.tables);

	if (!err)
		err = append_classes(c, side, &classes);
	if (!err && index.cut)
		err = write_axis(c, axis, family, &index, &classes, list);
	if (err == -E2BIG)
		err = refuse_axis(c, side, family, classes.cnt);
	xs_header(c)->addr[side][family] = index;
	free(classes.of_interval);
	free(classes.tables);
	return err;
}

/* Before parts of others fill chunk 0. */
static int place_lists(struct xs_compiler *c, __u32 (*list)[XS_FAMILY_MAX])
{
	int err = 0;

	for (int side = 0; side < 2; side++)
		for (int family = 0; family < XS_FAMILY_MAX && !err; family++)
			if (c->ranks.axis[side][family].cnt > XS_BLOCKS_FROM)
				err = xs_chunks_place_first(&c->chunks, XS_BLOCKS_BYTES, 64,
							    &list[side][family]);
	return err;
}

int xs_addrs_index(struct xs_compiler *c)
{
	__u32 list[2][XS_FAMILY_MAX] = { 0 };
	int err = place_lists(c, list);

	for (int side = 0; side < 2 && !err; side++)
		for (int family = 0; family < XS_FAMILY_MAX && !err; family++)
			err = index_axis(c, side, family, list[side][family]);
	return err;
}
