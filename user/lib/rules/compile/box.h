/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rules as boxes: the first step of the compiler. A box is one rule, or one combination
 * of its sets' members, with one range for each compared field. What is not worth a box
 * of its own becomes a condition. Knows nothing of tables.
 */
#ifndef XS_RULE_BOX_H
#define XS_RULE_BOX_H

#include "lib/base/ranges.h"
#include "lib/rules/model/meaning.h"
#include "maps/rule_set.h"

/* Most boxes of one rule; larger products of its sets become conditions. */
#define XS_BOXES_PER_RULE (1U << 17)
/* Most boxes of a rule set. The limits are the 24 bits of slots, and memory. */
#define XS_BOXES_MAX (1U << 21)

/* One condition of a list, all of which must hold. */
struct xs_cond {
	enum xs_dim dim;
	__u8 family; /* of an address */
	bool other; /* the value must not be in the range */
	struct xs_ranges ranges; /* one; or more, if XS_COND_BITS_MAX allows a bit for each value */
	struct xs_cond *next;
	/*
	 * Where atom.c has put these, as an offset in bytes. XS_DIM_nothing: a dynamic set's
	 * answer, as XS_MEMBER_SHIFT; `other`: it must be no.
	 */
	__u32 bits;
};

/* Fields of at most this many bits may have conditions of many ranges. */
#define XS_COND_BITS_MAX 17

struct xs_box {
	struct xs_range addr[2]; /* if addr_set */
	__u32 rule;
	__u32 signature; /* which bits of the key are equal in all of the box */
	__u8 families; /* XS_FAMILY_BIT; exactly one if an address is set */
	bool addr_set[2];
	__u8 proto_lo, proto_hi;
	__u32 port_lo[2], port_hi[2]; /* up to XS_KEY_NO_PORT */
	__u32 rank_lo[2], rank_hi[2]; /* filled in by index.c */
	struct xs_cond *cond;
	__u64 key[XS_KEY_WORDS]; /* the lowest frame of the box */
};

/* The limit that a rule exceeds. */
enum xs_box_limit {
	XS_LIMIT_SET, /* XS_BOXES_MAX, together with the rules before it */
	XS_LIMIT_RULE, /* XS_BOXES_PER_RULE, by sets that cannot become conditions */
	XS_LIMIT_EITHER, /* XS_EITHER_MAX */
	XS_LIMIT_TUPLES, /* XS_TUPLE_PARTS_MAX */
};

struct xs_boxes {
	struct xs_box *box;
	__u32 cnt;
	__u32 room;
	__u64 (*signature)[XS_KEY_WORDS]; /* masks */
	__u32 signature_cnt;
	__u32 signature_room;
	__u32 *signature_index; /* hash of them */
	__u32 signature_slots;
	struct xs_arena arena;
	enum xs_box_limit limit; /* that xs_boxes_add() hit */
};

/*
 * Appends the boxes of all rules. `finely` cuts ranges so that they share more leading
 * bits, and gives members of more sets a box of their own: more boxes, shorter chains.
 * 0; -ENOMEM; -E2BIG: *rule exceeds boxes->limit.
 */
int xs_boxes_add(struct xs_boxes *boxes, const struct xs_ruleset *rules, bool finely, __u32 *rule);
void xs_boxes_free(struct xs_boxes *boxes);

#endif
