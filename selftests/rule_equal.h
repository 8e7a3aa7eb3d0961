/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whether two parsed rule sets say the same. */
#ifndef SELFTESTS_RULE_EQUAL_H
#define SELFTESTS_RULE_EQUAL_H

#include "lib/rules/model/rule.h"

/* The same words, too. Files and lines do not count. */
bool rulesets_equal(const struct xs_ruleset *a, const struct xs_ruleset *b);

#endif
