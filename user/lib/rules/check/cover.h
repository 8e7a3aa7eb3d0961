/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds an earlier rule that covers one whole, in time that grows with the
 * rules and not with their square. warn.h says what it does not find.
 */
#ifndef XS_RULE_COVER_H
#define XS_RULE_COVER_H

#include "lib/rules/model/rule.h"

struct xs_cover {
	const struct xs_ruleset *set;
	struct xs_cover_shape *shapes;
	__u32 shape_cnt;
	__u32 *heads; /* of chains, rule + 1; 0: empty */
	__u32 *nexts;
	__u64 *keys;
	__u32 mask; /* slots - 1 */
	__u64 budget; /* comparisons left */
};

/* For the rules of a set, which must stay as it is. 0, or -ENOMEM and nothing to free. */
int xs_cover_init(struct xs_cover *cover, const struct xs_ruleset *set);
void xs_cover_free(struct xs_cover *cover);

/* The remembered rule that covers this one; rule_cnt: none was found. */
__u32 xs_cover_find(struct xs_cover *cover, __u32 rule);

/* From now on rules are compared with this one too. */
void xs_cover_remember(struct xs_cover *cover, __u32 rule);

#endif
