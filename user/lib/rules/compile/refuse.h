/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The error text for a rule set that is not compiled. */
#ifndef XS_RULE_REFUSE_H
#define XS_RULE_REFUSE_H

#include "compile.h"

/*
 * Writes "FILE:LINE: " and the given text into report->error, about one rule;
 * XS_RULE_NONE: about all of them. Returns -E2BIG.
 */
int xs_refuse(struct xs_rule_report *report, const struct xs_ruleset *rules, __u32 rule,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
