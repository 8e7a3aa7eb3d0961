// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random rule files have the intended meaning after they were parsed: the oracle finds the
 * same rule for any frame. Needs no kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rule_errors.h"
#include "../oracle.h"
#include "../random_rules.h"
#include "../test.h"

#define SETS 4000
#define FRAMES 40

static const __u32 cpus[] = { 0, 1, 7 };
static const char *const ifnames[] = { "lo", "veth-x.1" };
static const __u32 ifindexes[] = { 0, 0 }; /* the parser leaves them to be resolved */
static const struct random_targets targets = {
	.slot_max = 63,
	.cpus = cpus,
	.cpu_cnt = 3,
	.ifnames = ifnames,
	.ifindexes = ifindexes,
	.dev_cnt = 2,
	.queue_cnt = 4,
	.dynamic_sets = true,
};

static void same_action(const struct xs_action *want, const struct xs_action *got, __u32 line)
{
	if (memcmp(want, got, sizeof(*want)))
		fail_msg("line %u: another verdict than was written", line);
}

/* Compares the parsed set with the one that was written, rule by rule. */
static void compare_sets(const struct random_set *set, const struct xs_ruleset *got)
{
	const struct xs_ruleset *want = &set->rules;
	__u32 first = set->define_cnt + want->set_cnt + (want->default_text ? 2 : 1);

	assert_int_equal(got->rule_cnt, want->rule_cnt);
	same_action(&want->default_action, &got->default_action, 1);
	same_action(&want->malformed_action, &got->malformed_action, first + want->rule_cnt);
	for (__u32 i = 0; i < want->rule_cnt; i++) {
		assert_int_equal(got->rules[i].line, first + i);
		assert_int_equal(got->rules[i].match_cnt, want->rules[i].match_cnt);
		assert_string_equal(got->rules[i].target_name, want->rules[i].target_name);
		same_action(&want->rules[i].action, &got->rules[i].action, first + i);
	}
}

/* Prints the rules as they were written, to help to find the difference. */
static void differ(const struct random_set *set, const struct random_frame *frame, __u64 seed,
		   const struct oracle_result *want, const struct oracle_result *got)
{
	char *text = random_set_text(set);

	fprintf(stderr, "%s", text);
	free(text);
	test_hexdump("frame", frame->packet.data, frame->packet.len);
	fail_msg("seed %llu: rule %d by what was written, %d by what was parsed", seed, want->rule,
		 got->rule);
}

static void random_rules_mean_what_was_written(void **state)
{
	static struct random_frame frame;
	__u32 decided = 0;

	(void)state;
	for (__u64 seed = 1; seed <= SETS; seed++) {
		struct rng rng = { seed };
		struct xs_ruleset parsed;
		struct random_set set;
		char *text;

		random_set_make(&set, &rng, &targets, 0);
		text = random_set_text(&set);
		if (test_parse_rules(&parsed, text))
			fail_msg("seed %llu: the parser refuses:\n%s", seed, text);
		free(text);
		compare_sets(&set, &parsed);
		for (int i = 0; i < FRAMES; i++) {
			struct oracle_result want, got;

			random_frame_make(&frame, &rng, &set);
			want = oracle_run(&set.rules, NULL, frame.packet.data, frame.packet.len,
					  frame.queue);
			got = oracle_run(&parsed, NULL, frame.packet.data, frame.packet.len,
					 frame.queue);
			if (memcmp(&want, &got, sizeof(want)))
				differ(&set, &frame, seed, &want, &got);
			decided += want.rule >= 0;
		}
		xs_ruleset_free(&parsed);
		random_set_free(&set);
	}
	/* else the frames would be about nothing */
	assert_true(decided > SETS * FRAMES / 4);
	assert_true(decided < SETS * FRAMES * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rules_mean_what_was_written),
	};

	return cmocka_run_group_tests_name("rule_meaning", tests, NULL, NULL);
}
