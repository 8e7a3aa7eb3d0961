// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Words of other tools, and what they are called here; see word_hint.h. */
#include <stdio.h>
#include <string.h>

#include "lib/rules/model/field.h"
#include "word_hint.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Words that people try who know nft, iptables or tcpdump, in lower case. NULL: nothing
 * is known.
 */
static const char *other_tools_word(struct xs_str word)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {
		{ "allow", "; it is called pass" },
		{ "accept", "; it is called pass" }, /* ACCEPT: in this spelling it is accepted */
		{ "deny", "; it is called drop" },
		{ "reject", "; nothing is answered here: drop" },
		{ "redirect", "; it is called xsk, cpu, dev or chain" },
		{ "log", "; nothing is logged, but every rule counts" },
		{ "limit", "; it stands behind the verdict: pass limit 10/second" },
		{ "meter",
		  "; a rate stands behind the verdict: pass limit 10/second per ip saddr" },
		{ "quota", "; there are no quotas, but every rule counts" },
		{ "ct", "; connections are not tracked" },
		{ "iif", "; the rules belong to one interface" },
		{ "iifname", "; the rules belong to one interface" },
		{ "oif", "; where a frame leaves is not known yet" },
		{ "oifname", "; where a frame leaves is not known yet" },
		{ "masquerade", "; nothing is rewritten here" },
		{ "snat", "; nothing is rewritten here" },
		{ "dnat", "; nothing is rewritten here" },
		{ "tproxy", "; nothing is rewritten here" },
		{ "notrack", "; connections are not tracked" },
		{ "synproxy", "; connections are not tracked" },
		{ "mark", "; a frame has no mark yet" },
		{ "skuid", "; no local socket is known yet" },
		{ "socket", "; no local socket is known yet" },
		{ "fib", "; no route is known yet" },
		{ "src", "; it is called ip saddr" },
		{ "dst", "; it is called ip daddr" },
		{ "queue", "; it is called meta rxqueue" },
		{ "table", "; there are no tables and chains, only rules" },
		{ "chain", "; there are no tables and chains, only rules" },
		{ "flush", "; there are no tables and chains, only rules" },
		{ "policy", "; it is called default" },
		{ "jump", "; it stands in chains within table ... { } alone" },
		{ "goto", "; it stands in chains within table ... { } alone" },
		{ "return", "; it stands in chains within table ... { } alone" },
		{ "continue", "; a rule whose matches hold decides" },
		{ "set", "; write define NAME = { ... }" },
		{ "add", "; a rule begins with its matches" },
		{ "insert", "; a rule begins with its matches" },
		{ "-a", "; a rule is nft's words, not iptables' options" },
		{ "-i", "; a rule is nft's words, not iptables' options" },
		{ "-p", "; a rule is nft's words, not iptables' options" },
		{ "-s", "; a rule is nft's words, not iptables' options" },
		{ "-j", "; a rule is nft's words, not iptables' options" },
	};

	for (size_t i = 0; i < CNT(hints); i++)
		if (xs_str_is(word, hints[i].word))
			return hints[i].hint;
	return NULL;
}

/*
 * Whether the word may stand here: after the field `last`, or XS_FIELD_MAX at the start
 * of a rule.
 */
static bool is_known(struct xs_str word, enum xs_field last)
{
	static const char *const statements[] = { "default", "malformed", "define",
						  "include", "name",	  "set" };
	const struct xs_token token = { .type = XS_TOKEN_WORD, .p = word.p, .len = word.len };
	const char *family = last == XS_FIELD_MAX ? "" : xs_fields[last].text;

	for (size_t i = 0; last == XS_FIELD_MAX && i < CNT(statements); i++)
		if (xs_str_is(word, statements[i]))
			return true;
	return xs_verdict_of(&token) >= 0 || xs_is_family(word.p, word.len) ||
	       (*family && xs_field_find(family, strlen(family), word.p, word.len) != XS_FIELD_MAX);
}

struct xs_word_hint xs_word_hint(const struct xs_token *token, enum xs_field last)
{
	char lower[32];
	struct xs_str word = { lower, token->len };
	struct xs_word_hint hint = { "" };
	const char *known;

	if (token->type != XS_TOKEN_WORD || token->len >= sizeof(lower))
		return hint;
	for (__u32 i = 0; i < token->len; i++)
		lower[i] = (char)(token->p[i] >= 'A' && token->p[i] <= 'Z' ? token->p[i] | 0x20
									   : token->p[i]);
	known = other_tools_word(word);
	if (known)
		snprintf(hint.s, sizeof(hint.s), "%s", known);
	else if (is_known(word, last))
		snprintf(hint.s, sizeof(hint.s), "; it is called %.*s", (int)word.len, word.p);
	return hint;
}
