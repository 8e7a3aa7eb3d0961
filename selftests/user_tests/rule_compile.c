// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the rule compiler promises besides the right verdicts: it says why it refuses, it
 * survives a lack of memory, and it makes the same bytes from the same rules. This test is
 * linked so that allocations and sorts come here first. It needs no kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/rules/compile/compile.h"
#include "../rule_errors.h"
#include "../random_rules.h"
#include "../test.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t cnt, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void __real_qsort(void *base, size_t cnt, size_t bytes, int (*cmp)(const void *, const void *));
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t cnt, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void __wrap_qsort(void *base, size_t cnt, size_t bytes, int (*cmp)(const void *, const void *));

/* Which of the next allocations fails; 0: none. Later ones succeed. */
static __u32 failing;
static bool failed;

static bool fails_now(void)
{
	if (!failing || --failing)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t bytes)
{
	return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t cnt, size_t bytes)
{
	return fails_now() ? NULL : __real_calloc(cnt, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return fails_now() ? NULL : __real_realloc(old, bytes);
}

/* Whether to sort as other C libraries may: elements that compare equal change their order. */
static bool reversing;

static void reverse(char *base, size_t cnt, size_t bytes)
{
	for (size_t i = 0; i < cnt / 2; i++) {
		char *a = base + i * bytes, *b = base + (cnt - 1 - i) * bytes;

		for (size_t at = 0; at < bytes; at++) {
			char was = a[at];

			a[at] = b[at];
			b[at] = was;
		}
	}
}

void __wrap_qsort(void *base, size_t cnt, size_t bytes, int (*cmp)(const void *, const void *))
{
	if (reversing)
		reverse(base, cnt, bytes);
	__real_qsort(base, cnt, bytes, cmp);
}

static void parse(struct xs_ruleset *out, const char *text)
{
	struct xs_rule_source source = { .name = "-", .text = text, .len = strlen(text) };
	struct xs_rule_errors errs = { 0 };

	if (xs_rules_parse(out, &source, &errs)) {
		xs_rule_errors_print(stderr, &errs);
		fail_msg("the parser refuses: %s", text);
	}
	xs_rule_errors_free(&errs);
}

/* So that uninitialised results are noticed. */
static __attribute__((noinline)) void dirty_stack(void)
{
	volatile char dirt[65536];

	for (size_t i = 0; i < sizeof(dirt); i++)
		dirt[i] = 0x5a;
}

/* Nothing but the rule and the error. */
static void assert_no_figures(const struct xs_rule_report *report)
{
	assert_int_equal(report->table_cnt, 0);
	assert_int_equal(report->chain_max, 0);
	assert_int_equal(report->probe_max, 0);
	assert_int_equal(report->step_max, 0);
	assert_int_equal(report->entry_cnt, 0);
	assert_int_equal(report->bytes, 0);
}

static void too_many_rules_are_refused_with_nothing_else_in_the_report(void **state)
{
	char name[] = "many.rules", *files[] = { name };
	struct xs_ruleset rules = { .files = files, .file_cnt = 1, .rule_cnt = XS_RULES_MAX };
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };

	(void)state;
	rules.rules = calloc(rules.rule_cnt, sizeof(*rules.rules));
	assert_non_null(rules.rules);
	rules.rules[XS_RULES_MAX - 1].line = 7;
	memset(&report, 0xff, sizeof(report));
	dirty_stack();
	assert_int_equal(xs_rule_compile(&rules, &blob, &report), -E2BIG);
	assert_null(blob.bytes);
	assert_int_equal(report.rule, XS_RULES_MAX - 1);
	assert_string_equal(report.error, "many.rules:7: more than 1048574 rules");
	assert_no_figures(&report);
	assert_int_equal(xs_rule_compile(&rules, &blob, NULL), -E2BIG);
	free(rules.rules);
}

