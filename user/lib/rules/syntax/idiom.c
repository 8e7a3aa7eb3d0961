// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Matches of nft on fields that the key has not, which other matches say: fragments by the
 * bits of ip frag-off, broadcasts by meta pkttype. They are read as those others.
 */
#include <string.h>

#include "parse.h"

#define GROUP_BIT "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00"
#define BROADCAST "ff:ff:ff:ff:ff:ff"
#define IN_IP4 "meta nfproto ipv4 meta fragment "

struct idiom {
	const char *phrase; /* tokens with a blank between them */
	size_t second, second_len; /* where its second word is */
	const char *meant;
};

#define IDIOM(first, second, rest, meant) \
	{ \
		first " " second " " rest, sizeof(first), sizeof(second) - 1, meant \
	}

static const struct idiom idioms[] = {
	IDIOM("ip", "frag-off", "& 0x1fff != 0", IN_IP4 "later"),
	IDIOM("ip", "frag-off", "& 8191 != 0", IN_IP4 "later"),
	IDIOM("ip", "frag-off", "& 0x1fff == 0", IN_IP4 "!= later"),
	IDIOM("ip", "frag-off", "& 8191 == 0", IN_IP4 "!= later"),
	IDIOM("ip", "frag-off", "& 0x3fff != 0", IN_IP4 "!= none"),
	IDIOM("ip", "frag-off", "& 16383 != 0", IN_IP4 "!= none"),
	IDIOM("ip", "frag-off", "& 0x3fff == 0", IN_IP4 "none"),
	IDIOM("ip", "frag-off", "& 16383 == 0", IN_IP4 "none"),
	IDIOM("ip", "version", "4", "meta nfproto ipv4"),
	IDIOM("ip6", "version", "6", "meta nfproto ipv6"),
	IDIOM("meta", "pkttype", "broadcast", "ether daddr " BROADCAST),
	IDIOM("meta", "pkttype", "!= broadcast", "ether daddr != " BROADCAST),
	IDIOM("meta", "pkttype", "multicast", GROUP_BIT " ether daddr != " BROADCAST),
	IDIOM("meta", "pkttype", "{ broadcast , multicast }", GROUP_BIT),
	IDIOM("meta", "pkttype", "{ multicast , broadcast }", GROUP_BIT),
	IDIOM("meta", "pkttype", "!= { broadcast , multicast }",
	      "ether daddr & 01:00:00:00:00:00 == 0"),
	IDIOM("meta", "pkttype", "!= { multicast , broadcast }",
	      "ether daddr & 01:00:00:00:00:00 == 0"),
};

/* Whether the tokens from the current one on are those of the phrase; then they are passed. */
static bool take_phrase(struct xs_parser *p, const char *phrase)
{
	const struct xs_lexer lex = p->lex;
	const struct xs_token tok = p->tok;

	while (*phrase) {
		size_t len = strcspn(phrase, " ");

		if (p->tok.len != len || strncasecmp(p->tok.p, phrase, len)) {
			p->lex = lex;
			p->tok = tok;
			return false;
		}
		xs_parse_next(p);
		phrase += len + (phrase[len] == ' ');
	}
	return true;
}

bool xs_parse_meant(struct xs_parser *p, const char *meant)
{
	const struct xs_lexer lex = p->lex;
	const struct xs_token tok = p->tok;
	bool good = true;

	xs_lexer_init(&p->lex, meant, strlen(meant));
	xs_parse_next(p);
	while (good && p->tok.type != XS_TOKEN_EOF)
		good = xs_parse_match(p);
	p->lex = lex;
	p->tok = tok;
	return good;
}

/* Few matches have the second word of a phrase, and to try each phrase costs time. */
static bool may_begin_phrase(struct xs_parser *p)
{
	const struct xs_lexer lex = p->lex;
	const struct xs_token tok = p->tok;
	bool may = false;

	xs_parse_next(p);
	for (size_t i = 0; i < sizeof(idioms) / sizeof(idioms[0]) && !may; i++)
		may = p->tok.len == idioms[i].second_len &&
		      !strncasecmp(p->tok.p, idioms[i].phrase + idioms[i].second, p->tok.len);
	p->lex = lex;
	p->tok = tok;
	return may;
}

bool xs_parse_idiom(struct xs_parser *p)
{
	const struct xs_pos pos = xs_token_pos(&p->tok);

	if (!may_begin_phrase(p))
		return false;
	for (size_t i = 0; i < sizeof(idioms) / sizeof(idioms[0]); i++) {
		if (!take_phrase(p, idioms[i].phrase))
			continue;
		if (p->match_cnt + 2 <= XS_RULE_MATCH_MAX)
			return xs_parse_meant(p, idioms[i].meant);
		return xs_parse_error(p, &pos, "the rule has more than %u matches",
				      XS_RULE_MATCH_MAX);
	}
	return false;
}
