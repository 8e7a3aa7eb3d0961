/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds an earlier rule that covers one whole, in time that grows with the
 * rules and not with their square. warn.h says what it does not find.
 */
#ifndef XS_RULE_COVER_H
#define XS_RULE_COVER_H

#include "claim.h"

struct xs_cover {
	const struct xs_ruleset *set;
	struct xs_cover_shape *shapes;
	__u32 shape_cnt;
	__u32 *heads; /* of chains of places, place + 1; 0: empty */
	__u64 *seen; /* bits of keys */
	struct xs_cover_place *places;
	__u32 place_cnt, place_max;
	__u32 mask; /* heads - 1 */
	__u64 budget; /* comparisons left */
	struct xs_arena arena;
};

/* For the rules of a set, which must stay as it is. 0, or -ENOMEM and nothing to free. */
int xs_cover_init(struct xs_cover *cover, const struct xs_ruleset *set);
void xs_cover_free(struct xs_cover *cover);

/* *by: the remembered rule that covers this one, whose claim it is; rule_cnt: none was found. */
int xs_cover_find(struct xs_cover *cover, const struct xs_claim *claim, __u32 *by);

/* From now on rules are compared with this one too. */
void xs_cover_remember(struct xs_cover *cover, const struct xs_claim *claim, __u32 rule);

#endif
