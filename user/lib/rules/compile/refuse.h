/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Why a rule set is not compiled, in words. */
#ifndef XS_RULE_REFUSE_H
#define XS_RULE_REFUSE_H

#include "compile.h"

/*
 * Writes "FILE:LINE: " and what is said here into report->error, about one of
 * the rules; XS_RULE_NONE: about all of them. Returns -E2BIG.
 */
int xs_refuse(struct xs_rule_report *report, const struct xs_ruleset *rules, __u32 rule,
	      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
