// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Parses values as written: words, ranges, prefixes, lists and sets, and replaces
 * $names. Their meaning depends on the match that they are in.
 */
#include <string.h>

#include "parse.h"

#define SET_DEPTH_MAX 16 /* as deep as includes; more is a slip, and costs stack */

bool xs_parse_put_elem(struct xs_parser *p, const struct xs_elem *elem)
{
	bool group = memchr(elem->text.p, '|', elem->text.len);

	if (!xs_parse_put(p, "(", group) || !xs_parse_put(p, elem->text.p, elem->text.len) ||
	    !xs_parse_put(p, ")", group))
		return false;
	return !elem->prefix.p ||
	       (xs_parse_put(p, "/", 1) && xs_parse_put(p, elem->prefix.p, elem->prefix.len));
}

bool xs_parse_put_operand(struct xs_parser *p, const struct xs_operand *value)
{
	const char *separator = value->shape == XS_SHAPE_SET ? ", " : ",";

	if (!value->cnt) /* of files without a value; read again it is one, too */
		return xs_parse_put_token(p, XS_EMPTY_SET, strlen(XS_EMPTY_SET));
	if (!xs_parse_put_token(p, "{ ", value->shape == XS_SHAPE_SET ? 2 : 0))
		return false;
	for (__u32 i = 0; i < value->cnt; i++) {
		if (i && !xs_parse_put(p, separator, strlen(separator)))
			return false;
		if (!xs_parse_put_elem(p, &value->elems[i]))
			return false;
	}
	return value->shape != XS_SHAPE_SET || xs_parse_put_token(p, "}", 1);
}

bool xs_parse_add_elem(struct xs_parser *p, struct xs_operand *value, const struct xs_elem *elem)
{
	struct xs_elem *elems =
		xs_parse_grow(p, value->elems, value->cnt, &value->cap, sizeof(*elems));

	if (!elems)
		return false;
	value->elems = elems;
	if (value->cnt == XS_RULE_SET_MAX)
		return xs_parse_error(p, &value->pos, "the set has more than %u members",
				      XS_RULE_SET_MAX);
	elems[value->cnt++] = *elem;
	return true;
}

/* Whether a $NAME is one plain word, which can be part of a range or prefix. */
static bool is_plain(const struct xs_define *define)
{
	return define->shape == XS_SHAPE_ONE && !define->elems[0].prefix.p;
}

bool xs_parse_take_part(struct xs_parser *p, struct xs_str *out, struct xs_str *through)
{
	const struct xs_define *define;
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (p->tok.type == XS_TOKEN_WORD) {
		*out = xs_token_str(&p->tok);
		xs_parse_next(p);
		return true;
	}
	if (p->tok.type != XS_TOKEN_NAME)
		return xs_parse_expected(p, "a value");
	define = xs_parse_this_define(p);
	if (!define)
		return false;
	if (!is_plain(define))
		return xs_parse_error(p, &pos,
				      "'$%s' is not a single value, so it cannot be part of one",
				      xs_quote_str(define->name).s);
	*out = define->elems[0].text;
	*through = define->name;
	xs_parse_next(p);
	return true;
}

/* Adds the members of a $NAME, as if each was written here. */
static bool add_define(struct xs_parser *p, struct xs_operand *value,
		       const struct xs_define *define, const struct xs_pos *pos)
{
	if (define->shape == XS_SHAPE_LIST && value->shape == XS_SHAPE_ONE) {
		value->shape = XS_SHAPE_LIST;
		value->comma = *pos;
	} else if (define->shape == XS_SHAPE_SET && value->shape == XS_SHAPE_ONE) {
		value->shape = XS_SHAPE_SET;
	}
	if (!xs_parse_charge(p, define->cnt * sizeof(struct xs_elem), pos))
		return false;
	for (__u32 i = 0; i < define->cnt; i++) {
		struct xs_elem elem = define->elems[i];

		if (!elem.pos.of)
			elem.pos = elem.prefix_pos = *pos;
		elem.define = define->name;
		if (!xs_parse_add_elem(p, value, &elem))
			return false;
	}
	return true;
}