/* All parts of a set: both families, deep and not, ports, conditions of each kind, sets. */
static const char *const everything =
	"default drop\n"
	"ip saddr { 10.0.0.0/8, 192.0.2.7 } ip daddr 198.51.100.0/24 tcp dport { 22, 80-90 } drop\n"
	"ip6 saddr 2001:db8::/32 ip6 daddr 2001:db8:1::7 udp sport 1000-2000 xsk slot 3\n"
	"ip6 saddr { 2001:db8:2::1-2001:db8:2::9, fe80::/10 } pass comment \"deep\"\n"
	"tcp port { 53, 853 } ip ttl { 1, 3, 5, 7, 9 } tx\n"
	"ether saddr != 02:00:00:00:00:01 vlan id { 2, 4, 6, 8 } meta length 100-200 pass\n"
	"meta rxqueue 3 icmpv6 type 135 pass\n"
	"tcp flags syn / syn,ack cpu 1\n"
	"malformed drop\n";

static void without_memory_it_says_so_and_leaves_nothing_behind(void **state)
{
	struct xs_rule_report report;
	struct xs_ruleset rules;
	__u32 at = 0;

	(void)state;
	parse(&rules, everything);
	do {
		struct xs_rule_blob blob = { 0 };
		int err;

		memset(&report, 0xff, sizeof(report));
		dirty_stack();
		failed = false;
		failing = ++at;
		err = xs_rule_compile(&rules, &blob, &report);
		failing = 0;
		assert_int_equal(err, failed ? -ENOMEM : 0);
		assert_int_equal(!blob.bytes, failed);
		assert_int_equal(report.rule, XS_RULE_NONE);
		assert_string_equal(report.error, "");
		if (at == 1)
			assert_no_figures(&report);
		xs_rule_blob_free(&blob);
	} while (failed);
	assert_true(at > 50); /* otherwise most of it was not tried */
	xs_ruleset_free(&rules);
}

/* Makes the set's bytes; sizes are in *blob. False: the set is refused. */
static bool compile(const struct xs_ruleset *rules, bool reversed, struct xs_rule_blob *blob)
{
	int err;

	reversing = reversed;
	err = xs_rule_compile(rules, blob, NULL);
	reversing = false;
	if (err == -E2BIG)
		return false;
	assert_int_equal(err, 0);
	return true;
}

static void compare_compiled(const struct xs_ruleset *rules, const char *name)
{
	struct xs_rule_blob blob = { 0 }, other = { 0 };

	if (compile(rules, false, &blob)) {
		assert_true(compile(rules, true, &other));
		assert_int_equal(blob.chunk_cnt, other.chunk_cnt);
		if (blob.size != other.size || memcmp(blob.bytes, other.bytes, blob.size))
			fail_msg("%s: other bytes for the same rules", name);
	}
	xs_rule_blob_free(&blob);
	xs_rule_blob_free(&other);
}

static void the_same_rules_are_the_same_bytes(void **state)
{
	static const char *const ifnames[] = { "lo" };
	static const __u32 zero;
	const struct random_targets targets = {
		.slot_max = 63,
		.cpus = &zero,
		.cpu_cnt = 1,
		.ifnames = ifnames,
		.ifindexes = &zero,
		.dev_cnt = 1,
		.queue_cnt = 4,
		.dynamic_sets = true,
	};
	struct xs_ruleset rules;

	(void)state;
	parse(&rules, everything);
	compare_compiled(&rules, "rules of all kinds");
	xs_ruleset_free(&rules);
	for (__u64 seed = 1; seed <= 150; seed++) {
		struct rng rng = { seed };
		struct random_set set;
		char name[32], *text;

		snprintf(name, sizeof(name), "seed %llu", seed);
		random_set_make(&set, &rng, &targets, 0);
		text = random_set_text(&set);
		parse(&rules, text);
		compare_compiled(&rules, name);
		xs_ruleset_free(&rules);
		random_set_free(&set);
		free(text);
	}
}

static void refuses(const struct xs_ruleset *rules, const char *error)
{
	struct xs_rule_blob blob = { 0 };
	struct xs_rule_report report;

	assert_int_equal(xs_rule_compile(rules, &blob, &report), -E2BIG);
	assert_string_equal(report.error, error);
	assert_null(blob.bytes);
}

