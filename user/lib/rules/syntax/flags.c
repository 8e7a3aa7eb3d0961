// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * tcp flags [!|==|!=] A,B [/ M,N]. As in nft: without a mark any of the flags is
 * set, with '!' none is; == and != compare the whole byte, and so does a set.
 */
#include "match.h"

static const char expected_flags[] = "TCP flags: fin, syn, rst, psh, ack, urg, ecn, cwr or 0-255";

bool xs_flags_of(struct xs_parser *p, const struct xs_operand *value, __u32 *flags)
{
	xs_u128 flag;

	*flags = 0;
	for (__u32 i = 0; i < value->cnt; i++) {
		const struct xs_elem *elem = &value->elems[i];
		enum xs_value_result result;

		if (elem->prefix.p)
			return xs_parse_error(p, &elem->prefix_pos, "'tcp flags' has no prefixes");
		result = xs_value_parse(XS_FIELD_tcp_flags, elem->text.p, elem->text.len, &flag);
		if (result != XS_VALUE_OK)
			return xs_match_bad_elem(p, XS_FIELD_tcp_flags, elem, result, 0,
						 elem->text.len);
		*flags |= (__u32)flag;
	}
	return true;
}

static bool add_bytes(struct xs_parser *p, struct xs_match *match, __u32 flags, int mask,
		      bool negate)
{
	struct xs_range ranges[128];

	match->range_cnt = xs_flags_ranges(flags, mask, negate, ranges);
	if (!xs_parse_charge(p, match->range_cnt * sizeof(ranges[0]), &p->operand.pos))
		return false;
	for (__u32 i = 0; i < match->range_cnt; i++)
		if (!xs_match_add_range(p, &ranges[i]))
			return false;
	return true;
}

/* A list of flags, that is no set. */
static bool parse_list(struct xs_parser *p, __u32 *flags)
{
	if (!xs_parse_operand(p, &p->operand, false, expected_flags))
		return false;
	if (p->operand.shape == XS_SHAPE_SET)
		return xs_parse_error(p, &p->operand.pos,
				      "no set can stand here: expected a list such as syn,ack");
	return xs_flags_of(p, &p->operand, flags) && xs_parse_put_operand(p, &p->operand);
}

/* From the mask on, behind its '/'. */
static bool parse_mask(struct xs_parser *p, struct xs_match *match, __u32 flags,
		       enum xs_token_type mark)
{
	__u32 mask;

	if (mark == XS_TOKEN_NOT)
		return xs_parse_expected(p, "'!=' in place of '!' before flags with a mask");
	xs_parse_next(p);
	return xs_parse_put_token(p, "/", 1) && parse_list(p, &mask) &&
	       add_bytes(p, match, flags, (int)mask, mark == XS_TOKEN_NE);
}

bool xs_parse_flags(struct xs_parser *p, struct xs_match *match)
{
	enum xs_token_type mark = p->tok.type;
	__u32 flags;

	if ((mark == XS_TOKEN_NOT || mark == XS_TOKEN_EQ_EQ || mark == XS_TOKEN_NE) &&
	    !xs_parse_take(p))
		return false;
	if (p->tok.type == XS_TOKEN_LBRACE && mark != XS_TOKEN_NOT) {
		match->negate = mark == XS_TOKEN_NE;
		return xs_parse_operand(p, &p->operand, false, expected_flags) &&
		       xs_match_add_operand(p, XS_FIELD_tcp_flags, match);
	}
	if (!parse_list(p, &flags))
		return false;
	if (p->tok.type == XS_TOKEN_SLASH)
		return parse_mask(p, match, flags, mark);
	if (mark != XS_TOKEN_EQ_EQ && mark != XS_TOKEN_NE)
		return add_bytes(p, match, flags, -1, mark == XS_TOKEN_NOT);
	match->negate = mark == XS_TOKEN_NE;
	return add_bytes(p, match, flags, 0xff, false);
}
