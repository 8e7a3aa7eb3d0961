// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Cuts an address index into blocks, one in a chunk, and writes them; see maps/rule_set.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr_blocks.h"

/* Cells and classes leave so much in a chunk: 4 bytes of a start, 2 of a class. */
#define CELL_BLOCK_INTERVALS \
	((XS_CHUNK_BYTES - 8 * XS_CELLS_MAX - 8 * XS_CLASSES_MAX - 8 * XS_NODE) / 6)
/* The starts of a cell stay together, so that blocks may be shorter by that. */
_Static_assert(XS_INTERVALS_MAX / (CELL_BLOCK_INTERVALS - (1U << 16)) < XS_CELL_BLOCKS,
	       "the largest IPv4 index fits into its blocks");
_Static_assert(XS_BLOCKS_FROM >= 2 * XS_CELLS_MAX, "with blocks, a cell is 16 bits of the address");
_Static_assert(XS_BLOCKS_FROM <= CELL_BLOCK_INTERVALS, "what has no blocks fits into a chunk");

/* Lower halves fill a chunk. The first interval is that before the block. */
#define TREE_BLOCK_INTERVALS (XS_CHUNK_BYTES / 8 - 1)

/* One block: the axis from interval `first` on. */
struct block {
	__u32 first, cnt;
};

static struct xs_addr_part block_part(const struct xs_axis *axis,
				      const struct xs_addr_classes *classes,
				      const struct block *block)
{
	return (struct xs_addr_part){ axis->start + block->first,
				      classes->of_interval + block->first, block->cnt };
}

static int add_chunks(struct xs_compiler *c, __u32 cnt, size_t bytes, __u32 *first)
{
	int err;

	*first = c->chunks.cnt;
	err = xs_chunks_add(&c->chunks, cnt);
	for (__u32 i = 0; !err && i < cnt; i++)
		c->chunks.used[*first + i] = bytes;
	return err;
}

/* Fills in the cells and says which intervals each block has. Returns how many blocks. */
static __u32 write_cells(const struct xs_addr_index *index, const struct xs_axis *axis,
			 const __u32 *class, __u64 *to, struct block *block)
{
	const struct xs_addr_part whole = { axis->start, class, axis->cnt };
	struct xs_cell_range cell = { 0 };
	__u32 n = 0;

	block[0] = (struct block){ 0 };
	for (__u32 i = 0; i < XS_CELLS_MAX; i++) {
		cell = xs_cell_range(index, &whole, i, cell);
		if (cell.last - block[n].first >= CELL_BLOCK_INTERVALS)
			block[++n] = (struct block){ .first = cell.first };
		block[n].cnt = cell.last - block[n].first + 1;
		to[i] = XS_CELL(cell.first, cell.last - cell.first, n, class[cell.first]);
	}
	return n + 1;
}

int xs_cell_blocks_write(struct xs_compiler *c, const struct xs_axis *axis,
			 struct xs_addr_index *index, const struct xs_addr_classes *classes,
			 __u32 list)
{
	__u64 *cells = malloc(XS_CELLS_MAX * sizeof(*cells));
	struct block block[XS_CELL_BLOCKS];
	struct xs_cell_blocks *to;
	size_t bytes;
	__u32 cnt;
	int err;

	if (!cells)
		return -ENOMEM;
	err = -E2BIG;
	if (axis->cnt > XS_INTERVALS_MAX)
		goto out;
	bytes = xs_place_cells(index, 0, axis->cnt);
	bytes = xs_place_starts(index, bytes, CELL_BLOCK_INTERVALS);
	bytes = xs_place_classes(index, bytes, CELL_BLOCK_INTERVALS, classes->cnt);
	cnt = write_cells(index, axis, classes->of_interval, cells, block);
	err = add_chunks(c, cnt, bytes, &index->chunk);
	if (err)
		goto out;
	memcpy(xs_chunks_at(&c->chunks, index->chunk, index->cells), cells,
	       XS_CELLS_MAX * sizeof(*cells));
	index->blocks = list;
	to = xs_chunks_at(&c->chunks, 0, list);
	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_addr_part part = block_part(axis, classes, &block[i]);

		to->first[i] = block[i].first;
		xs_write_starts(&c->chunks, index, index->chunk + i, &part);
		xs_write_classes(&c->chunks, index, index->chunk + i, &part, classes);
	}