static void text_of_4_gib_is_refused_by_name(void **state)
{
	enum { RULES = 65600 };
	struct xs_ruleset rules = { .rule_cnt = RULES };
	char *text = malloc(RULES + 1);

	(void)state;
	rules.rules = calloc(RULES, sizeof(*rules.rules));
	assert_non_null(rules.rules);
	assert_non_null(text);
	memset(text, 'x', RULES);
	text[RULES] = '\0';
	for (__u32 i = 0; i < RULES; i++)
		rules.rules[i].text = text;
	refuses(&rules, "the text of the rules takes more than 4294967295 bytes; use fewer or "
			"shorter comments and sets");
	free(text);
	free(rules.rules);
}

/* Everything in chunk 0 at its largest: verdicts, protocols, classes of both ports. */
static char *many_verdicts(__u32 cnt)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (__u32 i = 0; i < cnt; i++) {
		fprintf(out, "ip%s saddr ", i & 1 ? "6" : "");
		fprintf(out, i & 1 ? "2001:db8:%x:%x::" : "10.%u.%u.0", i >> 8, i & 255);
		fprintf(out, "/%u ", 17 + i % 15);
		fprintf(out, "%s sport %u-%u ", i % 7 ? "tcp" : "udp", 8 * i, 8 * i + i % 5);
		fprintf(out, "%s dport %u xsk slot %u\n", i % 7 ? "tcp" : "udp", 65535 - 8 * i, i);
	}
	fclose(out);
	return text;
}

/* So many different verdicts, of one address each. */
static char *verdicts_of_addresses(__u32 cnt)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (__u32 i = 0; i < cnt; i++)
		fprintf(out, "ip saddr 10.%u.%u.%u xsk slot %u else %s\n", i >> 16, i >> 8 & 255,
			i & 255, i & 0xffff, i >> 16 ? "drop" : "pass");
	fclose(out);
	return text;
}

static __u32 compiled_layout(const struct xs_ruleset *rules)
{
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };
	__u32 layout;

	if (xs_rule_compile(rules, &blob, &report))
		fail_msg("%s", report.error);
	layout = ((const struct xs_set_header *)blob.bytes)->layout;
	xs_rule_blob_free(&blob);
	return layout;
}

static void one_verdict_too_many_is_refused_by_name(void **state)
{
	char *text = verdicts_of_addresses(XS_ACTIONS_MAX + 1);
	struct xs_ruleset rules;

	(void)state;
	parse(&rules, text);
	refuses(&rules, "-:65537: more than 65536 different verdicts");
	rules.rule_cnt--;
	assert_int_equal(compiled_layout(&rules), XS_SET_LAYOUT_SIZES);
	rules.rule_cnt++;
	xs_ruleset_free(&rules);
	free(text);
}

/* Numbers begin with 1. */
static void older_programs_search_as_many_verdicts_as_before(void **state)
{
	char *text = many_verdicts(XS_ACTIONS_BEFORE_SIZES);
	struct xs_ruleset rules;

	(void)state;
	parse(&rules, text);
	assert_int_equal(compiled_layout(&rules), XS_SET_LAYOUT_SIZES);
	rules.rule_cnt--;
	assert_int_equal(compiled_layout(&rules), XS_SET_LAYOUT_BEFORE_FIELDS);
	rules.rule_cnt++;
	xs_ruleset_free(&rules);
	free(text);
}

/* Three rules name so many addresses or prefixes of 64 bits, none a neighbour of another. */
static void name_addresses(struct xs_rule *rules, enum xs_field field, const __u32 *cnt)
{
	bool is_ipv6 = field == XS_FIELD_ip6_daddr;
	xs_u128 at = is_ipv6 ? (xs_u128)0x2000 << 112 : 10;

	for (__u32 i = 0; i < 3; i++) {
		struct xs_match *match = &rules[i].matches[0];

		match->field = field;
		match->range_cnt = cnt[i];
		for (__u32 k = 0; k < cnt[i]; k++) {
			match->ranges[k] = (struct xs_range){ at, at + (is_ipv6 ? ~0ULL : 0) };
			at += is_ipv6 ? (xs_u128)1 << 100 : 1901;
		}
	}
}

