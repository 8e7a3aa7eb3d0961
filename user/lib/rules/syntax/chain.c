// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* nft's chains as they are read: jump, goto, return, and where these lead; see chains.h. */
#include <stdlib.h>
#include <string.h>

#include "chains.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *word;
	enum xs_flow flow;
} flows[] = {
	{ "jump", XS_FLOW_JUMP },
	{ "goto", XS_FLOW_GOTO },
	{ "return", XS_FLOW_RETURN },
	{ "continue", XS_FLOW_CONTINUE },
};

/* A place that can be named when its text is no longer the one being parsed. */
static bool make_lasting(struct xs_parser *p, struct xs_pos *pos)
{
	struct xs_origin *origin;

	if (!p->origin) {
		origin = xs_parse_alloc(p, sizeof(*origin));
		if (!origin)
			return false;
		*origin = (struct xs_origin){ p->lex.end, p->file, p->secret };
		p->origin = origin;
	}
	pos->of = p->origin;
	return true;
}

static struct xs_chain *find_chain(const struct xs_parser *p, struct xs_str name)
{
	struct xs_chain *chain = p->block.chains;

	while (chain && (chain->name.len != name.len || memcmp(chain->name.p, name.p, name.len)))
		chain = chain->next;
	return chain;
}

bool xs_chain_begin(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_chain *chain;

	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "the chain's name");
	if (find_chain(p, xs_token_str(&p->tok)))
		return xs_parse_expected(p, "another name: the table has that chain already");
	chain = xs_parse_alloc(p, sizeof(*chain));
	if (!chain || !make_lasting(p, &pos))
		return false;
	*chain = (struct xs_chain){ .name = xs_token_str(&p->tok), .pos = pos, .policy = "accept" };
	*p->block.chains_end = chain;
	p->block.chains_end = &chain->next;
	p->block.chain = chain;
	xs_parse_next(p);
	return true;
}

bool xs_chain_end(struct xs_parser *p)
{
	struct xs_chain *chain = p->block.chain;
	char text[16] = "default ";

	chain->end_line = p->tok.line;
	chain->file = p->file;
	p->block.chain = NULL;
	if (!chain->is_base || *p->block.implied)
		return true;
	strcat(text, chain->policy);
	return xs_parse_as_if(p, text);
}

bool xs_chain_at_goal(const struct xs_parser *p)
{
	for (size_t i = 0; p->block.kind == XS_BLOCK_CHAIN && i < CNT(flows); i++)
		if (xs_parse_at_word(p, flows[i].word))
			return true;
	return false;
}

bool xs_chain_parse_goal(struct xs_parser *p, struct xs_goal *goal)
{
	size_t i;

	for (i = 0; !xs_parse_at_word(p, flows[i].word); i++)
		;
	*goal = (struct xs_goal){ .flow = flows[i].flow, .pos = xs_token_pos(&p->tok) };
	xs_parse_next(p);
	if (goal->flow == XS_FLOW_JUMP || goal->flow == XS_FLOW_GOTO) {
		if (p->tok.type != XS_TOKEN_WORD)
			return xs_parse_expected(p, "the name of a chain after '%s'",
						 flows[i].word);
		goal->name = xs_token_str(&p->tok);
		goal->pos = xs_token_pos(&p->tok);
		xs_parse_next(p);
	}
	return make_lasting(p, &goal->pos);
}

bool xs_chain_add(struct xs_parser *p, const struct xs_rule *rule)
{
	struct xs_chain *chain = p->block.chain;
	struct xs_chain_rule *rules =
		xs_parse_grow(p, chain->rules, chain->cnt, &chain->cap, sizeof(*rules));

	if (!rules)
		return false;
	chain->rules = rules;
	rules[chain->cnt++] = (struct xs_chain_rule){ .rule = *rule, .goal = p->goal };
	return true;
}

void xs_chain_end_statement(struct xs_parser *p)
{
	struct xs_chain *chain = p->block.chain;

	for (__u32 i = chain->cnt; i > 0 && !chain->rules[i - 1].behind; i--)
		chain->rules[i - 1].behind = chain->cnt;
}

/* What the jump leads to. */
static bool resolve(struct xs_parser *p, struct xs_goal *goal)
{
	if (!goal->name.p)
		return true;
	goal->chain = find_chain(p, goal->name);
	if (!goal->chain)
		return xs_parse_error(p, &goal->pos,
				      "no chain '%s' is in this table: "
				      "expected one of the same 'table ... { }'",
				      xs_quote_str(goal->name).s);
	if (goal->chain->is_base)
		return xs_parse_error(p, &goal->pos,
				      "'%s' is a base chain, to which no jump leads: "
				      "expected another chain",
				      xs_quote_str(goal->name).s);
	return true;
}

static bool resolve_all(struct xs_parser *p, struct xs_chain **base)
{
	bool good = true;

	for (struct xs_chain *chain = p->block.chains; chain; chain = chain->next) {
		for (__u32 i = 0; i < chain->cnt; i++)
			good &= resolve(p, &chain->rules[i].goal);
		*base = chain->is_base ? chain : *base;
	}
	return good;
}

/* Without a base chain no frame meets the rules: whoever wrote some did not mean that. */
static bool check_reached(struct xs_parser *p)
{
	for (const struct xs_chain *chain = p->block.chains; chain; chain = chain->next)
		if (chain->cnt)
			return xs_parse_error(p, &chain->pos,
					      "no frame meets the rules of '%s': "
					      "expected 'type filter hook ...' in it, "
					      "or in a chain of the table that jumps to it",
					      xs_quote_str(chain->name).s);
	return true;
}

bool xs_chains_end(struct xs_parser *p)
{
	struct xs_chain *base = NULL;
	bool good = resolve_all(p, &base) && (base || p->errs->cnt || check_reached(p));

	/* with errors there may be rules missing, so that only the next run is worth it */
	if (good && base && !p->errs->cnt)
		good = xs_chain_inline(p, base);
	xs_chains_free(p);
	return good;
}

void xs_chains_free(struct xs_parser *p)
{
	for (struct xs_chain *chain = p->block.chains; chain; chain = chain->next)
		free(chain->rules);
	p->block.chains = NULL;
	p->block.chains_end = &p->block.chains;
}