out:
	free(cells);
	return err;
}

/* Both trees lie in the same place, since a block has one of them. */
static size_t place_tree_block(struct xs_addr_index *index, const __u32 *upper_max,
			       __u32 interval_max, __u32 class_cnt)
{
	size_t first = xs_place_tree(index, 0, 0, upper_max[0]);
	size_t second = xs_place_tree(index, 1, 0, upper_max[1]);
	__u32 most = upper_max[0] > upper_max[1] ? upper_max[0] : upper_max[1];
	size_t at = xs_place_groups(index, first > second ? first : second, most);

	return xs_place_classes(index, at, interval_max, class_cnt);
}

static bool upper_fits(__u32 upper_cnt, __u32 class_cnt)
{
	const __u32 upper_max[2] = { upper_cnt, upper_cnt };
	struct xs_addr_index index;

	return upper_cnt <= XS_ADDR6_MAX &&
	       place_tree_block(&index, upper_max, TREE_BLOCK_INTERVALS + 1, class_cnt) <=
		       XS_CHUNK_BYTES;
}

static bool open_block(struct xs_tree_blocks *b, int tree, __u32 first)
{
	if (b->cnt[tree] == XS_NODE)
		return false;
	b->first[tree][b->cnt[tree]++] = first;
	b->upper_cnt = 1;
	return true;
}

bool xs_tree_blocks_add(struct xs_tree_blocks *b, xs_u128 start, __u32 class_cnt)
{
	__u64 upper = start >> 64;
	int tree = upper >> 63;
	bool is_new = !b->interval_cnt || upper != b->upper;
	__u32 first = b->cnt[tree] ? b->first[tree][b->cnt[tree] - 1] : 0;
	bool is_full = b->interval_cnt - first == TREE_BLOCK_INTERVALS;

	if (b->interval_cnt == XS_INTERVALS_MAX)
		return false;
	if (!is_new && is_full && (b->group == first || !open_block(b, tree, b->group)))
		return false;
	if (is_new) {
		if (b->cnt[tree] && !is_full && upper_fits(b->upper_cnt + 1, class_cnt))
			b->upper_cnt++;
		else if (!open_block(b, tree, b->interval_cnt))
			return false;
		b->group = b->interval_cnt;
		b->upper = upper;
	}
	b->interval_cnt++;
	return true;
}

/* The blocks of both trees with what a part has: the interval before the first one, too. */
struct tree_blocks {
	struct block block[2 * XS_NODE];
	__u32 own[2 * XS_NODE]; /* of the part, the first interval that is the block's: 0 or 1 */
	int tree[2 * XS_NODE];
	__u32 cnt;
	__u32 upper_max[2];
	bool deep;
};

static __u32 count_uppers(const struct xs_addr_part *part, __u32 from)
{
	__u32 cnt = 0;

	for (__u32 i = from; i < part->cnt; i++)
		cnt += i == from || part->start[i] >> 64 != part->start[i - 1] >> 64;
	return cnt;
}

static void add_tree_block(struct tree_blocks *t, const struct xs_axis *axis, int tree, __u32 first,
			   __u32 end)
{
	__u32 before = first ? first - 1 : 0, upper_cnt;
	struct block *block = &t->block[t->cnt];
	struct xs_addr_part part = { axis->start + before, NULL, end - before };

	*block = (struct block){ before, end - before };
	t->own[t->cnt] = first - before;
	t->tree[t->cnt++] = tree;
	upper_cnt = count_uppers(&part, first - before);
	if (upper_cnt > t->upper_max[tree])
		t->upper_max[tree] = upper_cnt;
}

