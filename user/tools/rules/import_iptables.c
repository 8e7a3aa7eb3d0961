// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What iptables-save and ip6tables-save print: the chain INPUT of the table filter. Rules
 * hold for one family, so each says it. Where the table has chains of its own it becomes a
 * table, with a chain for each.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

#define CHAINS_MAX 1000

struct saved {
	bool ipv6; /* ip6tables-save wrote it */
	char table[32];
	char policy[32]; /* of INPUT */
	bool is_table; /* the table is written as one */
	long first_key; /* of its lines: its beginning, INPUT, then each chain, its end */
	char *chains[CHAINS_MAX];
	int chain_cnt;
	/* of the rule at hand */
	char proto[32];
	bool is_not; /* '!' stands before the option */
	const char *verdict;
	bool is_goto;
	char *comment;
};

/* Options with a value that is written here as there. */
static const struct {
	const char *option, *field, *field6; /* field6 NULL: field */
} plain[] = {
	{ "-s", "ip saddr", "ip6 saddr" },
	{ "--source", "ip saddr", "ip6 saddr" },
	{ "-d", "ip daddr", "ip6 daddr" },
	{ "--destination", "ip daddr", "ip6 daddr" },
	{ "--src-range", "ip saddr", "ip6 saddr" },
	{ "--dst-range", "ip daddr", "ip6 daddr" },
	{ "--mac-source", "ether saddr", NULL },
	{ "--dscp", "ip dscp", "ip6 dscp" },
	{ "--ttl-eq", "ip ttl", NULL },
	{ "--ttl-lt", "ip ttl <", NULL },
	{ "--ttl-gt", "ip ttl >", NULL },
	{ "--hl-eq", "ip6 hoplimit", NULL },
	{ "--hl-lt", "ip6 hoplimit <", NULL },
	{ "--hl-gt", "ip6 hoplimit >", NULL },
};

/* Modules that only bring options; others match by themselves. */
static const char *const modules[] = { "tcp",	    "udp",     "sctp",	  "icmp", "icmp6",
				       "multiport", "iprange", "mac",	  "dscp", "ttl",
				       "hl",	    "comment", "udplite", "dccp" };

