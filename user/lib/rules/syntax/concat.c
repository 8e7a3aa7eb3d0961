// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Concatenations and verdict maps: ip saddr . tcp dport { 10.0.0.1 . 22, ... } VERDICT
 * and tcp dport vmap { 22 : accept, ... }. Each element becomes a rule of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "chains.h"
#include "match.h"

bool xs_parse_at_concat(const struct xs_parser *p)
{
	return xs_parse_at_word(p, ".") || xs_parse_at_word(p, "vmap");
}

/* Whether the last match can be part of a key that begins with the match `first`. */
static bool check_key(struct xs_parser *p, __u32 first, const struct xs_pos *pos)
{
	if (!xs_fields[p->matches[p->match_cnt - 1].field].bits)
		return xs_parse_error(p, pos, "a protocol alone has no value");
	if (p->match_cnt - first > XS_KEYS_MAX)
		return xs_parse_error(p, pos, "a concatenation has at most %u fields", XS_KEYS_MAX);
	return true;
}

/* ". FIELD" after the first one, then vmap if it is a map. */
static bool parse_keys(struct xs_parser *p, __u32 first)
{
	struct xs_pos pos;

	while (xs_parse_at_word(p, ".")) {
		if (!xs_parse_put_token(p, ".", 1)) /* only in the text of tuples */
			return false;
		xs_parse_next(p);
		if (p->tok.type != XS_TOKEN_WORD || !xs_is_family(p->tok.p, p->tok.len))
			return xs_parse_expected(p, "a field after '.'");
		pos = xs_token_pos(&p->tok);
		if (!xs_parse_field(p) || !check_key(p, first, &pos))
			return false;
	}
	p->is_map = xs_parse_at_word(p, "vmap");
	if (p->is_map || p->tok.type == XS_TOKEN_EQ_EQ)
		xs_parse_next(p);
	return true;
}

/* Ends the token before byte `len`; what is behind it is the next one. */
static void split_token(struct xs_parser *p, __u32 len)
{
	p->tok.len = len;
	p->lex.p = p->lex.last_end = p->tok.p + len;
}

/* "22:" and "22:accept": the colon of a map, which is a byte of words as well. */
static void split_colon(struct xs_parser *p, enum xs_field field)
{
	enum xs_value_kind kind = xs_fields[field].kind;
	const char *colon = memchr(p->tok.p, ':', p->tok.len);
	__u32 last = p->tok.len - 1;

	if (p->tok.type != XS_TOKEN_WORD || !colon || colon == p->tok.p)
		return;
	if (kind != XS_VALUE_MAC && kind != XS_VALUE_IPV6)
		split_token(p, (__u32)(colon - p->tok.p));
	else if (p->tok.p[last] == ':' && p->tok.p[last - 1] != ':')
		split_token(p, last);
}

static bool parse_key(struct xs_parser *p, struct xs_branch *branch, __u32 i)
{
	enum xs_field field = p->matches[p->key_at + i].field;
	struct xs_match match = { .field = field };

	branch->key[i].first = p->range_cnt;
	if (p->is_map)
		split_colon(p, field);
	/* alone, flags would be any of them: in a set they are the whole byte */
	if (!xs_parse_put_token(p, xs_fields[field].text, strlen(xs_fields[field].text)) ||
	    (field == XS_FIELD_tcp_flags && !xs_parse_put_token(p, "==", 2)) ||
	    !xs_parse_member(p, &p->operand, xs_fields[field].noun) ||
	    !xs_match_add_operand(p, field, &match))
		return false;
	branch->key[i].cnt = match.range_cnt;
	return true;
}

/* The element '*': whatever has the fields. */
static bool parse_rest(struct xs_parser *p, struct xs_branch *branch)
{
	for (__u32 i = 0; i < p->key_cnt; i++) {
		const struct xs_field_info *info = &xs_fields[p->matches[p->key_at + i].field];
		const struct xs_range all = { 0, xs_ones(info->bits) };

		if (info->kind == XS_VALUE_NAME)
			return xs_parse_expected(p, "%s: '%s' has names only", info->noun,
						 info->text);
		branch->key[i].first = p->range_cnt;
		branch->key[i].cnt = 1;
		/* a match that always holds, written so that it is read again */
		if (!xs_match_add_range(p, &all) ||
		    !xs_parse_put_token(p, info->text, strlen(info->text)) ||
		    !xs_parse_put_token(p, "& 0 == 0", strlen("& 0 == 0")))
			return false;
	}
	xs_parse_next(p);
	return true;
}

