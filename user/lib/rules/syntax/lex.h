/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Splits the bytes of a rule file into tokens. Knows what a word is, not what it means.
 * Allocates nothing; tokens point into the given text.
 */
#ifndef XS_RULE_LEX_H
#define XS_RULE_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum xs_token_type {
	XS_TOKEN_EOL, /* or a ; which ends a statement as well, and has a length */
	XS_TOKEN_EOF,
	XS_TOKEN_WORD, /* keyword, number, address, range, name */
	XS_TOKEN_STRING, /* "..."; p and len exclude the quotes */
	XS_TOKEN_NAME, /* $NAME; p and len exclude the $ */
	XS_TOKEN_LBRACE,
	XS_TOKEN_RBRACE,
	XS_TOKEN_COMMA,
	XS_TOKEN_SLASH,
	XS_TOKEN_LPAREN,
	XS_TOKEN_RPAREN,
	XS_TOKEN_PIPE,
	XS_TOKEN_AMP,
	XS_TOKEN_NOT, /* ! */
	XS_TOKEN_EQ, /* = */
	XS_TOKEN_EQ_EQ, /* ==; this one and those behind it compare */
	XS_TOKEN_NE, /* != */
	XS_TOKEN_LT,
	XS_TOKEN_LE,
	XS_TOKEN_GT,
	XS_TOKEN_GE,
	XS_TOKEN_BAD,
};

struct xs_token {
	enum xs_token_type type;
	bool first; /* the first of its line */
	__u32 line; /* 1-based */
	__u32 column; /* 1-based, in bytes; EOL and EOF: after the last token of the line */
	const char *p; /* into the text */
	__u32 len; /* in bytes */
	const char *line_start; /* the start of its line in the text */
	const char *why; /* BAD: what is wrong with it; static */
};

struct xs_lexer {
	const char *p, *end;
	const char *line_start;
	const char *last_end; /* end of the last token of this line */
	__u32 line;
};

/* Starts at the first byte, after a UTF-8 byte order mark if there is one. */
void xs_lexer_init(struct xs_lexer *lex, const char *text, size_t len);

/*
 * Reads the next token. A backslash at the end of a line joins it with the next one.
 * After EOF it returns EOF again. Never fails: what is not a token is BAD.
 */
void xs_lex(struct xs_lexer *lex, struct xs_token *token);

/* Whether the byte can be part of a word. */
bool xs_is_word_byte(char c);

/*
 * Whether it is a valid NAME for $NAME: letters, digits, _ . - with a letter or _ first
 * and no - last.
 */
bool xs_is_define_name(const char *p, size_t len);

#endif