static bool is_one_of(const char *const *words, size_t cnt, const char *word)
{
	for (size_t i = 0; i < cnt; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static const char *mark(const struct saved *s)
{
	return s->is_not ? "!= " : "";
}

/* ADDRESS/PREFIX, or ADDRESS/MASK where the mask is no prefix. */
static void add_plain(struct xs_import *im, const struct saved *s, const char *field,
		      const char *value)
{
	const char *slash = strchr(value, '/');

	if (slash && strpbrk(slash, ".:"))
		xs_import_add(im, "%s & %s %s %.*s", field, slash + 1,
			      s->is_not ? "!=" : "==", (int)(slash - value), value);
	else
		xs_import_add(im, "%s %s%s", field, mark(s), value);
}

/* PORT, FROM:TO, or several with commas, where an end may be missing. */
static void add_ports(struct xs_import *im, const struct saved *s, const char *side, char *value)
{
	char set[1024] = "", *part;
	size_t n = 0;

	while ((part = strsep(&value, ",")) && n < sizeof(set)) {
		char *colon = strchr(part, ':');

		if (colon)
			*colon = '\0';
		n += (size_t)snprintf(set + n, sizeof(set) - n, "%s%s%s%s", n ? ", " : "",
				      *part ? part : "0", colon ? "-" : "",
				      colon ? (colon[1] ? colon + 1 : "65535") : "");
	}
	if (n >= sizeof(set))
		xs_import_refuse(im, "too many ports");
	else if (!*s->proto)
		xs_import_refuse(im, "ports need a protocol before them");
	else
		xs_import_add(im, "%s %s %s{ %s }", s->proto, side, mark(s), set);
}

/* "SYN,ACK" as "(syn|ack)"; ALL, NONE. */
static void flag_words(const char *flags, char *out, size_t size)
{
	size_t n = 0;

	if (!strcmp(flags, "ALL"))
		flags = "FIN,SYN,RST,PSH,ACK,URG";
	if (!strcmp(flags, "NONE")) {
		snprintf(out, size, "0");
		return;
	}
	if (n + 1 < size)
		out[n++] = '(';
	for (; *flags && n + 2 < size; flags++)
		out[n++] = *flags == ',' ? '|' : (char)tolower((unsigned char)*flags);
	out[n++] = ')';
	out[n] = '\0';
}

static void add_flags(struct xs_import *im, const struct saved *s, const char *mask,
		      const char *flags)
{
	char words[2][64];

	flag_words(mask, words[0], sizeof(words[0]));
	flag_words(flags, words[1], sizeof(words[1]));
	xs_import_add(im, "tcp flags & %s %s %s", words[0], s->is_not ? "!=" : "==", words[1]);
}

static void add_icmp(struct xs_import *im, const struct saved *s, const char *family, char *value)
{
	char *code = strchr(value, '/');

	if (code)
		*code++ = '\0';
	if (!strcmp(value, "any"))
		xs_import_add(im, "%s", family);
	else if (code && s->is_not)
		xs_import_refuse(im, "'! TYPE/CODE' is two rules");
	else if (code)
		xs_import_add(im, "%s type %s %s code %s", family, value, family, code);
	else
		xs_import_add(im, "%s type %s%s", family, mark(s), value);
}

static void add_protocol(struct xs_import *im, struct saved *s, const char *value)
{
	const char *name = !strcmp(value, "ipv6-icmp") ? "icmpv6" : value;

	if (!s->is_not)
		snprintf(s->proto, sizeof(s->proto), "%s", name);
	if (strcmp(name, "all"))
		xs_import_add(im, "%s %s%s", s->ipv6 ? "meta l4proto" : "ip protocol", mark(s),
			      name);
}

/* An option with one value. */
static void take_value(struct xs_import *im, struct saved *s, const char *option, char *value)
{
	for (size_t i = 0; i < CNT(plain); i++) {
		if (strcmp(plain[i].option, option))
			continue;
		add_plain(im, s, s->ipv6 && plain[i].field6 ? plain[i].field6 : plain[i].field,
			  value);
		return;
	}
	if (!strcmp(option, "-p") || !strcmp(option, "--protocol"))
		add_protocol(im, s, value);
	else if (!strcmp(option, "--sport") || !strcmp(option, "--sports"))
		add_ports(im, s, "sport", value);
	else if (!strcmp(option, "--dport") || !strcmp(option, "--dports"))
		add_ports(im, s, "dport", value);
	else if (!strcmp(option, "--ports"))
		add_ports(im, s, "port", value);
	else if (!strcmp(option, "--icmp-type"))
		add_icmp(im, s, "icmp", value);
	else if (!strcmp(option, "--icmpv6-type"))
		add_icmp(im, s, "icmpv6", value);
	else if (!strcmp(option, "--comment"))
		s->comment = value;
	else if (!strcmp(option, "-j") || !strcmp(option, "--jump"))
		s->verdict = value;
	else if (!strcmp(option, "-g") || !strcmp(option, "--goto"))
		s->verdict = value, s->is_goto = true;
	else if (strcmp(option, "-m") || !is_one_of(modules, CNT(modules), value))
		xs_import_refuse(im, "no rule has what '%s %s' matches", option, value);
}

/* The option at words[0], with `cnt` words left; how many it took. */
static int take_option(struct xs_import *im, struct saved *s, char **words, int cnt)
{
	if (!strcmp(words[0], "--syn")) {
		add_flags(im, s, "FIN,SYN,RST,ACK", "SYN");
		return 1;
	}
	if (!strcmp(words[0], "-f") || !strcmp(words[0], "--fragment")) {
		xs_import_add(im, "meta fragment %slater", mark(s));
		return 1;
	}
	if (!strcmp(words[0], "--tcp-flags") && cnt > 2) {
		add_flags(im, s, words[1], words[2]);
		return 3;
	}
	if (cnt > 1)
		take_value(im, s, words[0], words[1]);
	else
		xs_import_refuse(im, "no rule has what '%s' matches", words[0]);
	return 2;
}

/* Before a rule that says its family nowhere. */
static void add_family(struct xs_import *im, const struct saved *s)
{
	const char *word = s->ipv6 ? "ip6 " : "ip ", *at = im->rule ? strstr(im->rule, word) : NULL;
	char *rule = im->rule;

	if (at && (at == rule || at[-1] == ' '))
		return;
	im->rule = NULL;
	im->rule_len = 0;
	xs_import_add(im, "meta nfproto %s", s->ipv6 ? "ipv6" : "ipv4");
	if (rule)
		xs_import_add(im, "%s", rule);
	free(rule);
}

/* Our strings have no way to hold a double quote. */
static void add_comment(struct xs_import *im, char *comment)
{
	for (char *quote = comment; (quote = strchr(quote, '"')); im->changed_here++)
		*quote = '\'';
	xs_import_add(im, "comment \"%s\"", comment);
}

/* The number of a chain of the table, from 1 on; 0: INPUT, -1: there is none. */
static int chain_number(const struct saved *s, const char *name)
{
	if (!strcmp(name, "INPUT"))
		return 0;
	for (int i = 0; i < s->chain_cnt; i++)
		if (!strcmp(s->chains[i], name))
			return i + 1;
	return -1;
}

/* "pass", "drop", "return"; or "jump " and "goto ", which the chain's name follows; NULL: none. */
static const char *verdict_word(const struct saved *s, const char *verdict)
{
	if (!strcmp(verdict, "ACCEPT"))
		return "pass";
	if (!strcmp(verdict, "DROP"))
		return "drop";
	if (!strcmp(verdict, "RETURN"))
		return s->is_table ? "return" : verdict_word(s, s->policy);
	if (chain_number(s, verdict) > 0)
		return s->is_goto ? "goto " : "jump ";
	return NULL;
}

static void end_rule(struct xs_import *im, const struct saved *s)
{
	const char *verdict = s->verdict ? verdict_word(s, s->verdict) : NULL;

	if (!s->verdict) {
		xs_import_refuse(im, "a rule without a verdict only counts");
	} else if (!verdict) {
		xs_import_refuse(im, "no verdict is '%s'", s->verdict);
	} else {
		if (!s->is_table)
			add_family(im, s);
		xs_import_add(im, "%s%s", verdict, strchr(verdict, ' ') ? s->verdict : "");
		if (s->comment)
			add_comment(im, s->comment);
		xs_import_end(im);
	}
}

/* -A CHAIN OPTION..., from CHAIN on. */
static void import_rule(struct xs_import *im, struct saved *s, char **words, int cnt)
{
	__u32 refused = im->refused;
	int chain = strcmp(s->table, "filter") ? -1 : chain_number(s, words[0]);

	if (s->is_table)
		im->key = s->first_key + (chain < 0 ? s->chain_cnt + 2 : chain + 1);
	im->depth = s->is_table ? 1 + (chain >= 0) : 0;
	if (chain < 0) {
		xs_import_refuse(im,
				 "only rules of the chain INPUT of the table filter are about what "
				 "arrives");
		return;
	}
	s->proto[0] = '\0';
	s->verdict = NULL;
	s->is_goto = false;
	s->comment = NULL;
	for (int at = 1; at < cnt && im->refused == refused;) {
		s->is_not = !strcmp(words[at], "!");
		at += s->is_not;
		if (at < cnt)
			at += take_option(im, s, words + at, cnt - at);
	}
	if (im->refused == refused)
		end_rule(im, s);
}

/* Whether the table has chains of its own: lines ":NAME - [0:0]". */
static bool has_chains(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "COMMIT", 6))
			return false;
		if (*line == ':' && line[strcspn(line, " \n")] == ' ' &&
		    line[strcspn(line, " \n") + 1] == '-')
			return true;
	}
	return false;
}

