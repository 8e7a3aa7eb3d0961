/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Puts boxes into at most XS_TABLES_MAX hash tables, each with one mask. Boxes with the
 * same signature start as one group. A small group joins the group where chains stay
 * shortest. Boxes whose chain is too long are grouped again.
 */
#ifndef XS_RULE_GROUP_H
#define XS_RULE_GROUP_H

#include "box.h"

/*
 * A chain of up to this length costs little; longer ones are made only if there is no
 * other way. With 4 a frame may cost 5% fewer steps, and grouping takes 13% more time.
 */
#define XS_CHAIN_GOOD 8

struct xs_groups {
	__u32 cnt;
	__u64 mask[XS_TABLES_MAX][XS_KEY_WORDS];
	__u8 *of_box;
};

/* 0 or -ENOMEM. */
int xs_groups_make(struct xs_groups *groups, const struct xs_boxes *boxes);
void xs_groups_free(struct xs_groups *groups);

#endif