static void addresses_are_taken_up_to(enum xs_field field, __u32 most, const char *error)
{
	__u32 cnt[3] = { most / 2, most - most / 2 - 1, 1 };
	struct xs_match match[3] = { 0 };
	struct xs_rule rule[3] = { 0 };
	char name[] = "big.rules", *files[] = { name };
	struct xs_ruleset rules = { .rules = rule, .rule_cnt = 3, .files = files, .file_cnt = 1 };
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };

	for (int i = 0; i < 3; i++) {
		match[i].ranges = calloc(cnt[i] + 1, sizeof(*match[i].ranges));
		assert_non_null(match[i].ranges);
		rule[i] = (struct xs_rule){ .matches = &match[i], .match_cnt = 1, .line = 7 + i };
	}
	name_addresses(rule, field, cnt);
	if (xs_rule_compile(&rules, &blob, &report))
		fail_msg("%s", report.error);
	xs_rule_blob_free(&blob);
	cnt[2]++;
	name_addresses(rule, field, cnt);
	refuses(&rules, error);
	for (int i = 0; i < 3; i++)
		free(match[i].ranges);
}

static void addresses_are_taken_up_to_the_limit(void **state)
{
	(void)state;
	addresses_are_taken_up_to(
		XS_FIELD_ip_saddr, 1099999,
		"big.rules:9: the IPv4 source addresses up to this rule have more than 2200000 "
		"different bounds, of which a single address or prefix has two, and more do not "
		"fit; "
		"use fewer or larger prefixes");
	addresses_are_taken_up_to(
		XS_FIELD_ip6_daddr, 957339,
		"big.rules:9: the IPv6 destination addresses up to this rule have more than "
		"1914680 "
		"different bounds, of which a single address or prefix has two, and more do not "
		"fit; "
		"use fewer or larger prefixes");
}

static void say_macs(FILE *out, const char *field, __u32 cnt)
{
	fprintf(out, "%s { ", field);
	for (__u32 i = 0; i < cnt; i++)
		fprintf(out, "%s02:00:00:00:%02x:%02x", i ? ", " : "", i >> 7, i * 2 & 0xff);
	fprintf(out, " } ");
}

static void refuses_text(FILE *out, char **text, const char *error)
{
	struct xs_ruleset rules;

	fclose(out);
	parse(&rules, *text);
	refuses(&rules, error);
	xs_ruleset_free(&rules);
	free(*text);
}

static void each_limit_of_a_rule_is_named(void **state)
{
	size_t len;
	char *text;
	FILE *out;

	(void)state;
	out = open_memstream(&text, &len);
	fprintf(out, "drop\n");
	say_macs(out, "ether saddr", 512);
	say_macs(out, "ether daddr", 257);
	fprintf(out, "drop\n");
	refuses_text(out, &text,
		     "-:2: too many combinations: the Ethernet addresses and lengths of this rule "
		     "come to more than 131072; use shorter sets");

	out = open_memstream(&text, &len);
	for (int i = 0; i <= 10; i++)
		fprintf(out, "tcp port %d-%d ", i, 100 + i);
	fprintf(out, "drop\n");
	refuses_text(out, &text, "-:1: more than 10 `port` matches; use sport and dport, or sets");
}

/*
 * Rules of many more shapes than tables: parts of both ports, under prefixes of which
 * `shapes` still differ after the compiler has ignored the ports.
 */
static char *many_shapes(__u32 shapes)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (__u32 i = 0; i < shapes; i++)
		for (__u32 s = 1; s <= 0x200; s *= 2)
			for (__u32 d = 1; d <= 0x200; d *= 2)
				fprintf(out,
					"ip saddr 10.1.2.3/%u ip daddr 10.3.2.1/%u "
					"tcp sport %u-%u tcp dport %u-%u drop\n",
					4 + i / 8 * 4, 4 + i % 8 * 4, 0x1400U, 0x1400 + 2 * s - 1,
					0x2400U, 0x2400 + 2 * d - 1);
	fclose(out);
	return text;
}

static void shapes_that_fill_all_tables_at_once_still_find_one(void **state)
{
	(void)state;
	for (__u32 shapes = 40; shapes <= XS_TABLES_MAX; shapes += 3) {
		char *text = many_shapes(shapes);
		struct xs_rule_report report;
		struct xs_rule_blob blob = { 0 };
		struct xs_ruleset rules;
		int err;

		parse(&rules, text);
		err = xs_rule_compile(&rules, &blob, &report);
		if (err)
			assert_true(err == -E2BIG && report.error[0]);
		else
			assert_true(report.table_cnt <= XS_TABLES_MAX);
		xs_rule_blob_free(&blob);
		xs_ruleset_free(&rules);
		free(text);
	}
}

