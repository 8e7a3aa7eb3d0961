// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * How long, how many and how deep: what a rule file may be at most, and that it is read in time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../rule_parse.h"

/* `head`, then `part` so many times, then `tail`. From malloc(). */
static char *repeated(const char *head, const char *part, size_t times, const char *tail)
{
	size_t n = strlen(part);
	char *text = malloc(strlen(head) + n * times + strlen(tail) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, head);
	for (size_t i = 0; i < times; i++, to += n)
		memcpy(to, part, n);
	strcpy(to, tail);
	return text;
}

static void assert_limit(const char *head, const char *part, size_t most, const char *tail,
			 const char *message)
{
	for (size_t over = 0; over < 2; over++) {
		char *text = repeated(head, part, most + over, tail);
		struct xs_rule_errors errs;
		struct xs_ruleset set;
		int err = parse_with(&set, text, strlen(text), NULL, &errs);

		if (err)
			xs_rule_errors_print(over ? stdout : stderr, &errs);
		assert_int_equal(err, over ? -EINVAL : 0);
		if (over)
			assert_non_null(strstr(errs.errors[errs.cnt - 1].message, message));
		else
			xs_ruleset_free(&set);
		xs_rule_errors_free(&errs);
		free(text);
	}
}

static void limits_hold_at_their_edge(void **state)
{
	(void)state;
	assert_limit("", "tcp ", XS_RULE_MATCH_MAX, "drop", "more than 64 matches");
	assert_limit("udp drop comment \"", "x", XS_RULE_COMMENT_MAX, "\"", "at most 255");
	assert_limit("udp dport { ", "1,", XS_RULE_SET_MAX, "} drop", "more than 1048576 members");
	assert_limit("udp drop", " ", XS_RULE_LINE_MAX - 8, "", "longer than 64 MiB");
	assert_limit("", "drop\n", XS_RULE_CNT_MAX, "", "more than 1000000 rules");
}

/* Ten names of ten names of ... : small text, huge meaning. */
static void names_of_names_cannot_fill_memory(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	char text[4096];
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text), "define A0 = { 1,1,1,1,1,1,1,1,1,1 }\n");
	for (int i = 1; i < 20; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "define A%d = { ", i);
		for (int k = 0; k < 10; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "$A%d,", i - 1);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "}\n");
	}
	assert_int_equal(parse_with(&set, text, n, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_non_null(strstr(errs.errors[0].message, "MiB"));
	xs_rule_errors_free(&errs);
}

/* Not a benchmark: only that nothing grows with the square of the rules. */
static void hundred_thousand_rules_are_quick(void **state)
{
	const size_t rules = 100000;
	char *text = malloc(rules * 160 + 100000 * 30), *to = text;
	struct timespec begin, end;
	struct xs_ruleset set;
	double seconds;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 50000; i++)
		to += sprintf(to, "define NAME%zu = %zu\n", i, i);
	for (size_t i = 0; i < rules; i++)
		to += sprintf(
			to, "ip saddr 10.%zu.%zu.0/24 tcp dport { $NAME%zu, 80-90 } xsk slot %zu\n",
			i / 256 % 256, i % 256, i % 50000, i % 8);
	/* of this process: what others do at the same time is not the parser's fault */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	parse_good(&set, text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	assert_int_equal(set.rule_cnt, rules);
	assert_true(seconds < 10); /* sanitizers included */
	xs_ruleset_free(&set);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_hold_at_their_edge),
		cmocka_unit_test(names_of_names_cannot_fill_memory),
		cmocka_unit_test(hundred_thousand_rules_are_quick),
	};

	return cmocka_run_group_tests_name("rule_sizes", tests, NULL, NULL);
}
