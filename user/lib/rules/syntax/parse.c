// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Shared by the whole parser: its memory, the canonical text, the current token. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/grow.h"
#include "parse.h"

bool xs_parse_oom(struct xs_parser *p)
{
	p->err = -ENOMEM;
	return false;
}

bool xs_parse_stop(struct xs_parser *p)
{
	p->err = p->err ? p->err : -EINVAL;
	return false;
}

void *xs_parse_alloc(struct xs_parser *p, size_t size)
{
	void *memory = xs_arena_get(&p->arena, size);

	if (!memory)
		p->err = -ENOMEM;
	return memory;
}

void *xs_parse_grow(struct xs_parser *p, void *array, __u32 cnt, __u32 *cap, size_t size)
{
	void *larger = xs_grow(array, cnt, cap, size);

	if (!larger)
		p->err = -ENOMEM;
	return larger;
}

bool xs_parse_charge(struct xs_parser *p, size_t bytes, const struct xs_pos *pos)
{
	__u64 max = XS_RULE_EXPAND_BASE + XS_RULE_EXPAND_FACTOR * p->bytes_read;

	if (max > XS_RULE_EXPAND_MAX)
		max = XS_RULE_EXPAND_MAX;
	p->bytes_made += bytes;
	if (p->bytes_made <= max)
		return true;
	xs_parse_error(p, pos,
		       "the rules grow beyond %llu MiB with $names and chains written out: "
		       "use fewer or smaller sets",
		       (unsigned long long)(max >> 20));
	return xs_parse_stop(p);
}

bool xs_parse_count_text(struct xs_parser *p, const struct xs_pos *pos)
{
	p->text_total += p->text_len + 1;
	if (p->text_total <= XS_RULE_FILE_MAX)
		return true;
	xs_parse_error(p, pos, "the rules are longer than %u MiB with their $names replaced",
		       XS_RULE_FILE_MAX >> 20);
	return xs_parse_stop(p);
}

bool xs_parse_put(struct xs_parser *p, const char *s, size_t len)
{
	size_t need = p->text_len + len;

	if (need > XS_RULE_LINE_MAX) {
		struct xs_pos pos = xs_token_pos(&p->tok);

		return xs_parse_error(p, &pos,
				      "the rule is longer than %u MiB with its $names replaced",
				      XS_RULE_LINE_MAX >> 20);
	}
	if (need > p->text_cap) {
		size_t cap = need * 2 + 256;
		char *text = realloc(p->text, cap);

		if (!text)
			return xs_parse_oom(p);
		p->text = text;
		p->text_cap = cap;
	}
	memcpy(p->text + p->text_len, s, len);
	p->text_len = need;
	return true;
}

bool xs_parse_put_token(struct xs_parser *p, const char *s, size_t len)
{
	return (!p->text_len || xs_parse_put(p, " ", 1)) && xs_parse_put(p, s, len);
}

bool xs_parse_put_string(struct xs_parser *p, struct xs_str s)
{
	return xs_parse_put_token(p, "\"", 1) && xs_parse_put(p, s.p, s.len) &&
	       xs_parse_put(p, "\"", 1);
}

void xs_parse_next(struct xs_parser *p)
{
	xs_lex(&p->lex, &p->tok);
	/* the name of a set that a block has defined */
	if (p->tok.type == XS_TOKEN_WORD && *p->tok.p == '@' && xs_parse_is_set(p))
		p->tok.type = XS_TOKEN_NAME;
}

bool xs_parse_at_word(const struct xs_parser *p, const char *word)
{
	return p->tok.type == XS_TOKEN_WORD && xs_str_is(xs_token_str(&p->tok), word);
}

bool xs_parse_take(struct xs_parser *p)
{
	if (!xs_parse_put_token(p, p->tok.p, p->tok.len))
		return false;
	xs_parse_next(p);
	return true;
}

bool xs_parse_take_word(struct xs_parser *p, const char *word)
{
	return xs_parse_at_word(p, word) && xs_parse_take(p);
}

bool xs_parse_end(struct xs_parser *p, const char *what)
{
	return xs_parse_at_end(p) || xs_parse_expected(p, "%s", what);
}
