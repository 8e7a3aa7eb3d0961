/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An address index that one chunk does not hold: how it is cut into blocks, and their bytes. */
#ifndef XS_ADDR_BLOCKS_H
#define XS_ADDR_BLOCKS_H

#include "addr_part.h"
#include "steps.h"

/*
 * Most intervals of one field and family. A set may have 1,048,576 members, each with two
 * bounds, and there is room for others beside it. With more than 5,500,000, the ranks of all
 * three families would not have enough bits; and sets as conditions have a bit for each.
 */
#define XS_INTERVALS_MAX 2200000U
_Static_assert(XS_FAMILY_MAX *(__u64)XS_INTERVALS_MAX <= XS_RANK_MAX, "ranks number intervals");

/* Fewer intervals need no blocks. */
#define XS_BLOCKS_FROM (1U << 17)

/*
 * The blocks of an IPv6 index, found by adding its starts in order: as few as hold them, each
 * with whole upper halves. Zeroed before the first one.
 */
struct xs_tree_blocks {
	__u32 first[2][XS_NODE]; /* the interval that each begins with */
	__u32 cnt[2]; /* of each tree */
	__u32 interval_cnt; /* added so far */
	__u32 upper_cnt; /* distinct upper halves, in the last block */
	__u32 group; /* the interval that the last upper half begins with */
	__u64 upper;
};

/* False: it does not fit, and has not been added. `class_cnt` is that of the field. */
bool xs_tree_blocks_add(struct xs_tree_blocks *blocks, xs_u128 start, __u32 class_cnt);

/* Bytes in chunk 0 that the list of blocks takes, in either family. */
#define XS_BLOCKS_BYTES \
	(sizeof(struct xs_cell_blocks) > sizeof(struct xs_tree_block_list) \
		 ? sizeof(struct xs_cell_blocks) \
		 : sizeof(struct xs_tree_block_list))

/*
 * Writes the index of an axis in blocks. `list` is the place in chunk 0 for XS_BLOCKS_BYTES.
 * 0; -ENOMEM; -E2BIG: there are too many intervals.
 */
int xs_cell_blocks_write(struct xs_compiler *c, const struct xs_axis *axis,
			 struct xs_addr_index *index, const struct xs_addr_classes *classes,
			 __u32 list);
int xs_tree_blocks_write(struct xs_compiler *c, const struct xs_axis *axis,
			 struct xs_addr_index *index, const struct xs_addr_classes *classes,
			 __u32 list);

#endif
