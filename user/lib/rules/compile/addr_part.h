/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What one chunk holds of an address index, as maps/rule_set.h describes it. Knows nothing of
 * rules and tables.
 */
#ifndef XS_ADDR_PART_H
#define XS_ADDR_PART_H

#include "chunks.h"
#include "index.h"

#define XS_CLASSES_MAX 65536 /* of an address field: 16 bits */

/* Which tables the intervals of an axis need. Each different answer is a class. */
struct xs_addr_classes {
	__u32 *of_interval;
	__u64 *tables; /* of a class */
	__u32 cnt;
};

/* Intervals that lie in one chunk. */
struct xs_addr_part {
	const xs_u128 *start;
	const __u32 *class;
	__u32 cnt;
};

/*
 * Functions that place decide where bytes lie, from offset `at` on, and return where these
 * end. They set offsets and counts in the index; those that write read them.
 */
size_t xs_place_classes(struct xs_addr_index *index, size_t at, __u32 interval_cnt,
			__u32 class_cnt);
void xs_write_classes(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		      const struct xs_addr_part *part, const struct xs_addr_classes *classes);

/* IPv4: as many cells as so many intervals are worth. */
size_t xs_place_cells(struct xs_addr_index *index, size_t at, __u32 interval_cnt);
size_t xs_place_starts(struct xs_addr_index *index, size_t at, __u32 interval_cnt);
void xs_write_starts(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		     const struct xs_addr_part *part);

/* A cell: the interval in which it starts, and the last that starts in it. */
struct xs_cell_range {
	__u32 first, last;
};

/* Finds cell i of an index. `before` is that of cell i - 1; of cell 0: zeroed. */
struct xs_cell_range xs_cell_range(const struct xs_addr_index *index,
				   const struct xs_addr_part *part, __u32 i,
				   struct xs_cell_range before);

/* IPv6: the distinct upper halves of a part, each with the first of its intervals. */
struct xs_uppers {
	__u64 *upper;
	__u32 *group; /* XS_GROUP_DEEP; one more than there are upper halves */
	__u32 cnt;
	bool deep;
};

/*
 * Finds the upper halves of all intervals from `from` on. u->group has room for `more` than
 * these. The caller zeroes *u before, and frees it with xs_uppers_free() in either case. 0 or
 * -ENOMEM.
 */
int xs_uppers_find(const struct xs_addr_part *part, __u32 from, __u32 more, struct xs_uppers *u);
void xs_uppers_free(struct xs_uppers *u);

/* The largest upper half that a tree can have. */
__u64 xs_last_upper(int tree);

/*
 * The nodes of one tree over `cnt` upper halves. The lowest level holds all of them; each
 * other level holds the first of every node below. Places without a key of their own get
 * xs_last_upper().
 */
size_t xs_place_tree(struct xs_addr_index *index, int tree, size_t at, __u32 cnt);
void xs_write_tree(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		   int tree, const __u64 *upper, __u32 cnt);

size_t xs_place_groups(struct xs_addr_index *index, size_t at, __u32 cnt);
/* Lower halves of all starts, at index->lower. */
void xs_write_lowers(struct xs_chunks *chunks, const struct xs_addr_index *index, __u32 chunk,
		     const struct xs_addr_part *part);

#endif
