// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rules that the parser writes out: elements of concatenations and verdict maps, and nft's tables
 * and chains with jumps.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rule_parse.h"

/* Each element of a concatenation or verdict map is a rule, as if it were written so. */
static void elements_become_rules(void **state)
{
	static const struct {
		const char *written, *rules[6];
	} sets[] = {
		{ "flush ruleset\ntable inet filter {\n set bad { type ipv4_addr; flags interval\n"
		  "elements = { 192.0.2.0/24,\n198.51.100.7 } }\nchain input { # all\n"
		  "type filter hook input priority filter; policy drop;\nip saddr @bad drop\n"
		  "udp dport 1 counter accept; udp dport { 2, 3 } drop\n}\n}\n",
		  { "meta nfproto { ipv4, ipv6 } ip saddr { 192.0.2.0/24, 198.51.100.7 } drop",
		    "meta nfproto { ipv4, ipv6 } udp dport 1 accept",
		    "meta nfproto { ipv4, ipv6 } udp dport { 2, 3 } drop",
		    "meta nfproto { ipv4, ipv6 } drop" } },
		{ "table ip t { chain c { type filter hook prerouting priority 0; udp drop; } "
		  "}\ntcp drop",
		  { "meta nfproto ipv4 udp drop", "meta nfproto ipv4 accept", "tcp drop" } },
		{ "table ip6 t {\nchain empty {\n}\nset s { type inet_service; elements = { 1 }; "
		  "}\n}\n"
		  "udp dport { @s, 2 } drop",
		  { "udp dport { 1, 2 } drop" } },
		{ "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.0/8 . 80-90, } counter drop;",
		  { "ip saddr 10.0.0.1 tcp dport 22 drop",
		    "ip saddr 10.0.0.0/8 tcp dport 80-90 drop" } },
		{ "vlan id 5 meta l4proto . th dport == { tcp . ssh } meta rxqueue 0 drop comment "
		  "\"c\"",
		  { "vlan id 5 meta l4proto tcp th dport ssh meta rxqueue 0 drop comment \"c\"" } },
		{ "icmpv6 type . icmpv6 code 1 . 4 drop", { "icmpv6 type 1 icmpv6 code 4 drop" } },
		{ "define P = { 80, 90 }\nip ttl . tcp dport { 1 . $P } drop",
		  { "ip ttl 1 tcp dport { 80, 90 } drop" } },
		{ "tcp dport vmap { 22 : accept, * : drop, 23:xsk slot 3 else drop, 24: dev eth0 }",
		  { "tcp dport 22 accept", "tcp dport 23 xsk slot 3 else drop",
		    "tcp dport 24 dev eth0", "tcp dport & 0 == 0 drop" } },
		{ "udp ip6 daddr vmap { ::1 : drop, fe80:: : accept, fe80::1: drop }",
		  { "udp ip6 daddr ::1 drop", "udp ip6 daddr fe80:: accept",
		    "udp ip6 daddr fe80::1 drop" } },
		{ "tcp flags . ip ttl { syn|ack . 5, (fin|rst) . 6 } drop",
		  { "tcp flags == (syn|ack) ip ttl 5 drop",
		    "tcp flags == (fin|rst) ip ttl 6 drop" } },
		{ "ether saddr vmap { 0:1:2:3:4:5 : drop, 0:1:2:3:4:6: accept } comment \"m\"",
		  { "ether saddr 0:1:2:3:4:5 drop comment \"m\"",
		    "ether saddr 0:1:2:3:4:6 accept comment \"m\"" } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(sets); i++) {
		struct xs_ruleset set;
		__u32 cnt = 0;

		parse_good(&set, sets[i].written);
		for (; sets[i].rules[cnt]; cnt++) {
			assert_true(cnt < set.rule_cnt);
			assert_string_equal(set.rules[cnt].text, sets[i].rules[cnt]);
		}
		assert_int_equal(set.rule_cnt, cnt);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

#define HOOK "type filter hook input priority 0; "

/* What jumps lead to stands where they do, with their matches before it. */
static void chains_become_rules(void **state)
{
	static const struct {
		const char *written, *rules[8];
	} sets[] = {
		/* a chain above and one below its jump; the line is that of the chain's rule */
		{ "table netdev t {\nchain a {\nudp drop\n}\nchain c { " HOOK "policy drop;\n"
		  "ip ttl 1 jump a\nip ttl 2 jump b comment \"x\"\n}\nchain b {\ntcp xsk slot "
		  "1\n}\n}",
		  { "3 ip ttl 1 udp drop", "10 ip ttl 2 tcp xsk slot 1" } },
		/* what cannot hold is left out, whatever fields say so; what never can is not */
		{ "table netdev t { chain a {\nudp dport 1 drop\nip6 hoplimit 1 drop\nip ttl 5-9 "
		  "drop\n"
		  "tcp udp drop\n}\nchain c { " HOOK "\ntcp ip ttl < 5 jump a\n"
		  "ip ttl 9 jump a\n}\n}",
		  { "5 tcp ip ttl < 5 tcp udp drop", "2 ip ttl 9 udp dport 1 drop",
		    "4 ip ttl 9 ip ttl 5-9 drop" } },
		/* return: what is behind the jump, down to the policy */
		{ "table ip t {\nchain a {\nip ttl 1 return\nip ttl 1-3 drop\n}\nchain c { " HOOK
		  "policy drop;\nudp jump a\ntcp accept\nip ttl 1 accept\n}\n}",
		  { "9 meta nfproto ipv4 udp ip ttl 1 ip ttl 1 accept",
		    "4 meta nfproto ipv4 udp ip ttl 1-3 drop", "8 meta nfproto ipv4 tcp accept",
		    "9 meta nfproto ipv4 ip ttl 1 accept", "10 meta nfproto ipv4 drop" } },
		/* nothing is asked below a return of everything */
		{ "table netdev t { chain a {\nreturn\ndrop\n}\nchain c { " HOOK
		  "\njump a\nudp return\nip ttl 1 drop\n}\n}",
		  { "7 udp accept", "8 ip ttl 1 drop" } },
		/* goto: the chain, and then what is behind the one that leads there */
		{ "table netdev t { chain b {\nip ttl 2 drop\n}\nchain a {\nip ttl < 5 goto b\nip "
		  "ttl 3 drop\n"
		  "}\nchain c { " HOOK "\nudp jump a\nmeta rxqueue 1 drop\n}\n}",
		  { "2 udp ip ttl < 5 ip ttl 2 drop", "10 udp ip ttl < 5 meta rxqueue 1 drop",
		    "11 udp ip ttl < 5 accept", "6 udp ip ttl 3 drop", "10 meta rxqueue 1 drop" } },
		{ "table netdev t { chain a {\nudp drop\n}\nchain c { " HOOK
		  "policy drop;\nip ttl 1 goto a\nip ttl 2 goto a\ngoto a\ntcp drop\n}\n}",
		  { "2 ip ttl 1 udp drop", "9 ip ttl 1 drop", "2 ip ttl 2 udp drop",
		    "9 ip ttl 2 drop", "2 udp drop" } },
		/* a map: one element is followed, and then what is behind the map */
		{ "table netdev t { chain a {\nudp drop\n}\nchain c { " HOOK
		  "\nip ttl vmap { 1 : jump a, * : drop, 2 : continue, 3 : return, 4 : xsk }\n"
		  "tcp drop\n}\n}",
		  { "2 ip ttl 1 udp drop", "6 ip ttl 1 tcp drop", "7 ip ttl 1 accept",
		    "6 ip ttl 2 tcp drop", "7 ip ttl 2 accept", "5 ip ttl 3 accept",
		    "5 ip ttl 4 xsk", "5 ip ttl & 0 == 0 drop" } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(sets); i++) {
		struct xs_ruleset set;
		char line[256];
		__u32 cnt = 0;

		parse_good(&set, sets[i].written);
		for (; cnt < set.rule_cnt && cnt < 8 && sets[i].rules[cnt]; cnt++) {
			snprintf(line, sizeof(line), "%u %s", set.rules[cnt].line,
				 set.rules[cnt].text);
			assert_string_equal(line, sets[i].rules[cnt]);
		}
		assert_true(cnt == 8 || !sets[i].rules[cnt]);
		assert_true(set.rule_cnt == cnt || cnt == 8);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

/* `cnt` chains, each of which jumps to the next. */
static char *nested_chains(int cnt)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("table netdev t {\nchain base { " HOOK "\njump c1\n}\n", out);
	for (int i = 1; i < cnt; i++)
		fprintf(out, "chain c%d {\njump c%d\n}\n", i, i + 1);
	fprintf(out, "chain c%d {\nudp drop\n}\n}\n", cnt);
	fclose(out);
	return text;
}

static void jumps_lead_sixteen_deep(void **state)
{
	char *good = nested_chains(16), *bad = nested_chains(17);
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, good);
	assert_int_equal(set.rule_cnt, 1);
	assert_string_equal(set.rules[0].text, "udp drop");
	xs_ruleset_free(&set);
	assert_error(bad, 51, 6, "more than 16 deep");
	free(good);
	free(bad);
}

/* A chain of `returns` returns, jumped to `jumps` times. */
static char *many_returns(int returns, int jumps)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("table netdev t {\nchain a {\n", out);
	for (int i = 0; i < returns; i++)
		fprintf(out, "ip ttl %d return\n", i);
	fputs("}\nchain base { " HOOK "\n", out);
	for (int i = 0; i < jumps; i++)
		fprintf(out, "ip dscp %d jump a\nudp dport %d drop\n", i, i);
	fputs("}\n}\n", out);
	fclose(out);
	return text;
}

static void rules_that_returns_make_are_bounded(void **state)
{
	char *good = many_returns(20, 20), *bad = many_returns(200, 60);
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, good);
	assert_true(set.rule_cnt > 20 * 20 && set.rule_cnt < XS_RULE_INLINE_MAX);
	xs_ruleset_free(&set);
	assert_error(bad, 77, 11, "more than 32768 rules");
	free(good);
	free(bad);
}

static void a_rule_of_a_chain_has_its_matches_and_those_of_the_jumps(void **state)
{
	char text[4096] = "table netdev t {\nchain a {\n";
	struct xs_ruleset set;

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, "udp ");
	strcat(text, "drop\n}\nchain c { " HOOK "\n");
	for (int i = 0; i < 24; i++)
		strcat(text, "udp ");
	strcpy(text + strlen(text), "jump a\n}\n}");
	parse_good(&set, text);
	assert_int_equal(set.rules[0].match_cnt, 64);
	xs_ruleset_free(&set);
	strcpy(strstr(text, "jump a"), "udp jump a\n}\n}");
	assert_error(text, 6, 106, "the rule at line 3 gets more than 64 matches");
}

/* A mistake within a block costs its statement, and not the brace that ends the block. */
static void one_mistake_in_a_block_is_one_error(void **state)
{
	static const char *const blocks[] = {
		"table ip t {\nset s { type ipv4_addr; elements 1 }\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nset s {\ntype ipv4_addr\nelements = [ 1 ]\n}\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nset s {\nelements = { 1, , 2 }\n}\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK "\nudp foo }\nchain d {\ntcp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK "\nudp foo\n}\nchain d {\ntcp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK
		"policy foo }\nset s { type ipv4_addr; }\n}\nudp drop\n",
	};

	(void)state;
	for (size_t i = 0; i < CNT(blocks); i++) {
		struct xs_rule_errors errs;
		struct xs_ruleset set;

		assert_int_equal(parse_with(&set, blocks[i], strlen(blocks[i]), NULL, &errs),
				 -EINVAL);
		if (errs.cnt != 1)
			xs_rule_errors_print(stderr, &errs);
		assert_int_equal(errs.cnt, 1);
		xs_rule_errors_free(&errs);
	}
}

static const struct memory_file chain_files[] = {
	{ "rules", "udp dport 1 drop\njump a" },
	{ "chain", "chain a {\nudp dport 2 drop\n}" },
	{ "close", "}\n" },
	{ "open", "chain b {\n" },
	{ NULL, NULL },
};

static void an_include_may_stand_within_a_block(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	const char *bad = "table ip t {\nchain c { " HOOK "\ninclude \"close\"\n}\n"
			  "include \"open\"\n}\n";

	(void)state;
	parse_good_with(&set,
			"table ip t {\nchain c { " HOOK "\ninclude \"rules\"\ntcp drop\n}\n"
			"include \"chain\"\n}\n",
			chain_files);
	assert_int_equal(set.rule_cnt, 4);
	assert_string_equal(set.rules[0].text, "meta nfproto ipv4 udp dport 1 drop");
	assert_int_equal(set.rules[0].line, 1);
	assert_string_equal(set.rules[1].text, "meta nfproto ipv4 udp dport 2 drop");
	assert_string_equal(set.files[set.rules[1].file], "chain");
	assert_int_equal(set.rules[1].line, 2);
	assert_string_equal(set.rules[2].text, "meta nfproto ipv4 tcp drop");
	assert_string_equal(set.files[set.rules[3].file], "test.rules");
	xs_ruleset_free(&set);
	assert_int_equal(parse_with(&set, bad, strlen(bad), chain_files, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 2);
	assert_string_equal(errs.errors[0].file, "close");
	assert_non_null(strstr(errs.errors[0].message, "a block to begin in this file"));
	assert_string_equal(errs.errors[1].file, "open");
	assert_non_null(strstr(errs.errors[1].message, "not closed"));
	xs_rule_errors_free(&errs);
}

static void policy_of_a_netdev_chain_is_the_default(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "table netdev t { chain c { type filter hook ingress device \"eth0\" "
			 "priority -500; policy drop;\nudp dport 1 accept\n}\n}");
	assert_int_equal(set.rule_cnt, 1);
	assert_string_equal(set.rules[0].text, "udp dport 1 accept");
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.default_action.verdict, XS_VERDICT_drop);
	assert_string_equal(set.default_text, "default drop");
	assert_round_trip(&set);
	xs_ruleset_free(&set);
	parse_good(
		&set,
		"table netdev t { chain c { type filter hook ingress device eth0 priority 0\n} }");
	assert_string_equal(set.default_text, "default accept");
	xs_ruleset_free(&set);
}

static void elements_have_their_lines(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "tcp dport . ip ttl {\n22 . 1,\n\n23 . 2 } drop\nudp drop");
	assert_int_equal(set.rule_cnt, 3);
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.rules[1].line, 4);
	assert_int_equal(set.rules[2].line, 5);
	assert_true(set.rules[1].matches[1].ranges[0].lo == 2);
	xs_ruleset_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_become_rules),
		cmocka_unit_test(chains_become_rules),
		cmocka_unit_test(jumps_lead_sixteen_deep),
		cmocka_unit_test(rules_that_returns_make_are_bounded),
		cmocka_unit_test(a_rule_of_a_chain_has_its_matches_and_those_of_the_jumps),
		cmocka_unit_test(one_mistake_in_a_block_is_one_error),
		cmocka_unit_test(an_include_may_stand_within_a_block),
		cmocka_unit_test(policy_of_a_netdev_chain_is_the_default),
		cmocka_unit_test(elements_have_their_lines),
	};

	return cmocka_run_group_tests_name("rule_blocks", tests, NULL, NULL);
}
