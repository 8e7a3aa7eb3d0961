// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets as text: declarations, what asks them, what is refused, and spans of time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rule_parse.h"
#include "lib/base/timespan.h"
#include "lib/rules/check/warn.h"
#include "lib/rules/compile/compile.h"
#include "lib/rules/syntax/text.h"
#include "lib/set/read.h"

#define HOUR 3600000000000ULL

static void assert_text(const char *text, const char *canonical)
{
	struct xs_ruleset set, again;
	char *got;

	parse_good(&set, text);
	got = xs_ruleset_text(&set);
	assert_string_equal(got, canonical);
	parse_good(&again, got);
	assert_true(rulesets_equal(&set, &again));
	free(got);
	xs_ruleset_free(&set);
	xs_ruleset_free(&again);
}

static void declarations(void **state)
{
	(void)state;
	assert_text("set s { type ip; }", "set s { type ip; size 65536; }\n");
	assert_text("set s {\n\ttype ip6\n\tsize 7; timeout 1h30m\n}\n",
		    "set s { type ip6; timeout 1h30m; size 7; }\n");
	assert_text("set blocked { type ip; timeout 1h; size 200000; elements { 192.0.2.7, "
		    "198.51.100.9/24 timeout 10m, } }\nip saddr @blocked drop",
		    "set blocked { type ip; timeout 1h; size 200000; elements { 192.0.2.7, "
		    "198.51.100.0/24 timeout 10m }; }\nip saddr @blocked drop\n");
	/* nft's words; elements before the timeout that they get; times of none */
	assert_text(
		"set s { type ipv6_addr; flags interval, timeout; elements = { ::1, ::2 timeout "
		"0s\n"
		"}; timeout 60s; }",
		"set s { type ip6; timeout 1m; size 65536; elements { ::1, ::2 timeout 0s }; }\n");
	assert_text(
		"define D = { 10.0.0.1, 10.0.0.4-10.0.0.9 }\nset s { type ip; elements { $D } }",
		"set s { type ip; size 65536; elements { 10.0.0.1, 10.0.0.4/30, 10.0.0.8/31 }; "
		"}\n");
	assert_text("set s { type ip; elements { 0.0.0.0-255.255.255.255, 255.255.255.255 } }",
		    "set s { type ip; size 65536; elements { 0.0.0.0/0, 255.255.255.255 }; }\n");
	assert_text("set s { type ip6; elements { ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff } }",
		    "set s { type ip6; size 65536; elements { ::/0 }; }\n");
	assert_text("set s { type ip; elements { } }", "set s { type ip; size 65536; }\n");
	/* in the blocks of nft, too, where @ may also name a set of the table's own */
	assert_text("set s { type ip; }\ntable netdev t {\nset own { type ipv4_addr; elements = { "
		    "10.0.0.1 }; }\nchain c { type filter hook ingress device \"x\" priority 0; "
		    "policy accept;\nip saddr @s drop\nip saddr != @own drop\n}\n}\n",
		    "set s { type ip; size 65536; }\ndefault accept\nip saddr @s drop\nip saddr != "
		    "{ 10.0.0.1 } drop\n");
}

static void what_asks_a_set(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "set a { type ip; }\nset b { type ip6; }\nset c { type ip; }\n"
			 "ip saddr @a ip daddr != @c drop\nip6 daddr == @b pass\n");
	assert_int_equal(set.set_cnt, 3);
	assert_int_equal(set.sets[2].number, 1); /* of its family */
	assert_int_equal(set.rules[0].matches[0].set, 1);
	assert_false(set.rules[0].matches[0].negate);
	assert_int_equal(set.rules[0].matches[1].set, 3);
	assert_int_equal(set.rules[0].matches[1].set_number, 1);
	assert_true(set.rules[0].matches[1].negate);
	assert_string_equal(set.rules[1].text, "ip6 daddr @b pass");
	xs_ruleset_free(&set);
}