/* Of these ports, none share leading bits: one chain, longer than what a chunk holds. */
static void one_long_chain_is_refused_soon_and_by_name(void **state)
{
	enum { BELOW = 300, ABOVE = 450 };
	struct xs_ruleset rules = { .rule_cnt = BELOW * ABOVE };
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };
	struct xs_range *range;
	struct xs_match *match;
	__u32 i = 0;

	(void)state;
	rules.rules = calloc(rules.rule_cnt, sizeof(*rules.rules));
	match = calloc(rules.rule_cnt, sizeof(*match));
	range = calloc(rules.rule_cnt, sizeof(*range));
	assert_true(rules.rules && match && range);
	for (__u32 below = 1; below <= BELOW; below++) {
		for (__u32 above = 1; above <= ABOVE; above++, i++) {
			/* none within one before it */
			range[i] = (struct xs_range){ 32768 - below, 32767 + above };
			match[i] = (struct xs_match){ .field = XS_FIELD_meta_length,
						      .range_cnt = 1,
						      .ranges = &range[i] };
			rules.rules[i].matches = &match[i];
			rules.rules[i].match_cnt = 1;
		}
	}
	assert_int_equal(xs_rule_compile(&rules, &blob, &report), -E2BIG);
	assert_non_null(strstr(report.error, "too many rules overlap"));
	assert_true(report.chain_max > 0);
	free(range);
	free(match);
	free(rules.rules);
}

/* Seconds of CPU time to compile a rule of `cnt` ports and a set of addresses on one side or both. */
static double seconds(__u32 cnt, bool both)
{
	struct xs_rule_blob blob = { 0 };
	struct xs_ruleset rules;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);
	clock_t start;

	assert_non_null(out);
	for (int side = 0; side < (both ? 2 : 1); side++) {
		fprintf(out, "ip %s { ", side ? "daddr" : "saddr");
		for (__u32 i = 0; i < cnt; i++)
			fprintf(out, "%s10.%u.%u.1", i ? ", " : "", i >> 8, i & 255);
		fprintf(out, " } ");
	}
	fprintf(out, "tcp dport { ");
	for (__u32 i = 0; i < cnt; i++)
		fprintf(out, "%s%u", i ? ", " : "", 2 * i);
	fprintf(out, " } drop\n");
	fclose(out);
	parse(&rules, text);
	start = clock();
	assert_int_equal(xs_rule_compile(&rules, &blob, NULL), 0);
	start = clock() - start;
	xs_rule_blob_free(&blob);
	xs_ruleset_free(&rules);
	free(text);
	return (double)start / CLOCKS_PER_SEC;
}

static void two_sets_as_conditions_cost_what_one_does(void **state)
{
	double one = seconds(16000, false), two = seconds(16000, true);

	(void)state;
	if (two > 8 * one)
		fail_msg("%.3f seconds with one set, %.3f with two", one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_rules_are_refused_with_nothing_else_in_the_report),
		cmocka_unit_test(without_memory_it_says_so_and_leaves_nothing_behind),
		cmocka_unit_test(the_same_rules_are_the_same_bytes),
		cmocka_unit_test(text_of_4_gib_is_refused_by_name),
		cmocka_unit_test(one_verdict_too_many_is_refused_by_name),
		cmocka_unit_test(older_programs_search_as_many_verdicts_as_before),
		cmocka_unit_test(addresses_are_taken_up_to_the_limit),
		cmocka_unit_test(each_limit_of_a_rule_is_named),
		cmocka_unit_test(shapes_that_fill_all_tables_at_once_still_find_one),
		cmocka_unit_test(one_long_chain_is_refused_soon_and_by_name),
		cmocka_unit_test(two_sets_as_conditions_cost_what_one_does),
	};

	return cmocka_run_group_tests_name("rule_compile", tests, NULL, NULL);
}
