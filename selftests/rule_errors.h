/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prints errors and warnings of rules in tests as a user sees them. */
#ifndef SELFTESTS_RULE_ERRORS_H
#define SELFTESTS_RULE_ERRORS_H

#include <stdio.h>

#include "lib/rules/check/warn.h"
#include "lib/rules/syntax/text.h"

void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs);
void xs_rule_warnings_print(FILE *to, const struct xs_ruleset *set,
			    const struct xs_rule_warnings *warnings);

#endif