static void refusals(void **state)
{
	static const struct {
		const char *text;
		__u32 line, column;
		const char *part;
	} rows[] = {
		{ "set", 1, 4, "the set's name after 'set'" },
		{ "set 1x { type ip; }", 1, 5, "not the name of a set" },
		{ "set s", 1, 6, "'{' after the set's name" },
		{ "set s { }", 1, 9, "'type ip' or 'type ip6' in the set" },
		{ "set s { type mac; }", 1, 14, "ip or ip6 after 'type'" },
		{ "set s { type ip; type ip; }", 1, 23, "one type" },
		{ "set s { type ip; size 0; }", 1, 23, "1-16777216" },
		{ "set s { type ip; size 16777217; }", 1, 23, "1-16777216" },
		{ "set s { type ip; timeout soon; }", 1, 26, "'soon' is not a time" },
		{ "set s { type ip; timeout; }", 1, 25, "a time such as 1h30m" },
		{ "set s { type ip; foo 1; }", 1, 18, "type, timeout, size, elements or '}'" },
		{ "set s { type ip; flags constant; }", 1, 24, "interval, timeout or dynamic" },
		{ "set s { elements { ::1 } type ip6; }", 1, 18, "before 'elements'" },
		{ "set s { type ip; elements { ::1 } }", 1, 29, "'::1' is not an IPv4 address" },
		{ "set s { type ip; elements { 10.0.0.0/33 } }", 1, 38, "prefix length" },
		{ "set s { type ip; elements { 10.0.0.1 10.0.0.2 } }", 1, 38,
		  "',', 'timeout' or '}'" },
		{ "set s { type ip; elements { 10.0.0.1 timeout x } }", 1, 46,
		  "'x' is not a time" },
		{ "set s { type ip; size 1; elements { 10.0.0.1, 10.0.0.2 } }", 1, 1,
		  "2 elements, and room for 1" },
		{ "set s { type ip; ", 1, 1, "not closed" },
		{ "set s { type ip; } x", 1, 20, "the end of the line" },
		{ "set s { type ip; }\nset s { type ip; }", 2, 5,
		  "declared at test.rules:1 already" },
		{ "ip saddr @s drop", 1, 10,
		  "no set 's' is declared: expected 'set s { type ip; }'" },
		{ "ip6 saddr @s drop\nset s { type ip6; }", 1, 11, "on an earlier line" },
		{ "set s { type ip; }\nip6 saddr @s drop", 2, 11, "of type ip: expected ip saddr" },
		{ "set s { type ip; }\ntcp dport @s drop", 2, 11,
		  "cannot be asked of a dynamic set" },
		{ "set s { type ip; }\nip saddr { @s } drop", 2, 12, "'@s'" },
		{ "set s { type ip; }\nip saddr @s . tcp dport { 10.0.0.1 . 1 } drop", 2, 13,
		  "another match" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++)
		assert_error(rows[i].text, rows[i].line, rows[i].column, rows[i].part);
}

static void no_more_sets_than_the_data_path_has_bits_for(void **state)
{
	char text[2048] = "";
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	for (int i = 0; i < XS_MEMBER_SETS_OF_FAMILY; i++)
		sprintf(text + strlen(text), "set a%d { type ip; }\nset b%d { type ip6; }\n", i, i);
	parse_good(&set, text);
	assert_int_equal(set.set_cnt, XS_MEMBER_SETS_MAX);
	xs_ruleset_free(&set);
	strcat(text, "set z { type ip6; }");
	assert_int_equal(parse_with(&set, text, strlen(text), NULL, &errs), -EINVAL);
	assert_int_equal(errs.errors[0].line, XS_MEMBER_SETS_MAX + 1);
	assert_non_null(strstr(errs.errors[0].message, "more than 8 dynamic sets of type ip6"));
	xs_rule_errors_free(&errs);
}

/* An error within a set's braces ends with them. */
static void the_next_statement_after_an_error_is_read(void **state)
{
	const char *two = "set s {\ntype ip\nfoo\nelements { 1.2.3.4 }\n}\nudp x\n";
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, two, strlen(two), NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 2);
	assert_int_equal(errs.errors[1].line, 6);
	xs_rule_errors_free(&errs);
}

static void assert_warning(const char *text, const char *part)
{
	struct xs_rule_warnings warnings = {};
	struct xs_ruleset set;

	parse_good(&set, text);
	assert_int_equal(xs_rules_warn(&set, &warnings), 0);
	if (warnings.cnt != !!part || (part && !strstr(warnings.warnings[0].message, part)))
		fail_msg("'%s': %u warnings, wanted '%s'", text, warnings.cnt,
			 part ? part : "none");
	xs_rule_warnings_free(&warnings);
	xs_ruleset_free(&set);
}

#define TWO "set a { type ip; }\nset b { type ip; }\n"

static void what_can_never_hold_is_warned_of(void **state)
{
	(void)state;
	assert_warning(TWO "ip saddr @a ip saddr != @a drop", "no frame has the 'ip saddr'");
	assert_warning(TWO "ip saddr @a ip6 daddr ::1 drop", "IPv4 and IPv6");
	assert_warning(TWO "ip saddr @a ip daddr != @a drop", NULL);
	assert_warning(TWO "ip saddr @a ip saddr != @b drop", NULL);
	/* covered only where the earlier rule asks no set that the later one does not */
	assert_warning(TWO "ip saddr @a drop\nip saddr 10.0.0.1 pass", NULL);
	assert_warning(TWO "ip saddr @a drop\nip saddr @a udp pass", "line 3 covers");
	assert_warning(TWO "ip saddr @a drop\nip saddr @b pass", NULL);
	assert_warning(TWO "ip saddr @a drop\nip daddr @a pass", NULL);
	assert_warning(TWO "ip saddr @a drop\nip saddr != @a pass", NULL);
	assert_warning(TWO "ip protocol udp drop\nudp ip saddr @a pass", "line 3 covers");
	assert_warning(TWO "ip saddr @a ip daddr @b drop\nip saddr @a pass", NULL);
	assert_warning(TWO "set c { type ip6; }\nip saddr @a drop\nip6 saddr @c drop", NULL);
}

