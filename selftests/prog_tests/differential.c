// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random rules and frames through the real program, against the oracle: a few
 * thousand sets. selftests/tools/difftest.c runs more, and any one again.
 */
#include <stdio.h>
#include <time.h>

#include "../difftest.h"

#define SEED 1
#define SETS 3000
#define FRAMES 24
#define SECONDS_MAX 40 /* the runner ends a test after 60 */
#define SETS_MIN 200 /* fewer in that time would show too little */

static void random_rules_decide_as_the_oracle_says(void **state)
{
	struct test_env *env = test_env(state);
	struct difftest *diff = difftest_open(env);
	struct difftest_totals totals = { 0 };
	time_t end = time(NULL) + SECONDS_MAX;

	for (__u64 seed = SEED; seed < SEED + SETS && time(NULL) < end; seed++)
		if (!difftest_set(diff, seed, FRAMES, &totals))
			fail_msg("seed %llu: the program and the oracle differ", seed);
	difftest_close(diff);
	print_message(
		"# %llu sets (%llu refused), %llu rules, %llu frames, %llu decided by a rule\n",
		totals.sets, totals.refused, totals.rules, totals.frames, totals.decided);
	assert_true(totals.sets >= SETS_MIN);
	assert_true(totals.refused * 20 <= totals.sets);
	assert_true(totals.decided * 4 >= totals.frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_rules_decide_as_the_oracle_says),
	};

	return cmocka_run_group_tests_name("differential", tests, test_open, test_close);
}
