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
		{ "ct", "; of connections only their state is known: ct state" },
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
		{ "skgid", "; no local socket is known yet" },
		{ "cgroup", "; no local socket is known yet" },
		{ "rt", "; no route is known yet" },
		{ "rtclassid", "; no route is known yet" },
		{ "ipsec", "; what is encrypted is not known yet" },
		{ "osf", "; no operating system is guessed" },
		{ "priority", "; a frame has no priority yet" },
		{ "iifgroup", "; the rules belong to one interface" },
		{ "iiftype", "; the rules belong to one interface" },
		{ "ibrname", "; the rules belong to one interface" },
		{ "oifgroup", "; where a frame leaves is not known yet" },
		{ "oiftype", "; where a frame leaves is not known yet" },
		{ "obrname", "; where a frame leaves is not known yet" },
		{ "time", "; rules know no time: apply others when it comes" },
		{ "day", "; rules know no time: apply others when it comes" },
		{ "hour", "; rules know no time: apply others when it comes" },
		{ "random", "; nothing is chosen at random or by a hash" },
		{ "numgen", "; nothing is chosen at random or by a hash" },
		{ "jhash", "; nothing is chosen at random or by a hash" },
		{ "symhash", "; nothing is chosen at random or by a hash" },
		{ "nftrace", "; a command traces frames of rules, not a rule" },
		{ "option", "; options in headers are not looked at" },
		{ "exthdr", "; extension headers are passed over: meta l4proto is behind them" },
		{ "hbh", "; extension headers are passed over: meta l4proto is behind them" },
		{ "frag", "; it is called meta fragment" },
		{ "esp", "; a protocol of its own is meta l4proto esp" },
		{ "ah", "; a protocol of its own is meta l4proto ah" },
		{ "comp", "; a protocol of its own is meta l4proto comp" },
		{ "gre", "; a protocol of its own is meta l4proto gre" },
		{ "igmp", "; a protocol of its own is meta l4proto igmp" },
		{ "gretap", "; what is inside a tunnel is not looked at" },
		{ "fwd", "; it is called dev" },
		{ "dup", "; a frame goes one way: dev" },
		{ "flow", "; there are no flow tables: each frame is looked at" },
		{ "offload", "; there are no flow tables: each frame is looked at" },
		{ "flowtable", "; there are no flow tables: each frame is looked at" },
		{ "update", "; frames change no set" },
		{ "delete", "; a file says all rules that there are" },
		{ "destroy", "; a file says all rules that there are" },
		{ "replace", "; a file says all rules that there are" },
		{ "host", "; it is called ip saddr or ip daddr" },
		{ "net", "; it is called ip saddr or ip daddr" },
		{ "proto", "; it is called meta l4proto" },
		{ "protocol", "; it is called meta l4proto" },
		{ "saddr", "; it stands behind ip or ip6" },
		{ "daddr", "; it stands behind ip or ip6" },
		{ "sport", "; it stands behind tcp, udp or th" },
		{ "dport", "; it stands behind tcp, udp or th" },
		{ "port", "; it stands behind tcp, udp or th" },
		{ "src", "; it is called ip saddr" },
		{ "dst", "; it is called ip daddr" },
		{ "queue", "; it is called meta rxqueue" },
		{ "@ll", "; bytes are matched by the names of their fields alone" },
		{ "@nh", "; bytes are matched by the names of their fields alone" },
		{ "@th", "; bytes are matched by the names of their fields alone" },
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

/* Whether the word makes a field with the family of `last`. */
static bool is_field_of(struct xs_str word, enum xs_field last)
{
	const char *family = last == XS_FIELD_MAX ? "" : xs_fields[last].text;

	return *family && xs_field_find(family, strlen(family), word.p, word.len) != XS_FIELD_MAX;
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

	for (size_t i = 0; last == XS_FIELD_MAX && i < CNT(statements); i++)
		if (xs_str_is(word, statements[i]))
			return true;
	return xs_verdict_of(&token) >= 0 || xs_is_family(word.p, word.len) ||
	       is_field_of(word, last);
}

/* tcpdump's words for the two ports of the protocol before them. */
static const char *port_word(struct xs_str word, enum xs_field last)
{
	const char *family = last == XS_FIELD_MAX ? "" : xs_fields[last].text;
	size_t len = strcspn(family, " ");

	if (!len || xs_field_find(family, len, "sport", strlen("sport")) == XS_FIELD_MAX)
		return NULL;
	return xs_str_is(word, "src")	? "; it is called sport"
	       : xs_str_is(word, "dst") ? "; it is called dport"
					: NULL;
}

static struct xs_str in_lower_case(const struct xs_token *token, char lower[32])
{
	for (__u32 i = 0; i < token->len; i++)
		lower[i] = (char)(token->p[i] >= 'A' && token->p[i] <= 'Z' ? token->p[i] | 0x20
									   : token->p[i]);
	return (struct xs_str){ lower, token->len };
}

struct xs_word_hint xs_other_tools_hint(const struct xs_token *token, enum xs_field last)
{
	const bool set = token->len && *token->p == '@';
	struct xs_word_hint hint = { "" };
	const char *known = NULL;
	struct xs_str word;
	char lower[32];

	if (token->type != XS_TOKEN_WORD && token->type != XS_TOKEN_NAME)
		return hint;
	if (token->type == XS_TOKEN_WORD && token->len < sizeof(lower)) {
		word = in_lower_case(token, lower);
		if (is_field_of(word, last))
			return hint;
		known = port_word(word, last);
		known = known ? known : other_tools_word(word);
	}
	if (!known && (set || token->type == XS_TOKEN_NAME))
		known = "; values stand behind the field that they are of";
	snprintf(hint.s, sizeof(hint.s), "%s", known ? known : "");
	return hint;
}

struct xs_word_hint xs_word_hint(const struct xs_token *token, enum xs_field last)
{
	struct xs_word_hint hint = xs_other_tools_hint(token, last);
	struct xs_str word;
	char lower[32];

	if (hint.s[0] || token->type != XS_TOKEN_WORD || token->len >= sizeof(lower))
		return hint;
	word = in_lower_case(token, lower);
	if (is_known(word, last))
		snprintf(hint.s, sizeof(hint.s), "; it is called %.*s", (int)word.len, word.p);
	return hint;
}
