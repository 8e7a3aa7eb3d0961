// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Writes an address index with packed intervals; see addr_packed.h. */
#include <errno.h>
#include <stdlib.h>

#include "addr_packed.h"

/* The upper halves of one tree. */
struct uppers {
	const __u64 *upper;
	const __u32 *group; /* one more */
	__u32 cnt;
	int tree;
};

static __u32 group_begin(const struct uppers *u, __u32 i)
{
	return u->group[i] & ~XS_GROUP_DEEP;
}

static __u32 leaf_cnt(const struct uppers *u)
{
	return (u->cnt + XS_LEAF6 - 1) / XS_LEAF6;
}

/*
 * Places behind the last group stand for its last interval. If its upper half is the highest that
 * there is, the search ends in the last place, which then is the group: the places before it end
 * where it begins. False: the leaf's numbers are too small for its groups.
 */
static bool write_leaf(struct xs_addr6_leaf *leaf, const struct uppers *u, __u32 first,
		       const __u32 *class)
{
	__u64 highest = xs_last_upper(u->tree);
	__u32 last = u->cnt - 1;

	leaf->first = group_begin(u, first);
	for (__u32 i = 0; i < XS_LEAF6; i++) {
		__u32 at = first + i < last ? first + i : last;
		__u32 end = group_begin(u, at + 1), deep = u->group[at] & XS_GROUP_DEEP;

		leaf->upper[i] = first + i == at ? u->upper[at] : highest;
		leaf->class[i] = class[end - 1];
		if (at == last && u->upper[last] == highest && i + 1 < XS_LEAF6)
			end = group_begin(u, at);
		else if (first + i > last && u->upper[last] != highest)
			deep = 0;
		if (end - leaf->first > XS_LEAF6_END)
			return false;
		leaf->end[i] = (end - leaf->first) | (deep ? XS_LEAF6_DEEP : 0);
	}
	return true;
}

static int write_leaves(struct xs_compiler *c, const struct xs_addr_index *index,
			const struct uppers *u, const __u32 *class)
{
	__u32 cnt = leaf_cnt(u);
	__u64 *lowest = malloc(cnt * sizeof(*lowest));
	struct xs_addr6_leaf *leaf;
	int err = 0;

	if (!lowest)
		return -ENOMEM;
	leaf = xs_chunks_at(&c->chunks, index->chunk,
			    index->leaves + (__u64)index->group_first[u->tree] * sizeof(*leaf));
	for (__u32 i = 0; i < cnt && !err; i++) {
		lowest[i] = u->upper[i * XS_LEAF6];
		if (!write_leaf(&leaf[i], u, i * XS_LEAF6, class))
			err = -E2BIG;
	}
	if (!err)
		xs_write_tree(&c->chunks, index, index->chunk, u->tree, lowest, cnt);
	free(lowest);
	return err;
}

static size_t place_trees(struct xs_addr_index *index, size_t at, const struct uppers *u,
			  __u32 interval_cnt, __u32 class_cnt)
{
	__u32 leaves[2] = { leaf_cnt(&u[0]), leaf_cnt(&u[1]) };

	index->leaves = at;
	index->group_first[1] = leaves[0];
	at += (leaves[0] + leaves[1]) * sizeof(struct xs_addr6_leaf);
	at = xs_place_tree(index, 1, xs_place_tree(index, 0, at, leaves[0]), leaves[1]);
	return xs_place_classes(index, at, interval_cnt, class_cnt);
}

static int place_axis(struct xs_compiler *c, struct xs_addr_index *index, const struct uppers *u,
		      bool deep, __u32 interval_cnt, __u32 class_cnt)
{
	__u32 offset;
	int err;

	if (leaf_cnt(&u[0]) > XS_ADDR6_MAX || leaf_cnt(&u[1]) > XS_ADDR6_MAX ||
	    (deep && interval_cnt * sizeof(__u64) > XS_CHUNK_BYTES))
		return -E2BIG;
	err = xs_chunks_place(&c->chunks, place_trees(index, 0, u, interval_cnt, class_cnt), 64,
			      &index->chunk, &offset);
	if (!err && deep)
		err = xs_chunks_place(&c->chunks, interval_cnt * sizeof(__u64), 64,
				      &index->lower_chunk, &index->lower);
	if (!err)
		place_trees(index, offset, u, interval_cnt, class_cnt);
	return err;
}

int xs_packed_write(struct xs_compiler *c, const struct xs_axis *axis, struct xs_addr_index *index,
		    const struct xs_addr_classes *classes)
{
	const struct xs_addr_part part = { axis->start, classes->of_interval, axis->cnt };
	struct xs_uppers all = { 0 };
	struct uppers u[2];
	int err = xs_uppers_find(&part, 0, 0, &all);

	if (err)
		goto out;
	u[0] = (struct uppers){ all.upper, all.group, 0, 0 };
	while (!(all.upper[u[0].cnt] >> 63))
		u[0].cnt++;
	u[1] = (struct uppers){ all.upper + u[0].cnt, all.group + u[0].cnt, all.cnt - u[0].cnt, 1 };
	err = place_axis(c, index, u, all.deep, part.cnt, classes->cnt);
	index->cut = XS_CUT_PACKED;
	for (int tree = 0; tree < 2 && !err; tree++)
		err = write_leaves(c, index, &u[tree], part.class);
	if (err)
		goto out;
	xs_write_classes(&c->chunks, index, index->chunk, &part, classes);
	if (all.deep)
		xs_write_lowers(&c->chunks, index, index->lower_chunk, &part);
out:
	xs_uppers_free(&all);
	return err;
}