/* Without a dynamic set the bytes are those of the layout that older programs search. */
static void layouts(void **state)
{
	static const struct {
		const char *text;
		__u32 layout;
	} rows[] = {
		{ "udp drop", XS_SET_LAYOUT_BEFORE_FIELDS },
		{ "ip id 7 drop", XS_SET_LAYOUT_BEFORE_SIZES },
		{ "set s { type ip; }", XS_SET_LAYOUT_LIMITS },
		{ "set s { type ip; }\nip saddr @s drop", XS_SET_LAYOUT_LIMITS },
		{ "udp pass limit 1/second", XS_SET_LAYOUT_LIMITS },
		{ "gre key 7 drop", XS_SET_LAYOUT_INNER },
		{ "vlan inner id 1 pass limit 1/second", XS_SET_LAYOUT_INNER },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		const struct xs_set_header *header;
		struct xs_rule_blob blob;
		struct xs_ruleset set;

		parse_good(&set, rows[i].text);
		assert_int_equal(xs_rule_compile(&set, &blob, NULL), 0);
		header = blob.bytes;
		assert_int_equal(header->layout, rows[i].layout);
		assert_true(xs_set_valid(blob.bytes, blob.size));
		assert_int_equal(!!xs_set_members(header), set.set_cnt);
		xs_rule_blob_free(&blob);
		xs_ruleset_free(&set);
	}
}

static void spans_of_time(void **state)
{
	static const struct {
		const char *text;
		__u64 ns;
		const char *again;
	} good[] = {
		{ "0s", 0, "0s" },
		{ "1s", HOUR / 3600, "1s" },
		{ "90s", HOUR / 40, "1m30s" },
		{ "1h30m", HOUR / 2 * 3, "1h30m" },
		{ "500ms", HOUR / 7200, "500ms" },
		{ "1d2h3m4s5ms", 26 * HOUR + HOUR / 20 + HOUR / 900 + 5000000, "1d2h3m4s5ms" },
		{ "36500d", 36500 * 24 * HOUR, "36500d" },
	};
	static const char *const bad[] = { "",	   "1",	   "s",	     "1x",
					   "1s1m", "1m1m", "-1s",    "1.5s",
					   "1 s",  "1ss",  "36501d", "99999999999999999999s",
					   "1mss", "1h 1m" };
	__u64 ns = 7;

	(void)state;
	for (size_t i = 0; i < CNT(good); i++) {
		assert_int_equal(xs_timespan_parse(good[i].text, strlen(good[i].text), &ns), 0);
		assert_int_equal(ns, good[i].ns);
		assert_string_equal(xs_timespan_text(ns).text, good[i].again);
	}
	for (size_t i = 0; i < CNT(bad); i++)
		if (xs_timespan_parse(bad[i], strlen(bad[i]), &ns) != -EINVAL)
			fail_msg("'%s' is no span of time", bad[i]);
	assert_string_equal(xs_timespan_text(1).text, "1ms"); /* what is left is not nothing */
}

/* `cnt` scattered addresses, beside a rule that asks a set. From malloc(). */
static char *addresses_beside_a_set(__u32 cnt)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("set s { type ip; }\nip saddr @s drop\nip saddr {", out);
	for (__u32 i = 0, addr = 0x01000000; i < cnt; i++, addr += 12345)
		fprintf(out, " %u.%u.%u.%u,", addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
			addr & 255);
	fputs(" } drop\n", out);
	fclose(out);
	return text;
}

/* With one of these numbers the index of addresses leaves no room for sets in the first chunk. */
static void sets_have_room_beside_any_number_of_addresses(void **state)
{
	(void)state;
	for (__u32 cnt = 298200; cnt <= 298800; cnt += 100) {
		char *text = addresses_beside_a_set(cnt);
		struct xs_rule_blob blob = { 0 };
		struct xs_ruleset set;

		parse_good(&set, text);
		assert_int_equal(xs_rule_compile(&set, &blob, NULL), 0);
		xs_rule_blob_free(&blob);
		xs_ruleset_free(&set);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(declarations),
		cmocka_unit_test(what_asks_a_set),
		cmocka_unit_test(refusals),
		cmocka_unit_test(no_more_sets_than_the_data_path_has_bits_for),
		cmocka_unit_test(the_next_statement_after_an_error_is_read),
		cmocka_unit_test(what_can_never_hold_is_warned_of),
		cmocka_unit_test(layouts),
		cmocka_unit_test(sets_have_room_beside_any_number_of_addresses),
		cmocka_unit_test(spans_of_time),
	};

	return cmocka_run_group_tests_name("dynamic_sets", tests, NULL, NULL);
}