/* "80 - 90", "$low-$high": parts of one range, although not one word. */
static bool is_joined(const struct xs_parser *p, struct xs_str text)
{
	if (p->tok.first)
		return false;
	if (p->tok.type == XS_TOKEN_WORD)
		return *p->tok.p == '-' || text.p[text.len - 1] == '-';
	return p->tok.type == XS_TOKEN_NAME && text.p[text.len - 1] == '-';
}

/* Appends the current token, with `between` before it, to the member's text. */
static bool join_part(struct xs_parser *p, struct xs_elem *elem, const char *between)
{
	__u32 gap = (__u32)strlen(between);
	struct xs_str part, whole;
	char *bytes;

	if (!xs_parse_take_part(p, &part, &elem->define))
		return false;
	whole.len = elem->text.len + gap + part.len;
	if (whole.len > 4096)
		return xs_parse_error(p, &elem->pos, "the value is longer than 4096 bytes");
	if (!xs_parse_charge(p, whole.len + 16, &elem->pos))
		return false;
	bytes = xs_parse_alloc(p, whole.len);
	if (!bytes)
		return false;
	memcpy(bytes, elem->text.p, elem->text.len);
	memcpy(bytes + elem->text.len, between, gap);
	memcpy(bytes + elem->text.len + gap, part.p, part.len);
	whole.p = bytes;
	elem->text = whole;
	/* It is not one word of the line; "" says so if there is no $NAME. */
	if (!elem->define.p)
		elem->define = (struct xs_str){ "", 0 };
	return true;
}

/* "a | b" from the bar on: flags, as one value. */
static bool join_bars(struct xs_parser *p, struct xs_elem *elem)
{
	while (p->tok.type == XS_TOKEN_PIPE) {
		xs_parse_next(p);
		if (!join_part(p, elem, "|"))
			return false;
	}
	return true;
}

/* ( a | b ) as the one value that it is without them; a comma does for a bar. */
static bool parse_group(struct xs_parser *p, struct xs_elem *elem)
{
	xs_parse_next(p);
	elem->pos = xs_token_pos(&p->tok);
	if (!xs_parse_take_part(p, &elem->text, &elem->define))
		return false;
	while (p->tok.type == XS_TOKEN_PIPE || p->tok.type == XS_TOKEN_COMMA) {
		xs_parse_next(p);
		if (!join_part(p, elem, "|"))
			return false;
	}
	if (p->tok.type != XS_TOKEN_RPAREN)
		return xs_parse_expected(p, "'|' or ')'");
	xs_parse_next(p);
	return true;
}

static bool parse_prefix(struct xs_parser *p, struct xs_elem *elem)
{
	struct xs_str through = { NULL, 0 };

	xs_parse_next(p);
	elem->prefix_pos = xs_token_pos(&p->tok);
	if (!xs_parse_at_value(p))
		return xs_parse_expected(p, "a prefix length after '/'");
	return xs_parse_take_part(p, &elem->prefix, &through);
}

static bool end_elem(struct xs_parser *p, struct xs_operand *value, const struct xs_elem *elem)
{
	return xs_parse_charge(p, sizeof(*elem), &elem->pos) && xs_parse_add_elem(p, value, elem);
}

/* Parses one member: a value, range or prefix, or a $NAME that may hold several. */
static bool parse_elem(struct xs_parser *p, struct xs_operand *value, bool prefixes,
		       const char *what)
{
	struct xs_elem elem = { .pos = xs_token_pos(&p->tok) };

	if (p->tok.type == XS_TOKEN_LPAREN)
		return parse_group(p, &elem) && join_bars(p, &elem) && end_elem(p, value, &elem);
	if (!xs_parse_at_value(p))
		return xs_parse_expected(p, "%s", what);
	if (p->tok.type == XS_TOKEN_NAME) {
		const struct xs_define *define = xs_parse_this_define(p);

		if (!define)
			return false;
		if (!is_plain(define)) {
			xs_parse_next(p);
			return add_define(p, value, define, &elem.pos);
		}
	}
	if (!xs_parse_take_part(p, &elem.text, &elem.define))
		return false;
	while (is_joined(p, elem.text))
		if (!join_part(p, &elem, ""))
			return false;
	if (prefixes && p->tok.type == XS_TOKEN_SLASH && !parse_prefix(p, &elem))
		return false;
	return join_bars(p, &elem) && end_elem(p, value, &elem);
}

