// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Comparisons other than with a value: FIELD < VALUE, FIELD & MASK == VALUE. */
#include "match.h"

/* Ranges that a mask may leave: more would be a set nobody wrote. */
#define GAPS_MAX 16

/* One value, not a range, prefix or set. */
static bool parse_one(struct xs_parser *p, enum xs_field field, const char *after, xs_u128 *out)
{
	const struct xs_operand *value = &p->operand;
	enum xs_value_result result;

	if (!xs_parse_operand(p, &p->operand, false, xs_fields[field].noun))
		return false;
	if (value->shape != XS_SHAPE_ONE || value->elems[0].prefix.p)
		return xs_parse_error(p, &value->pos, "expected one value after '%s'", after);
	result = xs_value_parse(field, value->elems[0].text.p, value->elems[0].text.len, out);
	if (result != XS_VALUE_OK)
		return xs_match_bad_elem(p, field, &value->elems[0], result, 0,
					 value->elems[0].text.len);
	return xs_parse_put_operand(p, value);
}

bool xs_parse_bound(struct xs_parser *p, struct xs_match *match)
{
	enum xs_token_type mark = p->tok.type;
	const char *text = mark == XS_TOKEN_LT	 ? "<"
			   : mark == XS_TOKEN_LE ? "<="
			   : mark == XS_TOKEN_GT ? ">"
						 : ">=";
	xs_u128 value, max = xs_field_max(match->field);
	struct xs_range range = { 0, max };

	if (xs_fields[match->field].kind == XS_VALUE_NAME)
		return xs_parse_expected(p, "%s", xs_fields[match->field].noun);
	if (!xs_parse_take(p) || !parse_one(p, match->field, text, &value))
		return false;
	/* nothing is below 0 or above the largest value: such a match never holds */
	if ((mark == XS_TOKEN_LT && !value) || (mark == XS_TOKEN_GT && value == max))
		return true;
	if (mark == XS_TOKEN_LT || mark == XS_TOKEN_LE)
		range.hi = value - (mark == XS_TOKEN_LT);
	else
		range.lo = value + (mark == XS_TOKEN_GT);
	match->range_cnt = 1;
	return xs_match_add_range(p, &range);
}

/* A value of the field, or a number where the field has another notation: an address. */
static bool masked_value(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
			 xs_u128 *out)
{
	const struct xs_field_info *info = &xs_fields[field];
	__u64 max = info->bits < 64 ? (1ULL << info->bits) - 1 : ~0ULL, number;
	enum xs_value_result result;

	if (elem->prefix.p)
		return xs_parse_error(p, &elem->prefix_pos, "a prefix cannot stand here");
	result = xs_value_parse(field, elem->text.p, elem->text.len, out);
	if (result == XS_VALUE_OK)
		return true;
	if (info->kind != XS_VALUE_NUMBER && info->kind != XS_VALUE_FLAGS &&
	    !xs_number_parse(elem->text.p, elem->text.len, max, &number)) {
		*out = number;
		return true;
	}
	return xs_match_bad_elem(p, field, elem, result, 0, elem->text.len);
}

/* All members of p->operand as one number: flags may be several. */
static bool joined_value(struct xs_parser *p, enum xs_field field, xs_u128 *out)
{
	const struct xs_operand *value = &p->operand;
	__u32 flags;

	if (field != XS_FIELD_tcp_flags && value->cnt == 1)
		return masked_value(p, field, &value->elems[0], out);
	if (field != XS_FIELD_tcp_flags)
		return xs_parse_error(p, &value->comma, "expected one value");
	if (!xs_flags_of(p, value, &flags))
		return false;
	*out = flags;
	return true;
}

/* & MASK, from the '&' on. */
static bool parse_mask(struct xs_parser *p, enum xs_field field, xs_u128 *mask)
{
	const struct xs_elem *elem;
	bool word;

	if (!xs_parse_take(p))
		return false;
	word = p->tok.type == XS_TOKEN_WORD;
	if (p->tok.type == XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "a mask");
	if (!xs_parse_operand(p, &p->operand, false, "a mask"))
		return false;
	elem = &p->operand.elems[0];
	if (word && memchr(elem->text.p, '|', elem->text.len)) /* nft reads (& a) | b */
		return xs_parse_error(p, &elem->pos,
				      "expected ( ... ) around a mask of several flags");
	return joined_value(p, field, mask) && xs_parse_put_operand(p, &p->operand);
}

/* Zeroes of the mask that lie before its last one: each doubles the ranges. */
static xs_u128 mask_gaps(xs_u128 mask, __u32 bits)
{
	return mask ? xs_ones(bits) & ~mask & ~((mask & -mask) - 1) : 0;
}

static __u32 count_gaps(xs_u128 mask, __u32 bits)
{
	xs_u128 gaps = mask_gaps(mask, bits);

	return (__u32)__builtin_popcountll((__u64)gaps) +
	       (__u32)__builtin_popcountll((__u64)(gaps >> 64));
}

/* The values v for which (v & mask) == value. */
static bool add_masked(struct xs_parser *p, enum xs_field field, xs_u128 mask, xs_u128 value)
{
	__u32 bits = xs_fields[field].bits;
	xs_u128 gaps = mask_gaps(mask, bits), gap = 0;
	xs_u128 behind = xs_ones(bits) & ~mask & ~gaps;

	if (value & ~mask)
		return true; /* none */
	do { /* each way to fill the gaps, in rising order */
		const struct xs_range range = { value | gap, value | gap | behind };

		if (!xs_match_add_range(p, &range))
			return false;
		gap = (gap - gaps) & gaps;
	} while (gap);
	return true;
}

/* What the masked field is compared with, as ranges of the whole field. */
static bool parse_values(struct xs_parser *p, struct xs_match *match, xs_u128 mask)
{
	enum xs_field field = match->field;
	__u32 first = p->range_cnt;
	xs_u128 value;

	if (!xs_parse_operand(p, &p->operand, false, xs_fields[field].noun))
		return false;
	if (!xs_parse_charge(p,
			     (sizeof(struct xs_range) << count_gaps(mask, xs_fields[field].bits)) *
				     p->operand.cnt,
			     &p->operand.pos))
		return false;
	if (p->operand.shape != XS_SHAPE_SET) {
		if (!joined_value(p, field, &value) || !add_masked(p, field, mask, value))
			return false;
	} else {
		for (__u32 i = 0; i < p->operand.cnt; i++)
			if (!masked_value(p, field, &p->operand.elems[i], &value) ||
			    !add_masked(p, field, mask, value))
				return false;
	}
	xs_match_end_ranges(p, match, first);
	return xs_parse_put_operand(p, &p->operand);
}

bool xs_parse_masked(struct xs_parser *p, struct xs_match *match)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	xs_u128 mask;

	if (xs_fields[match->field].kind == XS_VALUE_NAME)
		return xs_parse_expected(p, "%s", xs_fields[match->field].noun);
	if (!parse_mask(p, match->field, &mask))
		return false;
	if (count_gaps(mask, xs_fields[match->field].bits) > GAPS_MAX)
		return xs_parse_error(p, &pos,
				      "the mask has more than %u zeros before its last one, "
				      "so it leaves too many values apart: expected a prefix",
				      GAPS_MAX);
	match->negate = p->tok.type == XS_TOKEN_NE;
	if (match->negate || p->tok.type == XS_TOKEN_EQ_EQ) {
		if (!xs_parse_take(p))
			return false;
	} else if (p->tok.type != XS_TOKEN_LBRACE) {
		return xs_parse_expected(p, "'==', '!=' or a set after the mask");
	}
	return parse_values(p, match, mask);
}
