// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Terms: searched, joined, and solved by moving one number up until all are met. */
#include "term.h"

__u32 xs_range_from(const struct xs_range *ranges, __u32 cnt, xs_u128 v)
{
	__u32 low = 0, high = cnt;

	while (low < high) {
		__u32 mid = low + (high - low) / 2;

		if (ranges[mid].hi < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Moves *v up to the least number that the term allows; false: there is none up to max. */
static bool advance(const struct xs_term *term, xs_u128 max, xs_u128 *v)
{
	__u32 i = xs_range_from(term->ranges, term->cnt, *v);

	if (!term->negate) {
		if (i == term->cnt)
			return false;
		if (*v < term->ranges[i].lo)
			*v = term->ranges[i].lo;
		return *v <= max;
	}
	if (i < term->cnt && term->ranges[i].lo <= *v) {
		if (term->ranges[i].hi >= max)
			return false;
		*v = term->ranges[i].hi + 1;
	}
	return true;
}

bool xs_terms_possible(const struct xs_terms *terms, xs_u128 max)
{
	__u32 met = 0, i = 0;
	xs_u128 v = 0, before;

	while (met < terms->cnt) {
		before = v;
		if (!advance(&terms->t[i], max, &v))
			return false;
		/* Whoever moves v makes all the others be asked again. */
		met = v == before ? met + 1 : 1;
		i = i + 1 == terms->cnt ? 0 : i + 1;
	}
	return true;
}

void xs_terms_add(struct xs_terms *terms, struct xs_term term)
{
	if (terms->cnt < XS_CNT(terms->t))
		terms->t[terms->cnt++] = term;
}

void xs_terms_of_field(struct xs_terms *terms, const struct xs_rule *rule, enum xs_field field)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (rule->matches[i].field == field)
			xs_terms_add(terms, xs_match_term(&rule->matches[i]));
}

bool xs_term_is_single(const struct xs_term *term)
{
	return !term->negate && term->cnt == 1 && term->ranges[0].lo == term->ranges[0].hi;
}

bool xs_term_is_one(const struct xs_term *term, xs_u128 value)
{
	return xs_term_is_single(term) && term->ranges[0].lo == value;
}

bool xs_term_span(const struct xs_term *term, xs_u128 max, struct xs_range *span)
{
	const struct xs_range *first = term->ranges, *last = term->ranges + term->cnt - 1;

	*span = (struct xs_range){ 0, max };
	if (!term->cnt)
		return term->negate;
	if (!term->negate) {
		*span = (struct xs_range){ first->lo, last->hi };
		return true;
	}
	if (term->cnt == 1 && !first->lo && first->hi >= max)
		return false;
	if (!first->lo)
		span->lo = first->hi + 1;
	if (last->hi >= max)
		span->hi = last->lo - 1;
	return true;
}
