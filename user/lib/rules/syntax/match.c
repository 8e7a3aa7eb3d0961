// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The grammar of matches: FIELD [==|!=] VALUE, and the values of each field as ranges.
 * Flags are in flags.c, other comparisons in compare.c.
 */
#include <stdio.h>
#include <string.h>

#include "lib/rules/model/field.h"
#include "match.h"
#include "word_hint.h"

/* "0-65535 or a name such as ssh": the possible values of the field, for messages. */
static void describe(enum xs_field field, char *buf, size_t size)
{
	static const char *const addresses[] = {
		[XS_VALUE_NONE] = "nothing",
		[XS_VALUE_MAC] = "a MAC address such as 00:53:00:00:00:01",
		[XS_VALUE_IPV4] = "an IPv4 address such as 192.0.2.1",
		[XS_VALUE_IPV6] = "an IPv6 address such as 2001:db8::1",
		[XS_VALUE_FLAGS] = NULL,
	};
	const struct xs_field_info *info = &xs_fields[field];
	const char *names = info->names,
		   *before = info->kind == XS_VALUE_NAME ? "" : " or a name such as ";
	struct xs_name name;
	size_t n = 0;

	if (addresses[info->kind]) {
		snprintf(buf, size, "%s", addresses[info->kind]);
		return;
	}
	buf[0] = '\0';
	if (info->kind != XS_VALUE_NAME)
		n = (size_t)snprintf(buf, size, "0-%llu", (unsigned long long)xs_field_max(field));
	for (int i = 0; i < 3 && xs_name_next(&names, &name); i++) {
		n += (size_t)snprintf(buf + n, size - n, "%s%.*s", before, (int)name.len,
				      name.name);
		before = info->kind == XS_VALUE_NAME && i ? " or " : ", ";
	}
}

/*
 * Bytes from the start of the member in its line to byte `at` of its text. The text has
 * no blanks, even if the range was written with them: "80 - 90".
 */
static __u32 bytes_to(const struct xs_parser *p, const struct xs_elem *elem, size_t at)
{
	const char *begin = elem->pos.line_start + elem->pos.column - 1, *c = begin;

	if (elem->pos.of)
		return (__u32)at;
	for (; c < p->lex.end; c++) {
		if (*c == ' ' || *c == '\t')
			continue;
		if (!at--)
			break;
	}
	return (__u32)(c - begin);
}

/*
 * Whether [at, at + len) of the member, which is not a value, is in the place of a
 * range's end: "80-", or "80- drop", where the verdict was taken for the end.
 */
static bool lacks_end(const struct xs_elem *elem, size_t at, size_t len)
{
	const struct xs_token word = { .type = XS_TOKEN_WORD,
				       .p = elem->text.p + at,
				       .len = (__u32)len };

	if (!at || elem->text.p[at - 1] != '-')
		return false;
	return !len || (elem->define.p && (xs_verdict_of(&word) >= 0 || xs_is_family(word.p, len)));
}

bool xs_match_bad_elem(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
		       enum xs_value_result result, size_t at, size_t len)
{
	struct xs_quote q = xs_quote(elem->text.p + at, len);
	char what[160], through[80] = "";
	struct xs_pos pos = elem->pos;

	describe(field, what, sizeof(what));
	if (elem->define.len)
		snprintf(through, sizeof(through), " (of '$%s')", xs_quote_str(elem->define).s);
	if (result == XS_VALUE_BAD && lacks_end(elem, at, len)) {
		/* Directly after the '-', where it should begin. */
		if (!elem->define.len)
			pos.column += bytes_to(p, elem, at - 1) + 1;
		return xs_parse_error(p, &pos, "the range '%s'%s lacks its end: expected %s",
				      xs_quote(elem->text.p, at).s, through, what);
	}
	if (!elem->define.len)
		pos.column += bytes_to(p, elem, at);
	if (elem->text.len > 1 && *elem->text.p == '@')
		return xs_parse_error(p, &pos,
				      "'%s' names a set of nft: expected 'define %s = { ... "
				      "}' on an earlier line, and '$%s' here",
				      q.s, q.s + 1, q.s + 1);
	if (field == XS_FIELD_ct_state &&
	    (xs_str_is(elem->text, "invalid") || xs_str_is(elem->text, "untracked")))
		return xs_parse_error(p, &pos,
				      "'%s'%s is what the kernel finds out behind XDP: expected "
				      "%s, and a rule of nft behind for the rest",
				      q.s, through, what);
	switch (result) {
	case XS_VALUE_BEYOND:
		return xs_parse_error(p, &pos, "'%s'%s is too large for '%s': expected %s", q.s,
				      through, xs_fields[field].text, what);
	case XS_VALUE_REVERSED:
		return xs_parse_error(p, &pos,
				      "the range '%s'%s is empty: expected its smaller end first",
				      q.s, through);
	default:
		return xs_parse_error(p, &pos, "'%s'%s is not %s: expected %s", q.s, through,
				      xs_fields[field].noun, what);
	}
}

