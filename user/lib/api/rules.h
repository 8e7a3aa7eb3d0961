/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is behind the public header's struct xsteer_rules. */
#ifndef XS_API_RULES_H
#define XS_API_RULES_H

#include "lib/rules/compile/compile.h"
#include "lib/rules/model/rule.h"

struct xsteer_rules {
	struct xs_ruleset set;
	struct xs_rule_report report; /* of the last compilation that succeeded */
	bool compiled; /* there was one */
};

#endif