static bool keep_target_name(struct xs_parser *p, struct xs_branch *branch, const char *name)
{
	if (!*name)
		return true;
	branch->target_name = xs_parse_alloc(p, strlen(name) + 1);
	if (branch->target_name)
		strcpy(branch->target_name, name);
	return branch->target_name;
}

/* ": VERDICT" */
static bool parse_branch_verdict(struct xs_parser *p, struct xs_branch *branch)
{
	char name[XS_TARGET_NAME_MAX] = "";

	if (p->tok.type != XS_TOKEN_WORD || *p->tok.p != ':')
		return xs_parse_expected(p, "':' and a verdict");
	split_token(p, 1);
	xs_parse_next(p);
	if (xs_chain_at_goal(p))
		return xs_chain_parse_goal(p, &branch->goal);
	return xs_parse_verdict(p, &branch->action, name) && keep_target_name(p, branch, name);
}

/* Takes the canonical text of the branch out of the statement's. */
static bool keep_text(struct xs_parser *p, struct xs_branch *branch)
{
	size_t len = p->text_len - p->key_text;
	char *text;

	if (!xs_parse_charge(p, len + sizeof(*branch), &p->operand.pos))
		return false;
	text = xs_parse_alloc(p, len);
	if (!text)
		return false;
	memcpy(text, p->text + p->key_text, len);
	branch->text = (struct xs_str){ text, (__u32)len };
	p->text_len = p->key_text;
	return true;
}

/* One element; *rest: it is '*'. */
static bool parse_branch(struct xs_parser *p, bool *rest)
{
	struct xs_branch branch = { .line = p->tok.line };
	struct xs_branch *more;

	*rest = p->is_map && xs_parse_at_word(p, "*");
	if (*rest && !parse_rest(p, &branch))
		return false;
	for (__u32 i = 0; !*rest && i < p->key_cnt; i++) {
		if (i && !xs_parse_at_word(p, "."))
			return xs_parse_expected(p, "'.' and a value of '%s'",
						 xs_fields[p->matches[p->key_at + i].field].text);
		if (i)
			xs_parse_next(p);
		if (!parse_key(p, &branch, i))
			return false;
	}
	if ((p->is_map && !parse_branch_verdict(p, &branch)) || !keep_text(p, &branch))
		return false;
	more = xs_parse_grow(p, p->branches, p->branch_cnt, &p->branch_cap, sizeof(*more));
	if (!more)
		return false;
	p->branches = more;
	more[p->branch_cnt++] = branch;
	return true;
}

/* As in nft's sets the element '*' is asked last, wherever it stands. */
static void move_last(struct xs_parser *p, __u32 at)
{
	struct xs_branch rest = p->branches[at];

	memmove(&p->branches[at], &p->branches[at + 1], (p->branch_cnt - at - 1) * sizeof(rest));
	p->branches[p->branch_cnt - 1] = rest;
}

static bool parse_branches(struct xs_parser *p)
{
	__u32 line = p->tok.line, rest_at = 0, rests = 0;
	bool rest;

	p->in_set = true;
	xs_parse_next(p);
	xs_parse_skip_lines(p);
	do {
		if (!parse_branch(p, &rest))
			return false;
		if (rest && rests++)
			return xs_parse_expected(p, "'*' once at most");
		if (rest)
			rest_at = p->branch_cnt - 1;
		if (!xs_parse_end_element(p, line))
			return false;
	} while (p->tok.type != XS_TOKEN_RBRACE);
	if (rests)
		move_last(p, rest_at);
	p->in_set = false;
	xs_parse_next(p);
	return true;
}

bool xs_parse_concat(struct xs_parser *p, size_t text_at)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	__u32 first = p->match_cnt - 1;
	bool rest;

	if (!parse_keys(p, first))
		return false;
	if (p->tok.type == XS_TOKEN_NE && !p->is_map)
		return xs_parse_tuples(p, first, text_at);
	if (p->key_cnt)
		return xs_parse_error(p, &pos,
				      "the rule has a concatenation or verdict map already: "
				      "expected one at most");
	p->key_at = first;
	p->key_cnt = p->match_cnt - first;
	p->branch_cnt = 0;
	p->text_len = p->key_text = text_at;
	if (p->tok.type == XS_TOKEN_LBRACE)
		return parse_branches(p);
	if (p->is_map)
		return xs_parse_expected(p, "'{' and elements VALUE : VERDICT");
	return parse_branch(p, &rest);
}