static bool prefix_range(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
			 struct xs_range *range)
{
	const struct xs_field_info *info = &xs_fields[field];
	enum xs_value_result result;
	xs_u128 value;
	__u64 length;

	if (info->kind != XS_VALUE_IPV4 && info->kind != XS_VALUE_IPV6 &&
	    info->kind != XS_VALUE_MAC)
		return xs_parse_error(p, &elem->prefix_pos,
				      "'%s' has no prefixes: only addresses have them", info->text);
	result = xs_value_parse(field, elem->text.p, elem->text.len, &value);
	if (result != XS_VALUE_OK)
		return xs_match_bad_elem(p, field, elem, result, 0, elem->text.len);
	result = xs_number_parse(elem->prefix.p, elem->prefix.len, info->bits, &length);
	if (result != XS_VALUE_OK)
		return xs_parse_error(p, &elem->prefix_pos,
				      "'%s' is not a prefix length of '%s': expected 0-%u",
				      xs_quote_str(elem->prefix).s, info->text, info->bits);
	*range = xs_prefix_range(value, (__u32)length, info->bits);
	return true;
}

bool xs_match_elem_range(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
			 struct xs_range *range)
{
	enum xs_value_result result;
	size_t at, len;

	if (elem->prefix.p)
		return prefix_range(p, field, elem, range);
	result = xs_range_parse(field, elem->text.p, elem->text.len, range, &at, &len);
	return result == XS_VALUE_OK || xs_match_bad_elem(p, field, elem, result, at, len);
}

bool xs_match_add_range(struct xs_parser *p, const struct xs_range *range)
{
	struct xs_range *ranges =
		xs_parse_grow(p, p->ranges, p->range_cnt, &p->range_cap, sizeof(*ranges));

	if (!ranges)
		return false;
	p->ranges = ranges;
	ranges[p->range_cnt++] = *range;
	return true;
}

void xs_match_end_ranges(struct xs_parser *p, struct xs_match *match, __u32 first)
{
	match->range_cnt = 0;
	if (p->range_cnt == first) /* an empty file of values; there may be no array yet */
		return;
	match->range_cnt = xs_ranges_merge(p->ranges + first, p->range_cnt - first);
	p->range_cnt = first + match->range_cnt;
}

bool xs_match_check_shape(struct xs_parser *p, enum xs_field field)
{
	return p->operand.shape != XS_SHAPE_LIST ||
	       xs_parse_error(p, &p->operand.comma,
			      "several values of '%s' are a set: expected { ... } around them",
			      xs_fields[field].text);
}

bool xs_match_add_operand(struct xs_parser *p, enum xs_field field, struct xs_match *match)
{
	const struct xs_operand *value = &p->operand;
	__u32 first = p->range_cnt;
	struct xs_range range;

	/* Several states are one value in nft, any of which may be the frame's. */
	if ((field != XS_FIELD_ct_state || match->negate) && !xs_match_check_shape(p, field))
		return false;
	if (!xs_parse_charge(p, value->cnt * sizeof(range), &value->pos))
		return false;
	for (__u32 i = 0; i < value->cnt; i++)
		if (!xs_match_elem_range(p, field, &value->elems[i], &range) ||
		    !xs_match_add_range(p, &range))
			return false;
	xs_match_end_ranges(p, match, first);
	return xs_parse_put_operand(p, value);
}

void xs_parse_family_words(struct xs_str family, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *text = xs_fields[i].text;

		if (strncmp(text, family.p, family.len) || text[family.len] != ' ')
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
				      text + family.len + 1);
		if (n >= size)
			return;
	}
}

/* Those that begin with the same two words: what may be the third. */
static void third_words(struct xs_str family, struct xs_str word, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < XS_FIELD_MAX && n < size; i++) {
		const char *text = xs_fields[i].text;

		if (strncmp(text, family.p, family.len) || text[family.len] != ' ')
			continue;
		text += family.len + 1;
		if (!strncmp(text, word.p, word.len) && text[word.len] == ' ')
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " or " : "",
					      text + word.len + 1);
	}
}

