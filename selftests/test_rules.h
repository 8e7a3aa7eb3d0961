/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Gives a rule file to the program of a test: parses it, compiles it, and writes it to the
 * maps, without the other things that the tools do (user/lib/set/sets.h).
 */
#ifndef SELFTESTS_TEST_RULES_H
#define SELFTESTS_TEST_RULES_H

#include "lib/rules/compile/compile.h"
#include "lib/set/members.h"
#include "oracle.h"
#include "test.h"

struct test_rules {
	struct xs_ruleset parsed; /* targets resolved */
	struct xs_rule_report report;
	__u32 limit_cnt; /* rules with a limit */
	int set_fd;
	struct xs_rule_stats *stats; /* by rule: as they should be now */
};

/*
 * 0: the rules are in force. -EINVAL: the parser's errors were printed. -E2BIG: the compiler
 * refuses them (report.error). Or another -errno. Opens the interfaces and CPUs that the
 * rules name as targets. Close it in either case. The rules stay in force until others
 * are, or until test_rules_clear().
 */
int test_rules_open(struct test_env *env, struct test_rules *rules, const char *text);
void test_rules_close(struct test_rules *rules);
void test_rules_clear(const struct test_env *env);

/* The map of dynamic set number i of the rules in force, to be changed. Not to be closed. */
struct xs_members test_members(const struct test_env *env, const struct xs_ruleset *rules, __u32 i);

/* Expects one more frame of `len` bytes for the rule; -1: for no rule. */
void test_rules_count(struct test_rules *rules, int rule, __u32 len);

/* Prints the rules whose counters are not as expected on stderr. Returns their number. */
int test_rules_diff(const struct test_env *env, const struct test_rules *rules);

/* The same for one rule, or for none (-1), which is quick. */
int test_rules_diff_one(const struct test_env *env, const struct test_rules *rules, int rule);

/* What test_frame() must see if this is the oracle's answer. */
struct test_want test_want_of(const struct oracle_result *oracle);

#endif
