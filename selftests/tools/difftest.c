// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The differential test by hand: as many random rule sets as asked for, from
 * any seed. Set N of seed S is set 1 of seed S + N - 1, so one seed replays it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../difftest.h"

struct options {
	__u64 seed, sets;
	__u32 frames;
};

static struct options options = { .seed = 1, .sets = 10000, .frames = 24 };

static void usage(FILE *to)
{
	fprintf(to, "usage: difftest [--seed N] [--sets N] [--frames N]\n"
		    "Random rule sets and frames, the real program against a plain interpreter.\n");
}

static __u64 number(const char *text)
{
	char *end;
	__u64 value = strtoull(text, &end, 0);

	if (!*text || *end) {
		fprintf(stderr, "difftest: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "sets", required_argument, NULL, 'n' },
		{ "frames", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "s:n:f:h", longs, NULL)) != -1) {
		switch (opt) {
		case 's':
			options.seed = number(optarg);
			break;
		case 'n':
			options.sets = number(optarg);
			break;
		case 'f':
			options.frames = number(optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
}

static void run(void **state)
{
	struct test_env *env = test_env(state);
	struct difftest *diff = difftest_open(env);
	struct difftest_totals totals = { 0 };
	__u64 differ = 0;

	for (__u64 i = 0; i < options.sets && differ < 10; i++)
		differ += !difftest_set(diff, options.seed + i, options.frames, &totals);
	difftest_close(diff);
	print_message("%llu sets (%llu refused), %llu rules, %llu frames: %llu decided by a rule, "
		      "%llu malformed, %llu fell back; %llu sets differ\n",
		      totals.sets, totals.refused, totals.rules, totals.frames, totals.decided,
		      totals.malformed, totals.fell_back, differ);
	assert_int_equal(differ, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(run) };

	parse_options(argc, argv);
	return cmocka_run_group_tests_name("difftest", tests, test_open, test_close) ? 1 : 0;
}
