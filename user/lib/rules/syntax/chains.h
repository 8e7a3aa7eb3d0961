/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The chains of one of nft's tables. Their rules are kept until the table ends, since a
 * jump may lead to a chain that stands below it. Then they are written out as rules of
 * the set, from the base chain on.
 */
#ifndef XS_RULE_CHAINS_H
#define XS_RULE_CHAINS_H

#include "parse.h"

struct xs_chain_rule {
	struct xs_rule rule; /* its parts lie in the parser's arena; `text` ends with its verdict */
	struct xs_goal goal;
	__u32 behind; /* where its chain goes on if a jump comes back: behind its statement */
	__u32 made; /* rules of the set that it became, so far */
	__u32 first; /* the number of the first one */
};

struct xs_chain {
	struct xs_chain *next;
	struct xs_str name;
	struct xs_pos pos;
	struct xs_chain_rule *rules;
	__u32 cnt, cap;
	bool is_base;
	const char *policy; /* "accept", "drop" */
	__u32 file, end_line; /* where it ends, and the policy decides */
};

/* chain.c: begins a chain of the table; the token is its name. */
bool xs_chain_begin(struct xs_parser *p);
/* Ends it: what its policy does with what is left, if that is the default. */
bool xs_chain_end(struct xs_parser *p);

/* Whether the token is jump, goto, return or continue; and takes it and the chain's name. */
bool xs_chain_at_goal(const struct xs_parser *p);
bool xs_chain_parse_goal(struct xs_parser *p, struct xs_goal *goal);

/* A rule whose parts lie in the arena, with p->goal, as one more of the open chain. */
bool xs_chain_add(struct xs_parser *p, const struct xs_rule *rule);
/* All rules of one statement are there. */
void xs_chain_end_statement(struct xs_parser *p);

/* The table ends: finds what jumps lead to, writes its chains out, forgets them. */
bool xs_chains_end(struct xs_parser *p);
void xs_chains_free(struct xs_parser *p);

/* inline.c: writes the base chain out, with everything that it jumps to. */
bool xs_chain_inline(struct xs_parser *p, struct xs_chain *base);

#endif
