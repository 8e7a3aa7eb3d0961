// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules of tests, and what is wrong with them; see rule_errors.h. */
#include <string.h>

#include "rule_errors.h"
#include "lib/api/rules.h"
#include "tools/cli/rule_text.h"

int test_parse_rules(struct xs_ruleset *out, const char *text)
{
	const struct xs_rule_source source = { .name = "-", .text = text, .len = strlen(text) };
	struct xs_rule_errors errs = {};
	int err = xs_rules_parse(out, &source, &errs);

	xs_rule_errors_print(stderr, &errs);
	xs_rule_errors_free(&errs);
	return err;
}

void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs)
{
	for (__u32 i = 0; i < errs->cnt; i++) {
		const struct xsteer_finding finding = xs_error_finding(&errs->errors[i]);

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
