/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The differential test: random rule files and frames through parser, compiler
 * and the real program, held against the oracle.
 */
#ifndef SELFTESTS_DIFFTEST_H
#define SELFTESTS_DIFFTEST_H

#include "test.h"

struct difftest_totals {
	__u64 sets, refused; /* refused: by the compiler, as beyond a limit */
	__u64 rules, frames;
	__u64 decided; /* frames that a rule decided */
	__u64 malformed;
	__u64 fell_back;
	__u64 differ;
};

struct difftest_options {
	__u64 seed; /* of the first set; each next one has the next seed */
	__u64 sets;
	__u32 frames; /* for each set */
	__u32 rules; /* in each; 0: any number */
	__u32 workers; /* processes: most of the time goes by in grace periods */
	__u32 seconds; /* start no set after so long; 0: no end */
	bool verbose; /* say on stderr which sets are refused, and why */
};

/*
 * Returns how many sets differ, each after printing the smallest rule file found
 * that still shows it, the frame, and both answers; a worker ends at its first.
 */
__u64 difftest_run(const struct difftest_options *options, struct difftest_totals *totals);

#endif
