// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Splits the bytes of a rule file into tokens. Knows nothing of their meaning. */
#include <string.h>

#include "lib/base/escape.h"
#include "lex.h"

enum {
	WORD = 1, /* part of a word */
	NAME = 2, /* part of a $NAME */
	FIRST = 4, /* may begin a $NAME */
};

#define BOTH(c) [c] = WORD | NAME
#define LETTER(c) [c] = WORD | NAME | FIRST
static const unsigned char classes[256] = {
	['0' ... '9'] = WORD | NAME,
	['a' ... 'z'] = WORD | NAME | FIRST,
	['A' ... 'Z'] = WORD | NAME | FIRST,
	LETTER('_'),
	BOTH('.'),
	BOTH('-'),
	[':'] = WORD,
	['+'] = WORD,
	['@'] = WORD,
	['%'] = WORD,
	['*'] = WORD,
};

static bool is_class(char c, unsigned char class)
{
	return classes[(unsigned char)c] & class;
}

bool xs_is_word_byte(char c)
{
	return is_class(c, WORD);
}

bool xs_is_define_name(const char *p, size_t len)
{
	if (!len || !is_class(*p, FIRST) || p[len - 1] == '-')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_class(p[i], NAME))
			return false;
	return true;
}

void xs_lexer_init(struct xs_lexer *lex, const char *text, size_t len)
{
	lex->p = text;
	lex->end = text + len;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		lex->p += 3;
	lex->line_start = lex->last_end = lex->p;
	lex->line = 1;
}

static size_t bytes_left(const struct xs_lexer *lex)
{
	return (size_t)(lex->end - lex->p);
}

static void begin_line(struct xs_lexer *lex)
{
	lex->line++;
	lex->line_start = lex->last_end = lex->p;
}

/* Number of bytes of the line end at p: 1, 2 (CR LF), or 0. A CR at the end of the text counts. */
static size_t line_end(const struct xs_lexer *lex, const char *p)
{
	if (p == lex->end)
		return 0;
	if (*p == '\n')
		return 1;
	if (*p != '\r')
		return 0;
	if (p + 1 == lex->end)
		return 1;
	return p[1] == '\n' ? 2 : 0;
}

/*
 * Steps over a backslash that ends its line, together with the line end. The end of the
 * text also ends a line: not every editor writes a newline there.
 */
static bool join_line(struct xs_lexer *lex)
{
	const char *after = lex->p + 1;
	size_t n;

	if (*lex->p != '\\')
		return false;
	n = line_end(lex, after);
	if (!n && after != lex->end)
		return false;
	lex->p = after + n;
	begin_line(lex);
	return true;
}

/* Skips spaces, a comment, and joined lines, up to the next token or line end. */
static void skip_blank(struct xs_lexer *lex)
{
	while (bytes_left(lex)) {
		if (*lex->p == ' ' || *lex->p == '\t') {
			lex->p++;
		} else if (join_line(lex)) {
			continue;
		} else if (*lex->p == '#') {
			const char *nl = memchr(lex->p, '\n', bytes_left(lex));

			lex->p = nl ? nl : lex->end;
			return;
		} else {
			return;
		}
	}
}

static size_t run_of(const struct xs_lexer *lex, unsigned char class)
{
	const char *p = lex->p;

	while (p < lex->end && is_class(*p, class))
		p++;
	return (size_t)(p - lex->p);
}

static void set_bad(struct xs_token *token, size_t len, const char *why)
{
	token->type = XS_TOKEN_BAD;
	token->len = (__u32)len;
	token->why = why;
}

static void lex_string(struct xs_lexer *lex, struct xs_token *token)
{
	const char *p = lex->p + 1;
	size_t n;

	while (p < lex->end && *p != '"' && !line_end(lex, p)) {
		n = xs_utf8_char(p, lex->end);
		if (!n) {
			token->column += (__u32)(p - token->p);
			token->p = p;
			set_bad(token, 1, "a string holds UTF-8 text without control characters");
			lex->p = p + 1;
			return;
		}
		p += n;
	}
	if (p == lex->end || *p != '"') {
		set_bad(token, (size_t)(p - token->p),
			"the string is not closed: expected '\"' on the same line");
		lex->p = p;
		return;
	}
	token->type = XS_TOKEN_STRING;
	token->p++;
	token->len = (__u32)(p - token->p);
	lex->p = p + 1;
}

static void lex_name(struct xs_lexer *lex, struct xs_token *token)
{
	size_t n;

	lex->p++;
	n = run_of(lex, NAME);
	/* "$a-$b" is a range, not a name that ends in '-'. */
	while (n && lex->p[n - 1] == '-')
		n--;
	if (!xs_is_define_name(lex->p, n)) {
		set_bad(token, n + 1, "expected a name after '$'");
		lex->p += n;
		return;
	}
	token->type = XS_TOKEN_NAME;
	token->p++;
	token->len = (__u32)n;
	lex->p += n;
}

static void lex_other(struct xs_lexer *lex, struct xs_token *token)
{
	static const struct {
		char text[3];
		enum xs_token_type type;
	} marks[] = {
		/* the longer ones first */
		{ "==", XS_TOKEN_EQ_EQ }, { "!=", XS_TOKEN_NE },    { "<=", XS_TOKEN_LE },
		{ ">=", XS_TOKEN_GE },	  { "<", XS_TOKEN_LT },	    { ">", XS_TOKEN_GT },
		{ "=", XS_TOKEN_EQ },	  { "!", XS_TOKEN_NOT },    { "&", XS_TOKEN_AMP },
		{ "|", XS_TOKEN_PIPE },	  { "(", XS_TOKEN_LPAREN }, { ")", XS_TOKEN_RPAREN },
		{ "{", XS_TOKEN_LBRACE }, { "}", XS_TOKEN_RBRACE }, { ",", XS_TOKEN_COMMA },
		{ "/", XS_TOKEN_SLASH },  { ";", XS_TOKEN_EOL },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t len = strlen(marks[i].text);

		if (bytes_left(lex) < len || memcmp(lex->p, marks[i].text, len))
			continue;
		token->type = marks[i].type;
		token->len = (__u32)len;
		lex->p += len;
		return;
	}
	set_bad(token, 1, "this character has no meaning here");
	lex->p++;
}

static void lex_end(struct xs_lexer *lex, struct xs_token *token)
{
	token->p = lex->last_end;
	token->column = (__u32)(lex->last_end - lex->line_start) + 1;
	token->len = 0;
	if (!bytes_left(lex)) {
		token->type = XS_TOKEN_EOF;
		return;
	}
	token->type = XS_TOKEN_EOL;
	lex->p += line_end(lex, lex->p);
	begin_line(lex);
}

void xs_lex(struct xs_lexer *lex, struct xs_token *token)
{
	skip_blank(lex);
	token->line = lex->line;
	token->line_start = lex->line_start;
	token->p = lex->p;
	token->column = (__u32)(lex->p - lex->line_start) + 1;
	token->first = lex->last_end == lex->line_start;
	token->why = NULL;
	if (!bytes_left(lex) || line_end(lex, lex->p)) {
		lex_end(lex, token);
		return;
	}
	if (is_class(*lex->p, WORD)) {
		token->type = XS_TOKEN_WORD;
		token->len = (__u32)run_of(lex, WORD);
		lex->p += token->len;
	} else if (*lex->p == '"') {
		lex_string(lex, token);
	} else if (*lex->p == '$') {
		lex_name(lex, token);
	} else {
		lex_other(lex, token);
	}
	lex->last_end = lex->p;
}
