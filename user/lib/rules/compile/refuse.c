// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The words of a refusal, with the rule's file and line before them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "refuse.h"

int xs_refuse(struct xs_rule_report *report, const struct xs_ruleset *rules, __u32 rule,
	      const char *fmt, ...)
{
	size_t at = 0;
	va_list args;

	report->rule = rule;
	if (rule < rules->rule_cnt) {
		const struct xs_rule *r = &rules->rules[rule];
		const char *file = r->file < rules->file_cnt ? rules->files[r->file] : "-";

		snprintf(report->error, sizeof(report->error), "%s:%u: ", file, r->line);
		at = strlen(report->error);
	}
	va_start(args, fmt);
	vsnprintf(report->error + at, sizeof(report->error) - at, fmt, args);
	va_end(args);
	return -E2BIG;
}
