// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The bytes of an address index in one chunk: cells and starts, trees, groups, classes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr_part.h"

/* How many leading bits select a cell: on average two starts fall into a cell. */
static __u32 cell_bits(__u32 interval_cnt)
{
	__u32 cells = XS_CELLS_MIN;

	while (cells < XS_CELLS_MAX && cells < interval_cnt / 2)
		cells *= 2;
	return __builtin_ctz(cells);
}

static size_t align8(size_t at)
{
	return (at + 7) & ~(size_t)7;
}

size_t xs_place_classes(struct xs_addr_index *index, size_t at, __u32 interval_cnt, __u32 class_cnt)
{
	index->classes = at;
	index->of_interval = at + class_cnt * sizeof(__u64);
	return index->of_interval + interval_cnt * sizeof(__u16);
}

void xs_write_classes(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		      const struct xs_addr_part *part, const struct xs_addr_classes *classes)
{
	__u16 *to = xs_chunks_at(chunks, chunk, index->of_interval);

	memcpy(xs_chunks_at(chunks, chunk, index->classes), classes->tables,
	       classes->cnt * sizeof(*classes->tables));
	for (__u32 i = 0; i < part->cnt; i++)
		to[i] = part->class[i];
}

size_t xs_place_cells(struct xs_addr_index *index, size_t at, __u32 interval_cnt)
{
	__u32 bits = cell_bits(interval_cnt);

	index->shift = 32 - bits;
	index->cells = at;
	return at + (sizeof(__u64) << bits);
}

static size_t starts_bytes(__u32 interval_cnt)
{
	return align8((interval_cnt + XS_NODE + 1) * sizeof(__u32));
}

size_t xs_place_starts(struct xs_addr_index *index, size_t at, __u32 interval_cnt)
{
	index->starts = at;
	return at + starts_bytes(interval_cnt);
}

void xs_write_starts(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		     const struct xs_addr_part *part)
{
	__u32 *to = xs_chunks_at(chunks, chunk, index->starts);

	memset(to, 0xff, starts_bytes(part->cnt));
	for (__u32 i = 0; i < part->cnt; i++)
		to[i] = part->start[i];
}

struct xs_cell_range xs_cell_range(const struct xs_addr_index *index,
				   const struct xs_addr_part *part, __u32 i,
				   struct xs_cell_range before)
{
	xs_u128 start = (xs_u128)i << index->shift, end = (xs_u128)(i + 1) << index->shift;
	struct xs_cell_range cell = { before.last, before.last };

	while (cell.first + 1 < part->cnt && part->start[cell.first + 1] <= start)
		cell.first++;
	for (cell.last = cell.first; cell.last + 1 < part->cnt && part->start[cell.last + 1] < end;)
		cell.last++;
	return cell;
}

void xs_uppers_free(struct xs_uppers *u)
{
	free(u->upper);
	free(u->group);
}

int xs_uppers_find(const struct xs_addr_part *part, __u32 from, __u32 more, struct xs_uppers *u)
{
	u->upper = malloc((part->cnt + 1) * sizeof(*u->upper));
	u->group = malloc(((size_t)part->cnt + more + 1) * sizeof(*u->group));
	if (!u->upper || !u->group)
		return -ENOMEM;
	for (__u32 i = from; i < part->cnt; i++) {
		__u64 upper = part->start[i] >> 64;

		if (!u->cnt || u->upper[u->cnt - 1] != upper) {
			u->upper[u->cnt] = upper;
			u->group[u->cnt++] = i;
		}
		if ((__u64)part->start[i]) {
			u->group[u->cnt - 1] |= XS_GROUP_DEEP;
			u->deep = true;
		}
	}
	u->group[u->cnt] = part->cnt;
	return 0;
}

__u64 xs_last_upper(int tree)
{
	return ~0ULL >> !tree;
}

size_t xs_place_tree(struct xs_addr_index *index, int tree, size_t at, __u32 cnt)
{
	__u32 level = XS_ADDR6_LEVELS;

	do {
		__u32 nodes = (cnt + XS_NODE - 1) / XS_NODE;

		level--;
		index->level[tree][level] = at;
		index->level_cnt[tree][level] = cnt;
		at += (size_t)nodes * XS_NODE * sizeof(__u64);
		cnt = nodes;
	} while (cnt > 1);
	index->level_first[tree] = level;
	return at;
}

void xs_write_tree(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		   int tree, const __u64 *upper, __u32 cnt)
{
	size_t stride = 1;

	for (__u32 level = XS_ADDR6_LEVELS; level-- > index->level_first[tree];) {
		__u32 nodes = (index->level_cnt[tree][level] + XS_NODE - 1) / XS_NODE;
		__u64 *to = xs_chunks_at(chunks, chunk, index->level[tree][level]);

		for (__u32 i = 0; i < nodes * XS_NODE; i++)
			to[i] = i * stride < cnt ? upper[i * stride] : xs_last_upper(tree);
		stride *= XS_NODE;
	}
}

size_t xs_place_groups(struct xs_addr_index *index, size_t at, __u32 cnt)
{
	index->groups = at;
	return align8(at + ((size_t)cnt + 1) * sizeof(__u32));
}

void xs_write_lowers(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		     const struct xs_addr_part *part)
{
	__u64 *to = xs_chunks_at(chunks, chunk, index->lower);

	for (__u32 i = 0; i < part->cnt; i++)
		to[i] = part->start[i];
}
