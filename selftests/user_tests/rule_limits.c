// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Limits of rates: what is written, what it means, and what is refused.
 */
#include <stdio.h>

#include "../rule_parse.h"

struct limit_row {
	const char *text, *canonical; /* behind "pass "; NULL: the same */
	struct xs_limit limit;
};

#define SECOND_NS 1000000000ULL

static void limits_are_read(void **state)
{
	static const struct limit_row rows[] = {
		{ "limit 1/second", NULL, { 1, SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 50/second", NULL, { 50, SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 60/second", NULL, { 60, SECOND_NS, 6, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 0x10 / minute burst 7 packets else drop",
		  "limit 0x10/minute burst 7 else drop",
		  { 16, 60 * SECOND_NS, 7, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/hour",
		  NULL,
		  { 1, 3600 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/day",
		  NULL,
		  { 1, 86400 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/week",
		  NULL,
		  { 1, 604800 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1000000000000000/second burst 1",
		  NULL,
		  { 1000000000000000, SECOND_NS, 1, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 9 bytes/second",
		  NULL,
		  { 9, SECOND_NS, 65536, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 20 mbytes/second burst 3 kbytes",
		  NULL,
		  { 20 << 20, SECOND_NS, 3 << 10, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 8 mbytes/second",
		  NULL,
		  { 8 << 20, SECOND_NS, (8 << 20) / 10, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/second per ip saddr",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip_saddr, 32, 65536 } },
		{ "limit 1/second per ip daddr / 1 size 4194304",
		  "limit 1/second per ip daddr/1 size 4194304",
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip_daddr, 1, 4194304 } },
		{ "limit 1/second per ip6 saddr/64 size 1",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip6_saddr, 64, 1 } },
		{ "limit 1/second per ip6 daddr",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip6_daddr, 128, 65536 } },
		{ "limit 1/second per flow else drop",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_flow, 0, 65536 } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		char text[160], canonical[160];
		struct xs_ruleset set;

		snprintf(text, sizeof(text), "udp pass %s comment \"c\"\n", rows[i].text);
		snprintf(canonical, sizeof(canonical), "udp pass %s comment \"c\"",
			 rows[i].canonical ? rows[i].canonical : rows[i].text);
		parse_good(&set, text);
		assert_string_equal(set.rules[0].text, canonical);
		assert_int_equal(set.rules[0].limit.rate, rows[i].limit.rate);
		assert_int_equal(set.rules[0].limit.per_ns, rows[i].limit.per_ns);
		assert_int_equal(set.rules[0].limit.burst, rows[i].limit.burst);
		assert_int_equal(set.rules[0].limit.by_bytes, rows[i].limit.by_bytes);
		assert_int_equal(set.rules[0].limit.otherwise, rows[i].limit.otherwise);
		assert_int_equal(set.rules[0].limit.per, rows[i].limit.per);
		assert_int_equal(set.rules[0].limit.prefix, rows[i].limit.prefix);
		assert_int_equal(set.rules[0].limit.size, rows[i].limit.size);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

static void a_limit_stands_behind_any_verdict(void **state)
{
	static const char *const rules[] = {
		"udp drop limit 1/second else pass",
		"udp tx limit 1/second else pass",
		"udp xsk else pass limit 1/second else drop",
		"udp xsk slot 3 limit 1/second",
		"udp cpu 3 limit 1/second else pass",
		"udp dev eth0 limit 1/second",
		"udp chain web else drop limit 1/second else pass",
		"name web: udp pass limit 1/second",
	};
	struct xs_ruleset set;

	(void)state;
	for (size_t i = 0; i < CNT(rules); i++) {
		parse_good(&set, rules[i]);
		assert_string_equal(set.rules[0].text, rules[i]);
		assert_int_equal(set.rules[0].limit.rate, 1);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
	/* each element is a rule, with a bucket of its own */
	parse_good(&set, "define R = 7\nip saddr . tcp dport { 1.1.1.1 . 1, 1.1.1.2 . 2 } pass "
			 "limit $R/second\ntcp drop");
	assert_int_equal(set.rule_cnt, 3);
	assert_string_equal(set.rules[1].text, "ip saddr 1.1.1.2 tcp dport 2 pass limit 7/second");
	assert_int_equal(set.rules[1].limit.rate, 7);
	assert_int_equal(set.rules[2].limit.rate, 0);
	xs_ruleset_free(&set);
}

static void a_sample_stands_last(void **state)
{
	static const struct {
		const char *text;
		__u32 sample;
	} rules[] = {
		{ "udp drop sample 1/100", 100 },
		{ "udp cpu { 1-2 } by flow limit 1/second sample 1/1", 1 },
		{ "udp xsk else pass limit 1/second else drop sample 1/1000000000 comment \"c\"",
		  1000000000 },
		{ "udp drop comment \" sample 1/5\"", 0 },
	};
	struct xs_ruleset set;

	(void)state;
	for (size_t i = 0; i < CNT(rules); i++) {
		parse_good(&set, rules[i].text);
		assert_string_equal(set.rules[0].text, rules[i].text);
		assert_int_equal(set.rules[0].sample, rules[i].sample);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

static void bad_limits(void **state)
{
	static const struct {
		const char *text;
		__u32 column;
		const char *part;
	} rows[] = {
		{ "udp pass limit", 15, "expected a rate" },
		{ "udp pass limit 0/second", 16, "'0' is not a rate: expected 1-" },
		{ "udp pass limit x/second", 16, "'x' is not a rate" },
		{ "udp pass limit 5", 17, "'limit 100/second'" },
		{ "udp pass limit 5/fortnight", 18, "second, minute, hour, day or week" },
		{ "udp pass limit 1000000000000001/second", 16, "expected 1-1000000000000000" },
		{ "udp pass limit 18446744073709551616/second", 16, "is not a rate" },
		{ "udp pass limit 1000000000 mbytes/second", 16,
		  "more than 1000000000000000 bytes" },
		{ "udp pass limit 1 bytes/week", 16, "longer than an hour" },
		{ "udp pass limit 5/second burst 0", 31, "'0' is not a burst" },
		{ "udp pass limit 5/second burst 5 bytes", 31, "a number without bytes" },
		{ "udp pass limit 5 bytes/second burst 5", 37, "kbytes or mbytes" },
		{ "udp pass limit 1/week burst 10000", 29, "more than a hundred years" },
		{ "udp pass limit 5/second per tcp", 29, "expected ip saddr" },
		{ "udp pass limit 5/second per ip ttl", 32, "expected saddr or daddr" },
		{ "udp pass limit 5/second per ip saddr/0", 38, "1-32" },
		{ "udp pass limit 5/second per ip saddr/33", 38, "1-32" },
		{ "udp pass limit 5/second per ip6 saddr/129", 39, "1-128" },
		{ "ip ttl 1 pass limit 5/second per ip6 saddr", 34, "no frame of this rule has" },
		{ "ip6 hoplimit 1 pass limit 5/second per ip daddr", 40,
		  "no frame of this rule has" },
		{ "arp pass limit 5/second per ip saddr", 29, "no frame of this rule has" },
		{ "udp pass limit 5/second per flow size 0", 39, "is not a number of keys" },
		{ "udp pass limit 5/second per flow size 4194305", 39, "expected 1-4194304" },
		{ "udp pass limit 5/second size 5", 25, "the verdict comes last" },
		{ "udp pass limit 5/second else tx", 30, "pass or drop" },
		{ "udp pass limit 5/second else pass", 10, "expected 'else drop'" },
		{ "udp drop limit 5/second", 10, "expected 'else pass'" },
		{ "udp limit 5/second pass", 5, "it stands behind the verdict" },
		{ "default pass limit 5/second", 14, "end of the line" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++)
		assert_error(rows[i].text, 1, rows[i].column, rows[i].part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(a_limit_stands_behind_any_verdict),
		cmocka_unit_test(a_sample_stands_last),
		cmocka_unit_test(bad_limits),
	};

	return cmocka_run_group_tests_name("rule_limits", tests, NULL, NULL);
}
