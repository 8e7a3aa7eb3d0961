/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A rule file put before the program of a test: parsed, compiled, and written
 * to its maps without what the tools do beside that (user/lib/set/sets.h).
 */
#ifndef SELFTESTS_TEST_RULES_H
#define SELFTESTS_TEST_RULES_H

#include "lib/rules/compile/compile.h"
#include "oracle.h"
#include "test.h"

struct test_rules {
	struct xs_ruleset parsed; /* targets resolved */
	struct xs_rule_report report;
	int set_fd;
	struct xs_rule_stats *stats; /* by rule: as they should be now */
};

/*
 * 0 with the rules in force; -EINVAL after printing the parser's errors; -E2BIG
 * where the compiler refuses (report.error); other -errno. Interfaces and CPUs
 * named are opened as targets. Close it in either case; the rules stay in force until
 * others are, or test_rules_clear().
 */
int test_rules_open(struct test_env *env, struct test_rules *rules, const char *text);
void test_rules_close(struct test_rules *rules);
void test_rules_clear(const struct test_env *env);

/* One more frame of `len` bytes for the rule; -1: for none. */
void test_rules_count(struct test_rules *rules, int rule, __u32 len);

/* 0; or the number of rules whose counters are not as test_rules_count() left them, named on stderr. */
int test_rules_diff(const struct test_env *env, const struct test_rules *rules);

/* The same for one rule, or none (-1): quick. */
int test_rules_diff_one(const struct test_env *env, const struct test_rules *rules, int rule);

/* What test_frame() is to see when the oracle says this. */
struct test_want test_want_of(const struct oracle_result *oracle);

#endif
