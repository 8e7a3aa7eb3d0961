// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A few thousand sets of random rules and frames go through the real program and are
 * compared with the oracle. selftests/tools/difftest.c runs more, or repeats a single one.
 */
#include <stdlib.h>

#include "../difftest.h"

#define SETS 3000
#define SECONDS_MAX 40 /* the runner ends a test after 60 */
#define SETS_MIN 200 /* fewer in that time would show too little; XS_SETS_MIN: on a slow machine */

static void random_rules_decide_as_the_oracle_says(void **state)
{
	const struct difftest_options options = {
		.seed = 1, .sets = SETS, .frames = 24, .workers = 4, .seconds = SECONDS_MAX
	};
	const char *slow = getenv("XS_SETS_MIN");
	struct difftest_totals totals;

	test_env(state); /* skips where no program can be loaded */
	if (difftest_run(&options, &totals))
		fail_msg("the program and the oracle differ");
	print_message(
		"# %llu sets (%llu refused), %llu rules, %llu frames, %llu decided by a rule\n",
		totals.sets, totals.refused, totals.rules, totals.frames, totals.decided);
	assert_true(totals.sets >= (slow ? strtoull(slow, NULL, 10) : SETS_MIN));
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
