/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a rule asks of a frame: its matches, intersected, as one set of values for each
 * dimension of the key. Knows nothing of boxes. kind.h adds which frames exist.
 */
#ifndef XS_RULE_MEANING_H
#define XS_RULE_MEANING_H

#include "rule.h"

/* Most `port` matches of one rule, since each doubles its boxes. */
#define XS_EITHER_MAX 10

/* The bit of a dynamic set of the rule's family, by its number; side 0: source, 1: destination. */
#define XS_MEANING_MEMBER(side, number) (1U << ((side)*XS_MEMBER_SETS_OF_FAMILY + (number)))

struct xs_meaning {
	__u8 families; /* of frames that can match, XS_FAMILY_BIT */
	bool never; /* some dimension has no value left */
	__u32 tag_bytes, l4_bytes; /* bytes of the headers that its fields lie in */
	struct xs_ranges protos; /* L4 protocols that have its fields; NULL: any */
	/* Dynamic sets that must hold an address, and those that must not: XS_MEANING_MEMBER. */
	__u32 member_of, no_member_of;
	struct xs_ranges dim[XS_DIM_MAX]; /* NULL: not restricted */
	struct xs_ranges either[XS_EITHER_MAX]; /* `port` matches: either port must be in it */
	__u32 either_cnt;
};

/*
 * The sets belong to the rule or the arena, and are valid as long as both. 0; -ENOMEM;
 * -E2BIG: more than XS_EITHER_MAX `port` matches.
 */
int xs_meaning_find(struct xs_arena *arena, struct xs_meaning *meaning, const struct xs_rule *rule);

/*
 * Whether frames of that meaning may be excluded by tuples: it then says only that they have
 * the fields. compile/tuples.h takes them out.
 */
bool xs_rule_has_tuples(const struct xs_rule *rule);

/* The steps of xs_meaning_find(), match by match. *meaning starts as XS_MEANING_ANY. */
#define XS_MEANING_ANY \
	{ \
		.families = XS_FAMILIES_ALL \
	}
int xs_meaning_add(struct xs_arena *arena, struct xs_meaning *meaning,
		   const struct xs_match *match);

/* Leaves in one dimension only what is in `ranges`, too. 0 or -ENOMEM. */
int xs_meaning_restrict(struct xs_arena *arena, struct xs_meaning *meaning, enum xs_dim dim,
			struct xs_ranges ranges);

/*
 * Applies one of the 1 << either_cnt ways to choose a side for each `port` match; a set
 * bit means the destination. The result goes to sport and dport of `meaning`. 0 or
 * -ENOMEM.
 */
int xs_meaning_choose(struct xs_arena *arena, struct xs_meaning *meaning, __u32 sides);

#endif
