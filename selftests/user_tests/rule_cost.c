// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The highest cost of a frame stays small with any number of rules. This tests the
 * compiler's own bounds, which are the same on any machine, with realistic sets. A set that
 * is not possible at this cost is refused, and the rule is named. Needs no kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules/check/warn.h"
#include "lib/rules/compile/compile.h"
#include "lib/rules/compile/frame.h"
#include "lib/rules/compile/kind.h"
#include "lib/rules/compile/tuples.h"
#include "../rule_errors.h"
#include "../oracle.h"
#include "../random_rules.h"
#include "../rulegen.h"
#include "../test.h"

/* cmocka's own macro has another name since version 2 */
static bool in_range(__u64 value, __u64 least, __u64 most)
{
	return value >= least && value <= most;
}

static void compile(struct xs_rule_report *report, enum rulegen_kind kind, bool ipv6, __u32 cnt)
{
	struct xs_rule_blob blob = { 0 };
	struct xs_ruleset rules;

	assert_int_equal(rulegen_make(&rules, kind, ipv6, cnt, 1), 0);
	assert_int_equal(xs_rule_compile(&rules, &blob, report), 0);
	xs_rule_blob_free(&blob);
	rulegen_free(&rules);
}

static void bounds_hold_at_any_size(void **state)
{
	static const __u32 sizes[] = { 10, 1000, 10000, 50000 };
	struct xs_rule_report report;

	(void)state;
	for (int kind = 0; kind < RULEGEN_MAX; kind++) {
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
				compile(&report, kind, ipv6, sizes[i]);
				print_message(
					"%s ipv%c %u: tables %u chain %u probes %u steps %u\n",
					rulegen_names[kind], ipv6 ? '6' : '4', sizes[i],
					report.table_cnt, report.chain_max, report.probe_max,
					report.step_max);
				assert_true(in_range(report.table_cnt, 1, 64));
				assert_true(in_range(report.chain_max, 1, 8));
				assert_true(in_range(report.probe_max, 1, 32));
				assert_true(in_range(report.step_max, report.probe_max, 64));
				/* an entry has 32 bytes; the rest are indexes and slack */
				assert_true(report.bytes < 200000 + 160ULL * sizes[i]);
			}
		}
	}
}

/* Every pair of lengths, each with its own ports, and all of them nested. */
static char *nested(__u32 lens)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	for (__u32 a = 0; a < lens; a++)
		for (__u32 b = 0; b < lens; b++)
			fprintf(f,
				"ip saddr 10.0.0.0/%u ip daddr 10.0.0.0/%u udp dport %u-60000 "
				"drop\n",
				32 - a, 32 - b, 1 + 700 * ((a * 7 + b * 3) % 80));
	fclose(f);
	return text;
}

static int compile_text(struct xs_rule_report *report, const char *text)
{
	struct xs_rule_source source = { .name = "hostile", .text = text, .len = strlen(text) };
	struct xs_rule_errors errs = { 0 };
	struct xs_rule_blob blob = { 0 };
	struct xs_ruleset rules;
	int err;

	assert_int_equal(xs_rules_parse(&rules, &source, &errs), 0);
	err = xs_rule_compile(&rules, &blob, report);
	xs_rule_blob_free(&blob);
	xs_ruleset_free(&rules);
	xs_rule_errors_free(&errs);
	return err;
}

static void hostile_set_is_refused_by_name(void **state)
{
	struct xs_rule_report report;
	char *text = nested(24);

	(void)state;
	assert_int_equal(compile_text(&report, text), -E2BIG);
	print_message("%s\n", report.error);
	assert_non_null(strstr(report.error, "hostile:"));
	assert_non_null(strstr(report.error, "overlap"));
	assert_true(report.rule < 24 * 24);
	free(text);

	text = nested(8);
	assert_int_equal(compile_text(&report, text), 0);
	assert_true(in_range(report.step_max, 1, XS_STEPS_MAX));
	free(text);
}

/*
 * Sizes that a drawn frame may not have, what is not in it (the queue, the kernel's connections), and
 * what says fragment in another way.
 */
static bool says_what_is_not_drawn(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		switch (rule->matches[i].field) {
		case XS_FIELD_meta_length:
		case XS_FIELD_meta_rxqueue:
		case XS_FIELD_ip_length:
		case XS_FIELD_ip_hdrlength:
		case XS_FIELD_ip_frag_off:
		case XS_FIELD_ct_state:
			return true;
		default:
			break;
		}
	}
	return false;
}

/* Leaves in *arg whether a frame of some kind can be in the part. */
static int meets_kind(void *arg, struct xs_meaning *part)
{
	struct xs_arena arena = {};
	bool *can = arg;

	for (int kind = 0; kind < XS_KIND_MAX && !*can; kind++) {
		struct xs_meaning meaning = *part;

		*can = xs_kind_meet(&arena, &meaning, (enum xs_kind)kind) == XS_MET;
	}
	xs_arena_free(&arena);
	return 0;
}

/* No warning says that the elements behind != exclude all that a rule asks for. */
static bool is_excluded(const struct xs_rule *rule)
{
	struct xs_arena arena = {};
	struct xs_meaning meaning;
	bool can = !xs_rule_has_tuples(rule);

	assert_int_equal(xs_meaning_find(&arena, &meaning, rule), 0);
	for (__u32 sides = 0; !can && sides < 1U << meaning.either_cnt; sides++) {
		struct xs_meaning one = meaning;

		assert_int_equal(xs_meaning_choose(&arena, &one, sides), 0);
		if (!one.never)
			xs_tuples_cut(&arena, rule, &one, meets_kind, &can);
	}
	xs_arena_free(&arena);
	return !can;
}

/* The frames that `cost` draws: for a rule that can hold, one that it holds for. */
static void drawn_frames_meet_their_rule(void **state)
{
	static const struct random_targets targets = { .slot_max = 3, .queue_cnt = 1 };
	unsigned char frame[XS_RULE_FRAME_BYTES];
	__u32 held = 0;

	(void)state;
	for (__u64 seed = 1; seed <= 400; seed++) {
		struct rng rng = { .state = seed };
		struct xs_ruleset parsed;
		struct random_set set;
		char *text;

		random_set_make(&set, &rng, &targets, 30);
		text = random_set_text(&set);
		assert_int_equal(test_parse_rules(&parsed, text), 0);
		free(text);
		for (__u32 i = 0; i < set.rules.rule_cnt; i++) {
			struct xs_ruleset one = { .rules = &parsed.rules[i], .rule_cnt = 1 };
			struct xs_rule_warnings warnings = {};

			assert_int_equal(xs_rules_warn(&one, &warnings), 0);
			if (!warnings.cnt && !says_what_is_not_drawn(one.rules) &&
			    !is_excluded(one.rules)) {
				size_t len = xs_rule_frame(one.rules, seed, frame);

				if (oracle_run(&one, NULL, frame, len, 0).rule)
					fail_msg("'%s' of seed %llu does not hold", one.rules->text,
						 (unsigned long long)seed);
				held++;
			}
			xs_rule_warnings_free(&warnings);
		}
		xs_ruleset_free(&parsed);
		random_set_free(&set);
	}
	assert_true(held > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_hold_at_any_size),
		cmocka_unit_test(hostile_set_is_refused_by_name),
		cmocka_unit_test(drawn_frames_meet_their_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
