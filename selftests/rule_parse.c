// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What tests of the rule parser share; see rule_parse.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_parse.h"

static int memory_load(void *arg, const char *including, const char *name, char **path, char **text,
		       size_t *len)
{
	(void)including;
	for (const struct memory_file *file = arg; file->name; file++) {
		if (strcmp(file->name, name))
			continue;
		*path = strdup(name);
		*text = strdup(file->text);
		*len = strlen(file->text);
		return 0;
	}
	return -ENOENT;
}

int parse_with(struct xs_ruleset *set, const char *text, size_t len,
	       const struct memory_file *files, struct xs_rule_errors *errs)
{
	const struct xs_rule_source src = {
		.name = "test.rules",
		.text = text,
		.len = len,
		.load = files ? memory_load : NULL,
		.arg = (void *)(uintptr_t)files,
	};

	memset(set, 0, sizeof(*set));
	memset(errs, 0, sizeof(*errs));
	return xs_rules_parse(set, &src, errs);
}

void parse_good_with(struct xs_ruleset *set, const char *text, const struct memory_file *files)
{
	struct xs_rule_errors errs;
	int err = parse_with(set, text, strlen(text), files, &errs);

	if (err)
		xs_rule_errors_print(stderr, &errs);
	assert_int_equal(err, 0);
	assert_int_equal(errs.cnt, 0);
	xs_rule_errors_free(&errs);
}

void parse_good(struct xs_ruleset *set, const char *text)
{
	parse_good_with(set, text, NULL);
}

void assert_round_trip(const struct xs_ruleset *set)
{
	struct xs_ruleset again;
	char *text = xs_ruleset_text(set);

	assert_non_null(text);
	parse_good(&again, text);
	assert_true(rulesets_equal(set, &again));
	xs_ruleset_free(&again);
	free(text);
}

void assert_error(const char *text, __u32 line, __u32 column, const char *part)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set, untouched;
	int err;

	err = parse_with(&set, text, strlen(text), NULL, &errs);
	if (err != -EINVAL || errs.cnt != 1 || errs.errors[0].line != line ||
	    errs.errors[0].column != column || !strstr(errs.errors[0].message, part)) {
		fprintf(stderr, "'%s': want %u:%u %s, got %d and\n", text, line, column, part, err);
		xs_rule_errors_print(stderr, &errs);
		fail();
	}
	assert_string_equal(errs.errors[0].file, "test.rules");
	memset(&untouched, 0, sizeof(untouched));
	assert_memory_equal(&set, &untouched, sizeof(set));
	xs_rule_errors_free(&errs);
}
