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
};

/* The sockets, CPUs and interfaces that rules may name; made once. */
struct difftest;
struct difftest *difftest_open(struct test_env *env);
void difftest_close(struct difftest *diff);

/*
 * The rule set of this seed against its frames. False at the first difference,
 * after printing the smallest rule file found that still shows it, the frame,
 * and both answers.
 */
bool difftest_set(struct difftest *diff, __u64 seed, __u32 frames, struct difftest_totals *totals);

#endif
