// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Tokens of a chain file: arrows, names, numbers, times; and errors at them. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/number.h"
#include "parse.h"

/*
 * The lexer has no arrow, because '-' can be part of a word. "fw->nat" is a word, an
 * arrow and a word, just as "fw -> nat".
 */
void xs_chain_next(struct xs_chain_parser *p)
{
	struct xs_token *tok = &p->tok;

	p->arrow = p->arrow_follows;
	p->arrow_follows = false;
	if (p->arrow) {
		tok->p += tok->len;
		tok->column += tok->len;
		tok->len = 2;
		return;
	}
	xs_lex(&p->lex, tok);
	if (tok->type != XS_TOKEN_WORD || tok->p[tok->len - 1] != '-' || p->lex.p == p->lex.end ||
	    *p->lex.p != '>')
		return;
	p->lex.last_end = ++p->lex.p;
	if (tok->len == 1) {
		p->arrow = true;
		tok->len = 2;
	} else {
		p->arrow_follows = true;
		tok->len--;
	}
}

bool xs_chain_at_end(const struct xs_chain_parser *p)
{
	return p->tok.type == XS_TOKEN_EOL || p->tok.type == XS_TOKEN_EOF;
}

static bool at_word(const struct xs_chain_parser *p, const char *word)
{
	return p->tok.type == XS_TOKEN_WORD && !p->arrow && p->tok.len == strlen(word) &&
	       !memcmp(p->tok.p, word, p->tok.len);
}

bool xs_chain_take_word(struct xs_chain_parser *p, const char *word)
{
	if (!at_word(p, word))
		return false;
	xs_chain_next(p);
	return true;
}

/* ---- findings ---- */

static void __attribute__((format(printf, 4, 0)))
add_finding(struct xs_chain_parser *p, const struct xs_token *at, bool warning, const char *fmt,
	    va_list args)
{
	struct xs_chain_findings *all = p->findings;
	struct xs_chain_finding *finding;

	p->failed |= !warning;
	if (all->cnt == XS_CHAIN_FINDINGS_MAX) {
		all->more = true;
		return;
	}
	finding = &all->findings[all->cnt++];
	memset(finding, 0, sizeof(*finding));
	finding->warning = warning;
	finding->line = at->line;
	finding->column = at->column;
	vsnprintf(finding->message, sizeof(finding->message), fmt, args);
	finding->caret = xs_excerpt(at->line_start, p->lex.end, at->column, finding->source,
				    sizeof(finding->source));
}

bool xs_chain_error(struct xs_chain_parser *p, const struct xs_token *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_finding(p, at, false, fmt, args);
	va_end(args);
	return false;
}

void xs_chain_warn(struct xs_chain_parser *p, const struct xs_token *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_finding(p, at, true, fmt, args);
	va_end(args);
}

bool xs_chain_expected(struct xs_chain_parser *p, const char *what)
{
	const struct xs_token *tok = &p->tok;

	if (tok->type == XS_TOKEN_BAD)
		return xs_chain_error(p, tok, "%s", tok->why);
	if (xs_chain_at_end(p))
		return xs_chain_error(p, tok, "the line ends here: expected %s", what);
	return xs_chain_error(p, tok, "found '%.*s': expected %s", tok->len > 40 ? 40 : tok->len,
			      tok->p, what);
}

/* ---- words ---- */

static bool is_name(const char *s, size_t len)
{
	if (!len || len >= XS_CHAIN_NAME_MAX || !isalpha((unsigned char)s[0]) || s[len - 1] == '-')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && s[i] != '-')
			return false;
	return true;
}

static bool copy_name(struct xs_chain_parser *p, const char *s, size_t len, const char *what,
		      char name[XS_CHAIN_NAME_MAX])
{
	if (!is_name(s, len))
		return xs_chain_error(
			p, &p->tok,
			"'%.*s' is not the name of %s: expected a letter, then letters, "
			"digits, _ and -, at most %d in all",
			(int)(len > 40 ? 40 : len), s, what, XS_CHAIN_NAME_MAX - 1);
	memcpy(name, s, len);
	name[len] = '\0';
	return true;
}

bool xs_chain_name(struct xs_chain_parser *p, const char *what, char name[XS_CHAIN_NAME_MAX])
{
	char expected[64];

	if (p->tok.type != XS_TOKEN_WORD || p->arrow) {
		snprintf(expected, sizeof(expected), "the name of %s", what);
		return xs_chain_expected(p, expected);
	}
	if (!copy_name(p, p->tok.p, p->tok.len, what, name))
		return false;
	xs_chain_next(p);
	return true;
}

bool xs_chain_dotted(struct xs_chain_parser *p, char service[XS_CHAIN_NAME_MAX],
		     char exit[XS_CHAIN_NAME_MAX])
{
	const struct xs_token *tok = &p->tok;
	const char *dot;
	size_t len;

	exit[0] = '\0';
	if (tok->type != XS_TOKEN_WORD || p->arrow)
		return xs_chain_expected(p, "the name of a service");
	dot = memchr(tok->p, '.', tok->len);
	len = dot ? (size_t)(dot - tok->p) : tok->len;
	if (!copy_name(p, tok->p, len, "a service", service))
		return false;
	if (dot && !copy_name(p, dot + 1, tok->len - len - 1, "an exit", exit))
		return false;
	xs_chain_next(p);
	return true;
}

static bool word_text(struct xs_chain_parser *p, char *text, size_t size)
{
	if (p->tok.type != XS_TOKEN_WORD || p->arrow || p->tok.len >= size)
		return false;
	memcpy(text, p->tok.p, p->tok.len);
	text[p->tok.len] = '\0';
	return true;
}

bool xs_chain_number(struct xs_chain_parser *p, __u32 min, __u32 max, __u32 *out)
{
	char text[24], expected[64];
	__u64 value;

	if (!word_text(p, text, sizeof(text)) || xs_parse_u64(text, min, max, &value)) {
		snprintf(expected, sizeof(expected), "a number from %u to %u", min, max);
		return xs_chain_expected(p, expected);
	}
	*out = (__u32)value;
	xs_chain_next(p);
	return true;
}

bool xs_chain_time(struct xs_chain_parser *p, __u32 *ms)
{
	char text[24], *unit = text;
	__u64 value;
	__u32 factor;

	if (!word_text(p, text, sizeof(text)))
		return xs_chain_expected(p, "a time such as 500ms or 2s");
	while (isdigit((unsigned char)*unit))
		unit++;
	factor = !strcmp(unit, "ms") ? 1 : !strcmp(unit, "s") ? 1000 : 0;
	*unit = '\0';
	if (!factor || xs_parse_u64(text, 1, 3600000 / factor, &value))
		return xs_chain_expected(p, "a time such as 500ms or 2s, at most an hour");
	*ms = (__u32)value * factor;
	xs_chain_next(p);
	return true;
}

__s8 xs_chain_end_word(struct xs_chain_parser *p)
{
	if (xs_chain_take_word(p, "drop"))
		return XS_TO_drop;
	return xs_chain_take_word(p, "tx") ? XS_TO_tx : XS_TO_nowhere;
}
