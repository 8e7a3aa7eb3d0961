/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds an earlier rule that covers a whole later one. The time grows with the number
 * of rules, not with its square. warn.h says what it does not find.
 */
#ifndef XS_RULE_COVER_H
#define XS_RULE_COVER_H

#include "claim.h"

struct xs_cover {
	const struct xs_ruleset *set;
	struct xs_cover_shape *shapes;
	__u32 shape_cnt;
	__u32 *heads; /* of chains of places, place + 1; 0: empty */
	__u64 *seen; /* a bitmap of keys */
	struct xs_cover_place *places;
	__u32 place_cnt, place_max;
	__u32 mask; /* number of heads - 1 */
	__u64 budget; /* comparisons left */
	struct xs_arena arena;
};

/*
 * Prepares for the rules of a set, which must not change meanwhile. 0; or -ENOMEM, with
 * nothing to free.
 */
int xs_cover_init(struct xs_cover *cover, const struct xs_ruleset *set);
void xs_cover_free(struct xs_cover *cover);

/*
 * Finds a remembered rule that covers the rule of this claim. *by is its number;
 * rule_cnt: none was found. 0 or -ENOMEM.
 */
int xs_cover_find(struct xs_cover *cover, const struct xs_claim *claim, __u32 *by);

/* Compares later rules with this one, too. */
void xs_cover_remember(struct xs_cover *cover, const struct xs_claim *claim, __u32 rule);

#endif
