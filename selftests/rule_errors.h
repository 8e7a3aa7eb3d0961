/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rules of tests from their text; errors and warnings as a user sees them. */
#ifndef SELFTESTS_RULE_ERRORS_H
#define SELFTESTS_RULE_ERRORS_H

#include <stdio.h>

#include "lib/rules/check/warn.h"
#include "lib/rules/syntax/text.h"

/* 0 or -errno; errors are printed to stderr. Without errors the caller frees *out. */
int test_parse_rules(struct xs_ruleset *out, const char *text);

void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs);
void xs_rule_warnings_print(FILE *to, const struct xs_ruleset *set,
			    const struct xs_rule_warnings *warnings);

#endif
