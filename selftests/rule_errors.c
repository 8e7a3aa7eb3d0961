// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Errors and warnings of rules, printed; see rule_errors.h. */
#include "rule_errors.h"
#include "tools/cli/rule_text.h"

void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs)
{
	for (__u32 i = 0; i < errs->cnt; i++) {
		const struct xs_rule_error *error = &errs->errors[i];
		const struct xsteer_finding finding = {
			.sz = sizeof(finding),
			.severity = XSTEER_SEVERITY_ERROR,
			.line = error->line,
			.column = error->column,
			.caret = error->caret,
			.file = error->file,
			.message = error->message,
			.source = error->source,
		};

		xs_finding_print(to, &finding);
	}
	if (errs->more)
		fprintf(to, "there are more errors\n");
}

void xs_rule_warnings_print(FILE *to, const struct xs_ruleset *set,
			    const struct xs_rule_warnings *warnings)
{
	for (__u32 i = 0; i < warnings->cnt; i++) {
		const struct xs_rule *rule = &set->rules[warnings->warnings[i].rule];

		fprintf(to, "%s:%u: warning: %s\n", set->files[rule->file], rule->line,
			warnings->warnings[i].message);
	}
}
