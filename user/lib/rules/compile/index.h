/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Cuts fields into intervals. Numbers the intervals of the address fields (ranks), and
 * finds for each value of a field the tables that may hold a match.
 */
#ifndef XS_RULE_INDEX_H
#define XS_RULE_INDEX_H

#include "box.h"

/* One address field of one family. */
struct xs_axis {
	xs_u128 *start; /* of each interval; [0] is 0 */
	__u32 cnt;
	__u32 first; /* rank of the first one */
};

struct xs_ranks {
	struct xs_axis axis[2][XS_FAMILY_MAX]; /* source, destination */
};

/* Finds the intervals and sets the ranks of all boxes. 0 or -ENOMEM. */
int xs_ranks_make(struct xs_ranks *ranks, struct xs_boxes *boxes);
void xs_ranks_free(struct xs_ranks *ranks);

/*
 * Fills first_rule[interval]: the first rule that makes an interval begin there, XS_RULE_NONE
 * where every axis has one. 0 or -ENOMEM.
 */
int xs_ranks_first_rules(const struct xs_axis *axis, const struct xs_boxes *boxes, int side,
			 int family, __u32 *first_rule);

/* The rank of an address, which is that of the interval around it. */
__u32 xs_rank_of(const struct xs_axis *axis, xs_u128 addr);

/* The values lo..hi of a box in a field, and the box's table. */
struct xs_span {
	__u32 lo, hi;
	__u32 table;
};

/* Fills tables[value] for all values below cnt: a bit for each table with a span there. */
int xs_spans_sweep(__u64 *tables, __u32 cnt, const struct xs_span *spans, __u32 span_cnt);

/*
 * Numbers the different values of tables[]: of_value[i] is the class of i, and
 * classes[] the tables of each class. If there are more than `max` (at least 1), the
 * rarest share one class with all their tables: correct, but slower. Returns the number
 * of classes, or -ENOMEM.
 */
long xs_classes_make(__u32 *of_value, __u64 *classes, __u32 max, const __u64 *tables, __u32 cnt);

#endif