/* *filter; `text` is what follows. */
static void begin_table(struct xs_import *im, struct saved *s, const char *name, const char *text)
{
	snprintf(s->table, sizeof(s->table), "%s", name);
	s->is_table = !strcmp(name, "filter") && text && has_chains(text);
	if (!s->is_table)
		return;
	s->first_key = ++im->key;
	xs_import_begin_table(im, s->ipv6 ? "ip6" : "ip");
	xs_import_put(im, "table %s filter {", s->ipv6 ? "ip6" : "ip");
	im->depth = 1;
}

/* :INPUT DROP [0:0], :NAME - [0:0] */
static void begin_chain(struct xs_import *im, struct saved *s, const char *name, const char *policy)
{
	const bool is_input = !strcmp(name, "INPUT") && !strcmp(s->table, "filter");

	if (is_input)
		snprintf(s->policy, sizeof(s->policy), "%s", policy);
	if (!s->is_table || (!is_input && *policy != '-')) {
		if (!is_input)
			xs_import_put(im, "# chain %s", name);
		return;
	}
	if (!is_input) {
		if (s->chain_cnt == CHAINS_MAX) {
			xs_import_refuse(im, "more than %d chains", CHAINS_MAX);
			return;
		}
		s->chains[s->chain_cnt] = strdup(name);
		im->oom |= !s->chains[s->chain_cnt];
		if (im->oom)
			return;
		xs_import_chain(im, name, strlen(name));
		s->chain_cnt++;
	}
	im->key = s->first_key + 1 + chain_number(s, name);
	im->depth = 1;
	xs_import_put(im, "chain %s {", name);
	im->depth = 2;
	if (is_input)
		xs_import_put(im, "type filter hook input priority 0; policy %s;",
			      !strcmp(policy, "DROP") ? "drop" : "accept");
}

