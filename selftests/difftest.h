/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The differential test: random rule files and frames go through parser, compiler and
 * the real program, and the result is compared with the oracle. Frames of one set follow one
 * another: limits take from their buckets, and members of dynamic sets come and go between.
 */
#ifndef SELFTESTS_DIFFTEST_H
#define SELFTESTS_DIFFTEST_H

#include "test.h"

struct difftest_totals {
	__u64 sets, refused; /* refused: the compiler said that a limit is exceeded */
	__u64 rules, frames;
	__u64 decided; /* frames that a rule decided */
	__u64 malformed;
	__u64 fell_back;
	__u64 over_limit; /* of these */
	__u64 differ;
};

struct difftest_options {
	__u64 seed; /* of the first set; each further set has the next seed */
	__u64 sets;
	__u32 frames; /* for each set */
	__u32 rules; /* in each; 0: any number */
	__u32 addresses; /* of a rule more in each; 0: there is none */
	__u32 workers; /* processes; most of the time is spent waiting for grace periods */
	__u32 seconds; /* start no set after this time; 0: no end */
	bool verbose; /* print on stderr which sets are refused, and why */
};

/*
 * Returns how many sets differ. For each it prints the smallest rule file found that
 * still shows the difference, the frame, and both answers. A worker ends at its first.
 */
__u64 difftest_run(const struct difftest_options *options, struct difftest_totals *totals);

#endif