static int cut_trees(const struct xs_axis *axis, __u32 class_cnt, struct tree_blocks *t)
{
	struct xs_tree_blocks b = { 0 };

	*t = (struct tree_blocks){ 0 };
	for (__u32 i = 0; i < axis->cnt; i++) {
		t->deep |= !!(__u64)axis->start[i];
		if (!xs_tree_blocks_add(&b, axis->start[i], class_cnt))
			return -E2BIG;
	}
	for (int tree = 0; tree < 2; tree++)
		for (__u32 i = 0; i < b.cnt[tree]; i++) {
			__u32 end = i + 1 < b.cnt[tree] ? b.first[tree][i + 1]
				    : tree		? axis->cnt
							: b.first[1][0];

			add_tree_block(t, axis, tree, b.first[tree][i], end);
		}
	return 0;
}

/*
 * Positions behind the last upper half, which have the tree's last one. If that is a real one,
 * they stand for it, and else for the last interval.
 */
static void pad_groups(const struct xs_addr_part *part, int tree, struct xs_uppers *u,
		       __u32 upper_max)
{
	bool is_real = u->upper[u->cnt - 1] == xs_last_upper(tree);
	__u32 group = is_real ? u->group[u->cnt - 1] : part->cnt;

	for (__u32 i = u->cnt; i < upper_max; i++)
		u->group[i] = group;
	u->group[upper_max] = part->cnt;
}

static int write_tree_block(struct xs_compiler *c, const struct xs_addr_index *index,
			    const struct tree_blocks *t, __u32 i, const struct xs_addr_part *part)
{
	__u32 upper_max = t->upper_max[t->tree[i]], chunk = index->chunk + i;
	struct xs_uppers u = { 0 };
	int err = xs_uppers_find(part, t->own[i], upper_max, &u);

	if (err)
		goto out;
	xs_write_tree(&c->chunks, index, chunk, t->tree[i], u.upper, u.cnt);
	pad_groups(part, t->tree[i], &u, upper_max);
	memcpy(xs_chunks_at(&c->chunks, chunk, index->groups), u.group,
	       ((size_t)upper_max + 1) * sizeof(*u.group));
	if (t->deep)
		xs_write_lowers(&c->chunks, index, index->lower_chunk + i, part);
out:
	xs_uppers_free(&u);
	return err;
}

static void write_list(struct xs_compiler *c, const struct xs_axis *axis, __u32 list,
		       const struct tree_blocks *t)
{
	struct xs_tree_block_list *to = xs_chunks_at(&c->chunks, 0, list);

	for (int tree = 0; tree < 2; tree++)
		for (__u32 i = 0, at = 0; at < XS_NODE; at++) {
			while (i < t->cnt && t->tree[i] != tree)
				i++;
			to->upper[tree][at] = xs_last_upper(tree);
			if (i < t->cnt) {
				__u32 first = t->block[i].first;

				to->upper[tree][at] = axis->start[first + t->own[i]] >> 64;
				to->where[tree][at] = XS_BLOCK(i, first);
				i++;
			} else {
				to->where[tree][at] = to->where[tree][at - 1];
			}
		}
}

int xs_tree_blocks_write(struct xs_compiler *c, const struct xs_axis *axis,
			 struct xs_addr_index *index, const struct xs_addr_classes *classes,
			 __u32 list)
{
	struct tree_blocks t;
	size_t bytes;
	int err = cut_trees(axis, classes->cnt, &t);

	if (err)
		return err;
	bytes = place_tree_block(index, t.upper_max, TREE_BLOCK_INTERVALS + 1, classes->cnt);
	err = add_chunks(c, t.cnt, bytes, &index->chunk);
	if (!err && t.deep)
		err = add_chunks(c, t.cnt, XS_CHUNK_BYTES, &index->lower_chunk);
	index->blocks = list;
	for (__u32 i = 0; !err && i < t.cnt; i++) {
		const struct xs_addr_part part = block_part(axis, classes, &t.block[i]);

		xs_write_classes(&c->chunks, index, index->chunk + i, &part, classes);
		err = write_tree_block(c, index, &t, i, &part);
	}
	if (!err)
		write_list(c, axis, list, &t);
	return err;
}