/* The blocks of the table end, each behind its lines. */
static void end_blocks(struct xs_import *im, struct saved *s)
{
	im->depth = 1;
	for (int i = 0; i <= s->chain_cnt; i++) {
		im->key = s->first_key + 1 + i;
		if (i || *s->policy)
			xs_import_put(im, "}");
	}
	for (int i = 0; i < s->chain_cnt; i++)
		free(s->chains[i]);
	im->key = s->first_key + s->chain_cnt + 3;
	im->depth = 0;
	xs_import_put(im, "}");
	xs_import_end_table(im);
	s->chain_cnt = 0;
	s->is_table = false;
}

/* What the policy of INPUT does to frames of the family. */
static void end_table(struct xs_import *im, struct saved *s)
{
	if (s->is_table) {
		end_blocks(im, s);
	} else if (*s->policy) {
		s->verdict = s->policy;
		s->comment = NULL;
		end_rule(im, s);
	}
	s->policy[0] = s->table[0] = '\0';
}

/* `rest`: the lines that follow; NULL: none. */
static void import_line(struct xs_import *im, struct saved *s, char **words, int cnt,
			const char *rest)
{
	int at = cnt > 0 && words[0][0] == '['; /* counters, before a rule */
	const char *first = cnt > at ? words[0] : "";

	if (first[0] == '*')
		begin_table(im, s, first + 1, rest);
	else if (!strcmp(first, "COMMIT"))
		end_table(im, s);
	else if (first[0] == ':' && cnt > 1)
		begin_chain(im, s, first + 1, words[1]);
	else if (cnt - at > 1 && !strcmp(words[at], "-A"))
		import_rule(im, s, words + at + 1, cnt - at - 1);
	else
		xs_import_refuse(im, "expected what iptables-save prints");
}

void xs_import_iptables(struct xs_import *im, char *text)
{
	struct saved s = { .ipv6 = strstr(text, "ip6tables-save") || strstr(text, "ipv6-icmp") ||
				   strstr(text, "::") };
	char *words[XS_IMPORT_WORDS], *line;

	/* what is not of this family is no matter of these rules */
	xs_import_put(im, "default pass");
	while ((line = xs_import_next(im, &text)))
		import_line(im, &s, words, xs_import_split(line, words), text);
	if (s.is_table) {
		end_blocks(im, &s);
		xs_import_refuse(im, "the table does not end");
	}
}
