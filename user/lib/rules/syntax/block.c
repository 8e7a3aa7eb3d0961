// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * nft's blocks: table FAMILY NAME { set NAME { ... } chain NAME { ... } }. The table's end
 * stands for the rules of its base chain, with what they jump to; its policy decides last.
 */
#include <string.h>

#include "chains.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

/* What a family says of every rule in its tables. */
static const struct {
	const char *family, *implied; /* "": nothing */
} families[] = {
	{ "netdev", "" },
	{ "ip", "meta nfproto ipv4" },
	{ "ip6", "meta nfproto ipv6" },
	{ "inet", "meta nfproto { ipv4, ipv6 }" },
};

bool xs_parse_at_block(const struct xs_parser *p)
{
	switch (p->block.kind) {
	case XS_BLOCK_NONE:
		return xs_parse_at_word(p, "table") || xs_parse_at_word(p, "flush");
	case XS_BLOCK_TABLE:
		return !xs_parse_at_word(p, "include") && !xs_parse_at_word(p, "define");
	case XS_BLOCK_CHAIN:
		return p->tok.type == XS_TOKEN_RBRACE || xs_parse_at_word(p, "type") ||
		       xs_parse_at_word(p, "policy");
	}
	return false;
}

static bool open_brace(struct xs_parser *p, enum xs_block_kind kind, const struct xs_pos *pos)
{
	if (p->tok.type != XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "'{'");
	xs_parse_next(p);
	p->block.kind = kind;
	p->block.pos[kind] = *pos;
	return true;
}

/* table [FAMILY] NAME { */
static bool parse_table(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str first = { "", 0 };
	size_t i;

	xs_parse_next(p);
	if (p->tok.type == XS_TOKEN_WORD)
		first = xs_token_str(&p->tok);
	for (i = 0; i < CNT(families) && !xs_str_is(first, families[i].family); i++)
		;
	if (i == CNT(families))
		return xs_parse_expected(p, "netdev, inet, ip or ip6 after 'table'");
	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "the table's name");
	xs_parse_next(p);
	p->block.implied = families[i].implied;
	p->block.chains_end = &p->block.chains;
	return open_brace(p, XS_BLOCK_TABLE, &pos);
}

static bool parse_chain(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	xs_parse_next(p);
	return xs_chain_begin(p) && open_brace(p, XS_BLOCK_CHAIN, &pos);
}

static void skip_to_end(struct xs_parser *p)
{
	while (!xs_parse_at_end(p) && p->tok.type != XS_TOKEN_RBRACE)
		xs_parse_next(p);
}

/* type filter hook HOOK ... priority N */
static bool parse_hook(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (p->had_base)
		return xs_parse_error(p, &pos,
				      "a second base chain: expected all rules in the first");
	xs_parse_next(p);
	if (!xs_parse_at_word(p, "filter"))
		return xs_parse_expected(p, "'filter' after 'type'");
	xs_parse_next(p);
	if (!xs_parse_at_word(p, "hook"))
		return xs_parse_expected(p, "'hook'");
	xs_parse_next(p);
	if (!xs_parse_at_word(p, "ingress") && !xs_parse_at_word(p, "prerouting") &&
	    !xs_parse_at_word(p, "input"))
		return xs_parse_expected(p, "ingress, prerouting or input: "
					    "other hooks do not see all that arrives");
	/* which device, with which priority: rules belong to one interface, before all else */
	while (!xs_parse_at_end(p))
		xs_parse_next(p);
	p->had_base = p->block.chain->is_base = true;
	return true;
}

static bool parse_policy(struct xs_parser *p)
{
	xs_parse_next(p);
	if (!xs_parse_at_word(p, "accept") && !xs_parse_at_word(p, "drop"))
		return xs_parse_expected(p, "accept or drop after 'policy'");
	p->block.chain->policy = xs_parse_at_word(p, "drop") ? "drop" : "accept";
	xs_parse_next(p);
	return true;
}

/* elements = { ... }, as what @NAME stands for. */
static bool parse_elements(struct xs_parser *p, struct xs_str name, const struct xs_pos *pos)
{
	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_EQ)
		return xs_parse_expected(p, "'=' after 'elements'");
	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "'{'");
	return xs_parse_operand(p, &p->operand, true, "a value") &&
	       xs_parse_add_define(p, name, pos->line, pos);
}

/* After an error in a set's block, or in its elements' braces: behind the block. Returns false. */
static bool leave_set_block(struct xs_parser *p)
{
	for (int depth = 1 + p->in_set; depth && p->tok.type != XS_TOKEN_EOF; xs_parse_next(p))
		depth += (p->tok.type == XS_TOKEN_LBRACE) - (p->tok.type == XS_TOKEN_RBRACE);
	p->in_set = false;
	return false;
}

/* set NAME { type ...; flags ...; elements = { ... } } */
static bool parse_set_block(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str name;
	char *text;

	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "the set's name");
	text = xs_parse_alloc(p, p->tok.len + 1);
	if (!text)
		return false;
	*text = '@';
	memcpy(text + 1, p->tok.p, p->tok.len);
	name = (struct xs_str){ text, p->tok.len + 1 };
	xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "'{'");
	xs_parse_next(p);
	while (p->tok.type != XS_TOKEN_RBRACE) {
		if (p->tok.type == XS_TOKEN_EOF)
			return xs_parse_error(p, &pos, "the set is not closed: expected '}'");
		if (p->tok.type == XS_TOKEN_EOL)
			xs_parse_next(p);
		else if (!xs_parse_at_word(p, "elements"))
			skip_to_end(p);
		else if (!parse_elements(p, name, &pos))
			return leave_set_block(p);
	}
	xs_parse_next(p);
	return true;
}

/* '}' of a chain or table. */
static bool parse_end(struct xs_parser *p)
{
	bool was_chain = p->block.kind == XS_BLOCK_CHAIN, good;

	if (p->block.kind == p->block.floor)
		return xs_parse_expected(p, "a block to begin in this file before one ends");
	good = was_chain ? xs_chain_end(p) : xs_chains_end(p);
	p->block.kind = was_chain ? XS_BLOCK_TABLE : XS_BLOCK_NONE;
	xs_parse_next(p);
	return good;
}

bool xs_parse_block(struct xs_parser *p)
{
	if (p->tok.type == XS_TOKEN_RBRACE)
		return parse_end(p);
	if (p->block.kind == XS_BLOCK_CHAIN)
		return xs_parse_at_word(p, "type") ? parse_hook(p) : parse_policy(p);
	if (p->block.kind == XS_BLOCK_TABLE && xs_parse_at_word(p, "chain"))
		return parse_chain(p);
	if (p->block.kind == XS_BLOCK_TABLE && xs_parse_at_word(p, "set"))
		return parse_set_block(p);
	if (p->block.kind == XS_BLOCK_TABLE)
		return xs_parse_expected(p, "chain, set or '}' in the table");
	if (xs_parse_at_word(p, "table"))
		return parse_table(p);
	/* flush ruleset: what an apply does anyway */
	xs_parse_next(p);
	if (!xs_parse_at_word(p, "ruleset"))
		return xs_parse_expected(p, "'ruleset' after 'flush'");
	xs_parse_next(p);
	return xs_parse_end(p, "the end of the line");
}
