/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* For tests of the rule parser: a text goes in, a rule set or errors with their places come out. */
#ifndef SELFTESTS_RULE_PARSE_H
#define SELFTESTS_RULE_PARSE_H

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/rules/model/field.h"
#include "rule_equal.h"
#include "rule_errors.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

/* As long as an alternative name of an interface can be. */
#define NAME_OF_25 "abcdefghijklmnopqrstuvwxy"
#define NAME_OF_127 NAME_OF_25 NAME_OF_25 NAME_OF_25 NAME_OF_25 NAME_OF_25 "zz"

/* Files for include, by name; a NULL name ends them. */
struct memory_file {
	const char *name, *text;
};

/*
 * The text is called test.rules. `files` may be NULL. 0 or -errno; the caller frees *set, if it is
 * 0, and *errs.
 */
int parse_with(struct xs_ruleset *set, const char *text, size_t len,
	       const struct memory_file *files, struct xs_rule_errors *errs);

/* Fail the test, with the errors printed, if there is any. The caller frees *set. */
void parse_good_with(struct xs_ruleset *set, const char *text, const struct memory_file *files);
void parse_good(struct xs_ruleset *set, const char *text);

/* Its text, parsed again, is the same rule set. */
void assert_round_trip(const struct xs_ruleset *set);

/* The one error of the text stands at line:column and its message holds `part`. */
void assert_error(const char *text, __u32 line, __u32 column, const char *part);

#endif
