// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Another version of a chain file: which services keep their index, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "lib/chains/text.h"

static struct xs_chains now, next, merged;
static struct xs_chain_findings findings;
static char why[256];

static int merge(const char *before, const char *after)
{
	assert_int_equal(xs_chains_parse(&now, before, strlen(before), &findings), 0);
	assert_int_equal(xs_chains_parse(&next, after, strlen(after), &findings), 0);
	why[0] = '\0';
	return xs_chains_merge(&now, &next, &merged, why, sizeof(why));
}

static const struct xs_step *step(const char *chain, const char *service)
{
	const struct xs_chain *c = &merged.chains[xs_chains_chain(&merged, chain)];
	int at = xs_chain_step_of(c, (__u32)xs_chains_service(&merged, service));

	assert_true(at >= 0);
	return &c->steps[at];
}

static void names_keep_their_index(void **state)
{
	(void)state;
	assert_int_equal(merge("service a\nservice b\nservice c\nchain x a b tx\nchain y c tx\n",
			       "service c\nservice d\nservice a\nchain y a d tx\nchain x c tx\n"),
			 0);
	assert_int_equal(xs_chains_service(&merged, "a"), 0);
	assert_int_equal(xs_chains_service(&merged, "b"), 1); /* in no chain any more */
	assert_int_equal(xs_chains_service(&merged, "c"), 2);
	assert_int_equal(xs_chains_service(&merged, "d"), 3);
	assert_int_equal(xs_chains_chain(&merged, "x"), 0);
	assert_int_equal(xs_chains_chain(&merged, "y"), 1);
	assert_int_equal(merged.chains[0].step_cnt, 1);
	assert_int_equal(merged.chains[0].steps[0].service, 2);
	assert_int_equal(merged.chains[1].steps[0].service, 0);
	assert_int_equal(merged.chains[1].steps[1].service, 3);
}

static void exits_keep_their_index(void **state)
{
	int one, two, three;

	(void)state;
	assert_int_equal(merge("service a\nservice b\nchain x a b tx\nchain x a.one -> drop\n"
			       "chain x a.two -> tx\n",
			       "service a\nservice b\nchain x a b tx\nchain x a.three -> drop\n"
			       "chain x a.two -> b\n"),
			 0);
	one = xs_service_exit(&merged.services[0], "one");
	two = xs_service_exit(&merged.services[0], "two");
	three = xs_service_exit(&merged.services[0], "three");
	assert_int_equal(one, xs_service_exit(&now.services[0], "one"));
	assert_int_equal(two, xs_service_exit(&now.services[0], "two"));
	assert_int_equal(three, 2);
	assert_int_equal(step("x", "a")->exits[one], XS_TO_nowhere);
	assert_int_equal(step("x", "a")->exits[two], 1);
	assert_int_equal(step("x", "a")->exits[three], XS_TO_drop);
}

static void taps_and_properties_are_those_of_the_next(void **state)
{
	(void)state;
	assert_int_equal(merge("service a\nservice t tap\nchain x a tx\n",
			       "service t tap\nservice a ring 1024\nchain x a tx\n"
			       "chain x mirror t after a\non a dead hold 2s\nlimit x frames 99\n"),
			 0);
	assert_int_equal(merged.services[0].ring, 1024);
	assert_int_equal(merged.services[0].on_dead, XS_INSTEAD_hold);
	assert_int_equal(merged.chains[0].limit, 99);
	assert_int_equal(merged.chains[0].taps[0].service, 1);
}

static void chains_that_come_or_go_are_refused(void **state)
{
	(void)state;
	assert_int_equal(merge("chain x tx\nchain y tx\n", "chain x tx\n"), -EINVAL);
	assert_non_null(strstr(why, "chain y is not in the file"));
	assert_int_equal(merge("chain x tx\n", "chain x tx\nchain z tx\n"), -EINVAL);
	assert_non_null(strstr(why, "chain z is new"));
}

static void more_names_than_there_is_room_for_are_refused(void **state)
{
	char before[8192] = "", after[8192] = "";
	size_t from = 0, to = 0;

	(void)state;
	for (int i = 0; i < XS_SERVICES_MAX; i++) {
		from += (size_t)snprintf(before + from, sizeof(before) - from, "service a%d\n", i);
		if (i)
			to += (size_t)snprintf(after + to, sizeof(after) - to, "service a%d\n", i);
	}
	strcat(before, "chain x a1 tx\n");
	strcat(after, "chain x a1 tx\n");
	assert_int_equal(merge(before, after), 0);
	strcat(after, "service another\n");
	assert_int_equal(merge(before, after), -EINVAL);
	assert_non_null(strstr(why, "more than 64 services"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_keep_their_index),
		cmocka_unit_test(exits_keep_their_index),
		cmocka_unit_test(taps_and_properties_are_those_of_the_next),
		cmocka_unit_test(chains_that_come_or_go_are_refused),
		cmocka_unit_test(more_names_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests_name("chain_merge", tests, NULL, NULL);
}
