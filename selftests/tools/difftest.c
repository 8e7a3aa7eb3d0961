// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Runs the differential test by hand, with as many random rule sets as asked for, from any
 * seed. Set N of seed S is set 1 of seed S + N - 1, so one seed repeats a single set.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../difftest.h"

static struct difftest_options options = { .seed = 1, .sets = 10000, .frames = 24, .workers = 4 };

static void usage(FILE *to)
{
	fprintf(to, "usage: difftest [--seed N] [--sets N] [--frames N] [--rules N] "
		    "[--addresses N] [--workers N] [-v]\n"
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
		{ "rules", required_argument, NULL, 'r' },
		{ "addresses", required_argument, NULL, 'a' },
		{ "workers", required_argument, NULL, 'w' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "s:n:f:r:a:w:vh", longs, NULL)) != -1) {
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
		case 'r':
			options.rules = number(optarg);
			break;
		case 'a':
			options.addresses = number(optarg);
			break;
		case 'w':
			options.workers = number(optarg);
			break;
		case 'v':
			options.verbose = true;
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
	struct difftest_totals t;
	__u64 differ;

	test_env(state);
	differ = difftest_run(&options, &t);
	print_message("%llu sets (%llu refused), %llu rules, %llu frames: %llu decided by a rule, "
		      "%llu malformed, %llu fell back, %llu of these over a limit; %llu sets "
		      "differ\n",
		      t.sets, t.refused, t.rules, t.frames, t.decided, t.malformed, t.fell_back,
		      t.over_limit, differ);
	assert_int_equal(differ, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(run) };

	parse_options(argc, argv);
	if (!options.workers)
		options.workers = 1;
	return cmocka_run_group_tests_name("difftest", tests, test_open, test_close) ? 1 : 0;
}
