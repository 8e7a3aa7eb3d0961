/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The inside of struct xsteer_rules, which the public header only declares. */
#ifndef XS_API_RULES_H
#define XS_API_RULES_H

#include "lib/rules/compile/compile.h"
#include "lib/rules/model/rule.h"
#include "lib/rules/syntax/text.h"

struct xsteer_rules {
	struct xs_ruleset set;
	struct xs_rule_report report; /* of the last successful compilation */
	bool compiled; /* there was a successful compilation */
};

/* The error as programs get it; its strings are those of *error. */
struct xsteer_finding xs_error_finding(const struct xs_rule_error *error);

#endif
