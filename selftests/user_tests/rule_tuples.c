// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * != before a concatenation, as the compiler cuts it: each combination of values is in
 * exactly one part, or in an element and in none. And what is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rng.h"
#include "../rule_parse.h"
#include "../test.h"
#include "lib/rules/check/warn.h"
#include "lib/rules/compile/compile.h"
#include "lib/rules/compile/tuples.h"

#define VALUES 12 /* of a field, from 0 on */
#define CASES 400

static const enum xs_dim dims[] = { XS_DIM_ttl, XS_DIM_ip_id, XS_DIM_ip_length };

struct seen {
	__u32 parts;
	__u8 count[VALUES][VALUES][VALUES];
};

static bool has(const struct xs_meaning *part, int field, xs_u128 value)
{
	const struct xs_ranges *set = &part->dim[dims[field]];
	const struct xs_range one = { value, value };

	return !set->range || xs_ranges_within((struct xs_ranges){ &one, 1 }, *set);
}

static int count_part(void *arg, struct xs_meaning *part)
{
	struct seen *seen = arg;

	seen->parts++;
	assert_false(part->never);
	for (__u32 a = 0; a < VALUES; a++)
		for (__u32 b = 0; b < VALUES; b++)
			for (__u32 c = 0; c < VALUES; c++)
				seen->count[a][b][c] += has(part, 0, a) && has(part, 1, b) &&
							has(part, 2, c);
	return 0;
}

static int cut(const char *text, struct seen *seen, struct xs_ruleset *set)
{
	struct xs_arena arena = {};
	struct xs_meaning meaning;
	int err;

	memset(seen, 0, sizeof(*seen));
	parse_good(set, text);
	assert_int_equal(xs_meaning_find(&arena, &meaning, &set->rules[0]), 0);
	err = xs_tuples_cut(&arena, &set->rules[0], &meaning, count_part, seen);
	xs_arena_free(&arena);
	return err;
}

static size_t put_range(char *to, size_t size, struct rng *rng)
{
	__u32 lo = rng_below(rng, VALUES), hi = lo + rng_below(rng, VALUES - lo);

	if (rng_chance(rng, 40))
		hi = lo;
	return (size_t)snprintf(to, size, "%u-%u", lo, hi);
}

/* "FIELDS != { ... } ", once or twice. */
static void make_text(char *to, size_t size, struct rng *rng)
{
	static const char *const fields[] = { "ip ttl . ip id . ip length", "ip length . ip ttl",
					      "ip id . ip id . ip ttl" };
	static const __u32 counts[] = { 3, 2, 3 };
	size_t n = 0;

	for (__u32 concats = 1 + rng_below(rng, 2); concats; concats--) {
		__u32 of = rng_below(rng, 3), elements = 1 + rng_below(rng, 5);

		n += (size_t)snprintf(to + n, size - n, "%s != { ", fields[of]);
		for (__u32 e = 0; e < elements; e++) {
			for (__u32 i = 0; i < counts[of]; i++) {
				n += (size_t)snprintf(to + n, size - n, i ? " . " : e ? ", " : "");
				n += put_range(to + n, size - n, rng);
			}
		}
		n += (size_t)snprintf(to + n, size - n, " } ");
	}
	snprintf(to + n, size - n, "drop");
}

/* Whether one of the rule's elements has these values, in its own words. */
static bool is_excluded(const struct xs_rule *rule, const __u32 *values)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];

		for (__u32 t = 0; match->tuple && t < match->range_cnt; t += match->tuple) {
			bool all = true;

			for (__u32 k = 0; k < match->tuple; k++) {
				enum xs_field field = rule->matches[i + k].field;
				__u32 v = values[field == XS_FIELD_ip_ttl  ? 0
						 : field == XS_FIELD_ip_id ? 1
									   : 2];

				all &= match->ranges[t + k].lo <= v && v <= match->ranges[t + k].hi;
			}
			if (all)
				return true;
		}
	}
	return false;
}

static void parts_are_what_no_element_has(void **state)
{
	struct rng rng = { 3 };

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct xs_ruleset set;
		struct seen seen;
		char text[1024];

		make_text(text, sizeof(text), &rng);
		assert_int_equal(cut(text, &seen, &set), 0);
		for (__u32 a = 0; a < VALUES; a++)
			for (__u32 b = 0; b < VALUES; b++)
				for (__u32 c = 0; c < VALUES; c++)
					if (seen.count[a][b][c] !=
					    !is_excluded(&set.rules[0], (__u32[]){ a, b, c }))
						fail_msg("'%s': %u %u %u is in %u parts", text, a,
							 b, c, seen.count[a][b][c]);
		xs_ruleset_free(&set);
	}
}