/* The third word of `vlan inner id` and its like; the current token is the second. */
static bool parse_third_word(struct xs_parser *p, struct xs_str family, struct xs_str word,
			     enum xs_field *field)
{
	char two[64], what[64];

	xs_parse_next(p);
	snprintf(two, sizeof(two), "%.*s %.*s", (int)word.len, word.p,
		 p->tok.type == XS_TOKEN_WORD ? (int)p->tok.len : 0, p->tok.p);
	*field = xs_field_find(family.p, family.len, two, strlen(two));
	if (*field == XS_FIELD_MAX) {
		third_words(family, word, what, sizeof(what));
		return xs_parse_expected(p, "%s after '%s %s'", what, xs_quote_str(family).s,
					 xs_quote_str(word).s);
	}
	xs_parse_next(p);
	return xs_parse_put_token(p, xs_fields[*field].text, strlen(xs_fields[*field].text));
}

/* Parses the words of the field, starting at its family. */
static bool parse_words(struct xs_parser *p, enum xs_field *field)
{
	const struct xs_token first = p->tok;
	struct xs_str family = xs_token_str(&first), word = { "", 0 };
	struct xs_word_hint hint;
	char what[128];

	xs_parse_next(p);
	if (p->tok.type == XS_TOKEN_WORD)
		word = xs_token_str(&p->tok);
	if (word.len && xs_field_goes_on(family.p, family.len, word.p, word.len))
		return parse_third_word(p, family, word, field);
	*field = word.len ? xs_field_find(family.p, family.len, word.p, word.len) : XS_FIELD_MAX;
	if (*field != XS_FIELD_MAX) {
		xs_parse_next(p);
		return xs_parse_put_token(p, xs_fields[*field].text,
					  strlen(xs_fields[*field].text));
	}
	*field = xs_field_find(family.p, family.len, "", 0);
	if (*field != XS_FIELD_MAX)
		return xs_parse_put_token(p, family.p, family.len);
	xs_parse_family_words(family, what, sizeof(what));
	hint = xs_other_tools_hint(&p->tok, XS_FIELD_MAX);
	if (!hint.s[0])
		hint = xs_other_tools_hint(&first, XS_FIELD_MAX);
	return xs_parse_expected(p, "%s%s after '%s'%s", strchr(what, ',') ? "one of " : "", what,
				 xs_quote_str(family).s, hint.s);
}

bool xs_parse_field(struct xs_parser *p)
{
	struct xs_match *match = &p->matches[p->match_cnt];
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (p->match_cnt == XS_RULE_MATCH_MAX)
		return xs_parse_error(p, &pos, "the rule has more than %u matches",
				      XS_RULE_MATCH_MAX);
	memset(match, 0, sizeof(*match));
	p->first_range[p->match_cnt] = p->range_cnt;
	if (!parse_words(p, &match->field))
		return false;
	p->match_cnt++;
	return true;
}

bool xs_parse_match(struct xs_parser *p)
{
	struct xs_match *match = &p->matches[p->match_cnt];
	const size_t text_at = p->text_len;
	char what[200];

	if (!xs_parse_field(p))
		return false;
	if (!xs_fields[match->field].bits)
		return true;
	if (xs_parse_at_concat(p))
		return xs_parse_concat(p, text_at);
	if (p->tok.type == XS_TOKEN_AMP)
		return xs_parse_masked(p, match);
	if (match->field == XS_FIELD_tcp_flags)
		return xs_parse_flags(p, match);
	if (p->tok.type >= XS_TOKEN_LT && p->tok.type <= XS_TOKEN_GE)
		return xs_parse_bound(p, match);
	if (p->tok.type == XS_TOKEN_NOT)
		return xs_parse_expected(p, "'!=': '!' stands before TCP flags only");
	match->negate = p->tok.type == XS_TOKEN_NE;
	if (match->negate && !xs_parse_put_token(p, "!=", 2))
		return false;
	if (match->negate || p->tok.type == XS_TOKEN_EQ_EQ)
		xs_parse_next(p);
	if (xs_parse_at_set_name(p))
		return xs_parse_set_match(p, match);
	if (!xs_parse_at_value(p) && p->tok.type != XS_TOKEN_LBRACE) {
		describe(match->field, what, sizeof(what));
		return xs_parse_expected(p, "%s: %s", xs_fields[match->field].noun, what);
	}
	return xs_parse_operand(p, &p->operand, true, xs_fields[match->field].noun) &&
	       xs_match_add_operand(p, match->field, match);
}