/* A ';' ends a line, but no line of a set. */
void xs_parse_skip_lines(struct xs_parser *p)
{
	while (p->tok.type == XS_TOKEN_EOL && !p->tok.len)
		xs_parse_next(p);
}

bool xs_parse_end_element(struct xs_parser *p, __u32 line)
{
	xs_parse_skip_lines(p);
	if (p->tok.type != XS_TOKEN_COMMA && p->tok.type != XS_TOKEN_RBRACE)
		return xs_parse_expected(p, "',' or '}' in the set that begins at line %u", line);
	if (p->tok.type == XS_TOKEN_COMMA)
		xs_parse_next(p);
	xs_parse_skip_lines(p);
	return true;
}

static bool parse_set(struct xs_parser *p, struct xs_operand *value, const char *what, int depth);

/* A member as it stands in the set: a value, a set, or a file of values. */
static bool parse_set_member(struct xs_parser *p, struct xs_operand *value, const char *what,
			     int depth)
{
	if (p->tok.type == XS_TOKEN_LBRACE)
		return parse_set(p, value, what, depth + 1);
	if (!xs_parse_at_word(p, "file"))
		return parse_elem(p, value, true, what);
	xs_parse_next(p);
	return xs_parse_set_file(p, value);
}

/* { a, b, } over as many lines as it takes; a set in it stands for its members. */
static bool parse_set(struct xs_parser *p, struct xs_operand *value, const char *what, int depth)
{
	const struct xs_pos pos = xs_token_pos(&p->tok);

	if (depth == SET_DEPTH_MAX)
		return xs_parse_error(p, &pos, "sets lie more than %u deep in sets", SET_DEPTH_MAX);
	xs_parse_next(p);
	xs_parse_skip_lines(p);
	if (p->tok.type == XS_TOKEN_RBRACE)
		return xs_parse_expected(p, "%s: a set has at least one member", what);
	while (p->tok.type != XS_TOKEN_RBRACE) {
		if (p->tok.type == XS_TOKEN_EOF)
			return xs_parse_error(p, &pos, "the set is not closed: expected '}'");
		if (!parse_set_member(p, value, what, depth))
			return false;
		xs_parse_skip_lines(p);
		if (p->tok.type == XS_TOKEN_COMMA) {
			xs_parse_next(p);
			xs_parse_skip_lines(p);
		} else if (p->tok.type != XS_TOKEN_RBRACE && p->tok.type != XS_TOKEN_EOF) {
			return xs_parse_expected(p, "',' or '}' in the set that begins at line %u",
						 pos.line);
		}
	}
	p->in_set = depth > 0;
	xs_parse_next(p);
	return true;
}

static void begin_operand(const struct xs_parser *p, struct xs_operand *value)
{
	value->cnt = 0;
	value->shape = XS_SHAPE_ONE;
	value->pos = xs_token_pos(&p->tok);
}

bool xs_parse_member(struct xs_parser *p, struct xs_operand *value, const char *what)
{
	begin_operand(p, value);
	return parse_elem(p, value, true, what);
}

bool xs_parse_operand(struct xs_parser *p, struct xs_operand *value, bool prefixes,
		      const char *what)
{
	begin_operand(p, value);
	if (p->tok.type == XS_TOKEN_LBRACE) {
		value->shape = XS_SHAPE_SET;
		p->in_set = true;
		return parse_set(p, value, what, 0);
	}
	if (!parse_elem(p, value, prefixes, what))
		return false;
	/* a bar is left where a $NAME of several flags stands before it */
	while (p->tok.type == XS_TOKEN_COMMA || p->tok.type == XS_TOKEN_PIPE) {
		if (value->shape != XS_SHAPE_LIST)
			value->comma = xs_token_pos(&p->tok);
		value->shape = XS_SHAPE_LIST;
		xs_parse_next(p);
		if (!parse_elem(p, value, prefixes, what))
			return false;
	}
	return true;
}