static void few_parts_are_made(void **state)
{
	static const struct {
		const char *text;
		__u32 parts;
	} cases[] = {
		{ "ip ttl . ip id != 1 . 2 drop", 2 },
		{ "ip ttl . ip id != { 1 . 2, 2 . 2, 3 . 2 } drop", 2 },
		{ "ip ttl . ip id != { 1 . 2, 1 . 3, 1 . 4 } drop", 2 },
		{ "ip ttl . ip id != { 1 . 1, 2 . 2 } drop", 3 },
		{ "ip ttl . ip id . ip length != 1 . 2 . 30 drop", 3 },
		{ "ip ttl . ip id != { 0-255 . 1, 1 . 0-65535 } drop", 1 },
		{ "ip ttl . ip id != 0-255 . 0-65535 drop", 0 },
		{ "ip ttl . ip ttl != 1 . 2 drop", 1 }, /* no frame has both */
		{ "ip ttl 1 ip ttl . ip id != 1 . 2 drop", 1 },
		{ "ip ttl 5 ip ttl . ip id != 1 . 2 drop", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xs_ruleset set;
		struct seen seen;

		assert_int_equal(cut(cases[i].text, &seen, &set), 0);
		if (seen.parts != cases[i].parts)
			fail_msg("'%s': %u parts", cases[i].text, seen.parts);
		xs_ruleset_free(&set);
	}
}

static int compile(struct xs_ruleset *set, struct xs_rule_report *report)
{
	struct xs_rule_blob blob = {};
	int err = xs_rule_compile(set, &blob, report);

	xs_rule_blob_free(&blob);
	return err;
}

/* Ranges that begin one after the other and all overlap: every value has other elements. */
static void too_many_overlaps_are_refused(void **state)
{
	struct xs_rule_report report;
	struct xs_ruleset set;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fprintf(out, "udp drop\nip id . ip length != { 0 . 0");
	for (int i = 1; i < 8000; i++)
		fprintf(out, ", %d-%d . %d", i, 40000 + i, i);
	fprintf(out, " } drop\n");
	fclose(out);
	parse_good(&set, text);
	assert_int_equal(compile(&set, &report), -E2BIG);
	assert_int_equal(report.rule, 1);
	assert_non_null(strstr(report.error, "test.rules:2: too many combinations: the elements "
					     "behind != overlap in more than 131072 ways"));
	xs_ruleset_free(&set);
	free(text);
}

/* As many as a list of hosts and ports has: a box or two each. */
static void long_lists_are_taken(void **state)
{
	struct xs_rule_report report;
	struct xs_ruleset set;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fprintf(out, "ip saddr . tcp dport != {\n");
	for (__u32 i = 0; i < 20000; i++)
		fprintf(out, "10.%u.%u.1 . %u,\n", i >> 8, i & 255, i % 5);
	fprintf(out, "} drop\n");
	fclose(out);
	parse_good(&set, text);
	assert_int_equal(set.rule_cnt, 1);
	if (compile(&set, &report))
		fail_msg("%s", report.error);
	assert_true(report.entry_cnt < 50000);
	xs_ruleset_free(&set);
	free(text);
}

static void what_it_excludes_is_not_covered(void **state)
{
	struct xs_rule_warnings warnings = {};
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "ip saddr . tcp dport != { 10.0.0.1 . 22 } drop\n"
			 "ip saddr 10.0.0.1 tcp dport 22 pass\n"
			 "tcp drop\n"
			 "ip saddr . tcp dport != { 10.0.0.1 . 22 } pass\n"
			 "ip saddr . ip6 daddr != { 10.0.0.1 . ::1 } pass\n");
	assert_int_equal(xs_rules_warn(&set, &warnings), 0);
	assert_int_equal(warnings.cnt, 2);
	assert_int_equal(warnings.warnings[0].rule, 3);
	assert_string_equal(warnings.warnings[0].message,
			    "never reached: the rule at line 3 covers it completely");
	assert_int_equal(warnings.warnings[1].rule, 4);
	assert_non_null(strstr(warnings.warnings[1].message, "never holds"));
	xs_rule_warnings_free(&warnings);
	xs_ruleset_free(&set);
}

static void nothing_left_is_told(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} rows[] = {
		{ "ip saddr . tcp dport != { 0.0.0.0/0 . 0-65535 } drop", false },
		{ "ip saddr . tcp dport != { 0.0.0.0/0 . 0-65534 } drop", true },
		{ "ip saddr . tcp dport != { 0.0.0.0/1 . 0-65535, 128.0.0.0/1 . 0-65535 } drop",
		  false },
		{ "ip saddr . tcp dport != { 0.0.0.0/1 . 0-65535, 128.0.0.0/1 . 1-65535 } drop",
		  true },
		{ "ip saddr 10.0.0.0/8 ip saddr . tcp dport != { 10.0.0.0/7 . 0-65535 } drop",
		  false },
		{ "ip saddr 10.0.0.0/8 ip saddr . tcp dport != { 10.0.0.0/9 . 0-65535 } drop",
		  true },
		{ "ip saddr . tcp dport != { 0.0.0.0/1 . 0-65535 } "
		  "ip saddr . tcp sport != { 128.0.0.0/1 . 0-65535 } drop",
		  false },
		{ "tcp port 22 ip saddr . tcp sport != { 0.0.0.0/0 . 0-65535 } drop", false },
		{ "tcp port 22 ip saddr . tcp sport != { 0.0.0.0/0 . 22 } drop", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct xs_rule_warnings warnings = {};
		struct xs_ruleset set;

		parse_good(&set, rows[i].text);
		assert_int_equal(xs_rules_warn(&set, &warnings), 0);
		if (warnings.cnt != !rows[i].holds)
			fail_msg("%s: %u warnings", rows[i].text, warnings.cnt);
		if (!rows[i].holds)
			assert_string_equal(warnings.warnings[0].message,
					    "never holds: its != excludes all that the other "
					    "matches leave");
		xs_rule_warnings_free(&warnings);
		xs_ruleset_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_what_no_element_has),
		cmocka_unit_test(few_parts_are_made),
		cmocka_unit_test(too_many_overlaps_are_refused),
		cmocka_unit_test(long_lists_are_taken),
		cmocka_unit_test(what_it_excludes_is_not_covered),
		cmocka_unit_test(nothing_left_is_told),
	};

	return cmocka_run_group_tests_name("rule_tuples", tests, NULL, NULL);
}
