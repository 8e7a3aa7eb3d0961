// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* define NAME = VALUE, and $NAME where it is used. */
#include <search.h>
#include <string.h>

#include "parse.h"

static int compare_defines(const void *a, const void *b)
{
	const struct xs_define *x = a, *y = b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.p, y->name.p, x->name.len);
}

static const struct xs_define *find_define(struct xs_parser *p, struct xs_str name)
{
	const struct xs_define key = { .name = name };
	struct xs_define *const *node = tfind(&key, &p->defines, compare_defines);

	return node ? *node : NULL;
}

bool xs_parse_is_set(struct xs_parser *p)
{
	return find_define(p, xs_token_str(&p->tok));
}

/*
 * "$LOW-90" may be the range from $LOW to 90, or a name with a '-' in it. The longest
 * defined name wins, and the rest is the next token.
 */
static const struct xs_define *split_name(struct xs_parser *p)
{
	const struct xs_define *define = NULL;
	struct xs_str name = xs_token_str(&p->tok);

	while (!define && name.len > 1) {
		name.len--;
		if (name.p[name.len] == '-')
			define = find_define(p, name);
	}
	if (define) {
		p->tok.len = name.len;
		p->lex.p = p->lex.last_end = name.p + name.len;
	}
	return define;
}

const struct xs_define *xs_parse_this_define(struct xs_parser *p)
{
	const struct xs_define *define = find_define(p, xs_token_str(&p->tok));
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (!define)
		define = split_name(p);
	if (!define)
		xs_parse_error(
			p, &pos,
			"'$%s' is not defined: expected 'define %s = ...' on an earlier line",
			xs_quote(p->tok.p, p->tok.len).s, xs_quote(p->tok.p, p->tok.len).s);
	return define;
}

/* A define holds the value as written. It gets its meaning where it is used. */
bool xs_parse_add_define(struct xs_parser *p, struct xs_str name, __u32 line,
			 const struct xs_pos *pos)
{
	struct xs_define *define;

	if (p->define_cnt == XS_RULE_DEFINE_MAX)
		return xs_parse_error(p, pos, "there are more than %u defines", XS_RULE_DEFINE_MAX);
	define = xs_parse_alloc(p, sizeof(*define));
	if (!define)
		return false;
	*define = (struct xs_define){ .name = name,
				      .shape = p->operand.shape,
				      .cnt = p->operand.cnt,
				      .file = p->file,
				      .line = line };
	define->elems = xs_parse_alloc(p, p->operand.cnt * sizeof(struct xs_elem));
	if (!define->elems)
		return false;
	if (p->operand.cnt) /* an empty file of values has none, and there may be no array yet */
		memcpy(define->elems, p->operand.elems, p->operand.cnt * sizeof(struct xs_elem));
	if (!tsearch(define, &p->defines, compare_defines))
		return xs_parse_oom(p);
	p->define_cnt++;
	return true;
}

bool xs_parse_define(struct xs_parser *p)
{
	const struct xs_define *old;
	__u32 line = p->tok.line;
	struct xs_str name;
	struct xs_pos pos;

	xs_parse_next(p);
	pos = xs_token_pos(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD || !xs_is_define_name(p->tok.p, p->tok.len))
		return xs_parse_expected(
			p, "a name of letters, digits, '_', '-' and '.' after 'define'");
	name = xs_token_str(&p->tok);
	old = find_define(p, name);
	if (old)
		return xs_parse_error(p, &pos,
				      "'%s' is defined at %s:%u already: expected another name",
				      xs_quote_str(name).s, p->set.files[old->file], old->line);
	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_EQ)
		return xs_parse_expected(p, "'=' after the name");
	xs_parse_next(p);
	/* the word that it would be without quotes, such as an interface's name */
	if (p->tok.type == XS_TOKEN_STRING && p->tok.len)
		p->tok.type = XS_TOKEN_WORD;
	return xs_parse_operand(p, &p->operand, true, "a value, a set or a $name") &&
	       xs_parse_end(p, "the end of the line") && xs_parse_add_define(p, name, line, &pos);
}

static void free_nothing(void *node)
{
	(void)node; /* defines lie in the arena */
}

void xs_parse_free_defines(struct xs_parser *p)
{
	tdestroy(p->defines, free_nothing);
}
