// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * != before a concatenation: ip saddr . tcp dport != { 10.0.0.1 . 22, ... }. It stays one
 * rule: its elements become the tuples of one match, see struct xs_match.
 */
#include "match.h"

/* One field's part of an element: a value, or those of a $NAME. */
struct part {
	struct xs_elem one;
	const struct xs_elem *elems; /* NULL: only `one` */
	__u32 cnt, at;
};

struct concat {
	struct xs_match *match; /* of the first field */
	__u32 field_cnt;
	__u32 tuple_cnt;
	struct xs_pos pos;
};

static const struct xs_elem *this_elem(const struct part *part)
{
	return part->elems ? &part->elems[part->at] : &part->one;
}

static bool parse_part(struct xs_parser *p, enum xs_field field, struct part *part)
{
	const struct xs_operand *value = &p->operand;
	struct xs_elem *copy;

	*part = (struct part){};
	if (!xs_parse_member(p, &p->operand, xs_fields[field].noun) ||
	    !xs_match_check_shape(p, field))
		return false;
	part->cnt = value->cnt;
	if (value->cnt == 1)
		part->one = value->elems[0];
	if (value->cnt < 2)
		return true;
	if (!xs_parse_charge(p, value->cnt * sizeof(*copy), &value->pos))
		return false;
	copy = xs_parse_alloc(p, value->cnt * sizeof(*copy));
	if (!copy)
		return false;
	memcpy(copy, value->elems, value->cnt * sizeof(*copy));
	part->elems = copy;
	return true;
}

/* One combination of the values, with its text. */
static bool add_tuple(struct xs_parser *p, struct concat *concat, const struct part *parts)
{
	struct xs_range range;

	if (concat->tuple_cnt == XS_RULE_SET_MAX)
		return xs_parse_error(p, &concat->pos, "the set has more than %u members",
				      XS_RULE_SET_MAX);
	if (!xs_parse_charge(p, concat->field_cnt * sizeof(range), &concat->pos) ||
	    !xs_parse_put(p, ",", concat->tuple_cnt != 0))
		return false;
	for (__u32 i = 0; i < concat->field_cnt; i++) {
		const struct xs_elem *elem = this_elem(&parts[i]);

		if (!xs_match_elem_range(p, concat->match[i].field, elem, &range) ||
		    !xs_match_add_range(p, &range) || !xs_parse_put(p, " .", i ? 2 : 0) ||
		    !xs_parse_put(p, " ", 1) || !xs_parse_put_elem(p, elem))
			return false;
	}
	concat->tuple_cnt++;
	return true;
}

/* Every combination of the values that the fields' parts of an element have. */
static bool add_tuples(struct xs_parser *p, struct concat *concat, struct part *parts)
{
	__u32 i;

	for (i = 0; i < concat->field_cnt; i++)
		if (!parts[i].cnt) /* the name of an empty set: the element is none */
			return true;
	do {
		if (!add_tuple(p, concat, parts))
			return false;
		for (i = concat->field_cnt; i; i--) {
			if (++parts[i - 1].at < parts[i - 1].cnt)
				break;
			parts[i - 1].at = 0;
		}
	} while (i);
	return true;
}

static bool parse_element(struct xs_parser *p, struct concat *concat)
{
	struct part parts[XS_KEYS_MAX];

	for (__u32 i = 0; i < concat->field_cnt; i++) {
		if (i && !xs_parse_at_word(p, "."))
			return xs_parse_expected(p, "'.' and a value of '%s'",
						 xs_fields[concat->match[i].field].text);
		if (i)
			xs_parse_next(p);
		if (!parse_part(p, concat->match[i].field, &parts[i]))
			return false;
	}
	return add_tuples(p, concat, parts);
}

static bool parse_elements(struct xs_parser *p, struct concat *concat)
{
	__u32 line = p->tok.line;

	p->in_set = true;
	xs_parse_next(p);
	xs_parse_skip_lines(p);
	do {
		if (!parse_element(p, concat))
			return false;
		if (!xs_parse_end_element(p, line))
			return false;
	} while (p->tok.type != XS_TOKEN_RBRACE);
	p->in_set = false;
	xs_parse_next(p);
	return true;
}

/*
 * Nothing is excluded, but that the frame has the fields. A set of no element cannot be
 * written; matches that always hold can.
 */
static bool put_nothing(struct xs_parser *p, const struct concat *concat, size_t text_at)
{
	p->text_len = text_at;
	for (__u32 i = 0; i < concat->field_cnt; i++) {
		const char *text = xs_fields[concat->match[i].field].text;

		if (!xs_parse_put_token(p, text, strlen(text)) ||
		    !xs_parse_put_token(p, "!= " XS_EMPTY_SET, strlen("!= " XS_EMPTY_SET)))
			return false;
	}
	return true;
}

bool xs_parse_tuples(struct xs_parser *p, __u32 first, size_t text_at)
{
	struct concat concat = { .match = &p->matches[first], .field_cnt = p->match_cnt - first };
	bool set;

	xs_parse_next(p);
	concat.pos = xs_token_pos(&p->tok);
	set = p->tok.type == XS_TOKEN_LBRACE;
	for (__u32 i = 0; i < concat.field_cnt; i++) {
		concat.match[i].negate = true;
		p->first_range[first + i] = p->range_cnt;
	}
	if (!xs_parse_put_token(p, "!= {", 4))
		return false;
	if (!(set ? parse_elements : parse_element)(p, &concat))
		return false;
	if (!concat.tuple_cnt)
		return put_nothing(p, &concat, text_at);
	concat.match->tuple = (__u8)concat.field_cnt;
	concat.match->range_cnt = concat.tuple_cnt * concat.field_cnt;
	return xs_parse_put_token(p, "}", 1);
}
