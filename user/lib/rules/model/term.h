/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a match asks of one number: to be in a set, or not to be in it. Whether
 * several such terms leave any number at all. Knows nothing of frames.
 */
#ifndef XS_RULE_TERM_H
#define XS_RULE_TERM_H

#include "rule.h"

/* The ranges are sorted, disjoint, not adjacent, and someone else's. */
struct xs_term {
	const struct xs_range *ranges;
	__u32 cnt;
	bool negate; /* in none of them */
};

/* All must hold. As many as two fields of a rule can ask, and what follows from them. */
struct xs_terms {
	struct xs_term t[2 * XS_RULE_MATCH_MAX + 8];
	__u32 cnt;
};

#define XS_CNT(a) ((__u32)(sizeof(a) / sizeof((a)[0])))
/* A constant term from an array of ranges. */
#define XS_TERM(array) \
	{ \
		array, XS_CNT(array), false \
	}

static inline struct xs_term xs_term_not(struct xs_term term)
{
	term.negate = !term.negate;
	return term;
}

static inline struct xs_term xs_match_term(const struct xs_match *match)
{
	return (struct xs_term){ match->ranges, match->range_cnt, match->negate };
}

/* Index of the first range that ends at v or above; cnt: none. */
__u32 xs_range_from(const struct xs_range *ranges, __u32 cnt, xs_u128 v);

/* Whether the term allows one value only; and this one. */
bool xs_term_is_single(const struct xs_term *term);
bool xs_term_is_one(const struct xs_term *term, xs_u128 value);

/* The least and the largest value up to max that the term allows; false: it allows none. */
bool xs_term_span(const struct xs_term *term, xs_u128 max, struct xs_range *span);

/* Adds a term; one that has no room is left out, as if it did not restrict. */
void xs_terms_add(struct xs_terms *terms, struct xs_term term);

/* Adds what each match of `field` in the rule asks. */
void xs_terms_of_field(struct xs_terms *terms, const struct xs_rule *rule, enum xs_field field);

/* Whether a number up to max meets all terms. */
bool xs_terms_possible(const struct xs_terms *terms, xs_u128 max);

#endif
