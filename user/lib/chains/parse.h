/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The inside of the chain file parser. A function that returns bool returns false after
 * an error, which it has added to the findings.
 */
#ifndef XS_CHAINS_PARSE_H
#define XS_CHAINS_PARSE_H

#include "lib/rules/syntax/lex.h"
#include "text.h"

struct xs_chain_parser {
	struct xs_lexer lex;
	struct xs_token tok; /* the current one */
	bool arrow; /* the current token is "->" */
	bool arrow_follows; /* it comes directly after the current word */
	struct xs_chains *chains;
	struct xs_chain_findings *findings;
	bool failed;
	bool used[XS_SERVICES_MAX]; /* by some chain */
};

/* ---- tokens and errors: token.c ---- */

void xs_chain_next(struct xs_chain_parser *p);
bool xs_chain_at_end(const struct xs_chain_parser *p); /* the end of the line */
/* Steps over the current token if it is this word. */
bool xs_chain_take_word(struct xs_chain_parser *p, const char *word);

/* Adds an error at a token. Returns false. */
bool xs_chain_error(struct xs_chain_parser *p, const struct xs_token *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool xs_chain_expected(struct xs_chain_parser *p, const char *what);
void xs_chain_warn(struct xs_chain_parser *p, const struct xs_token *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Each takes the current token: as a name, a number within a range, a time in milliseconds. */
bool xs_chain_name(struct xs_chain_parser *p, const char *what, char name[XS_CHAIN_NAME_MAX]);
bool xs_chain_number(struct xs_chain_parser *p, __u32 min, __u32 max, __u32 *out);
bool xs_chain_time(struct xs_chain_parser *p, __u32 *ms);
/* Takes SERVICE or SERVICE.EXIT. Without an exit, exit[0] is 0. */
bool xs_chain_dotted(struct xs_chain_parser *p, char service[XS_CHAIN_NAME_MAX],
		     char exit[XS_CHAIN_NAME_MAX]);
/*
 * Takes drop or tx if it is the current token and returns its XS_TO_*. XS_TO_nowhere:
 * it is another word.
 */
__s8 xs_chain_end_word(struct xs_chain_parser *p);

/*
 * ---- statements; their first word is already taken ----
 */

bool xs_chain_parse_service(struct xs_chain_parser *p); /* service.c */
bool xs_chain_parse_on(struct xs_chain_parser *p);
bool xs_chain_parse_chain(struct xs_chain_parser *p); /* way.c */
bool xs_chain_parse_limit(struct xs_chain_parser *p);

/* The service of this name, which must be declared above. NULL, after an error at `at`. */
struct xs_service *xs_chain_find_service(struct xs_chain_parser *p, const struct xs_token *at,
					 const char *name);
/* The index of an exit, which is created if it is new. -1 after an error. */
int xs_chain_add_exit(struct xs_chain_parser *p, const struct xs_token *at,
		      struct xs_service *service, const char *name);

#endif
