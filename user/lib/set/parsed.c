// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses the rules of a compiled set again; see parsed.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules/syntax/text.h"
#include "parsed.h"
#include "read.h"

/* A line each, behind the sets that they ask. From malloc(); NULL: out of memory. */
static char *text_of(const struct xs_set_header *set, size_t *len)
{
	const struct xs_set_rule *rules = xs_set_rules(set);
	char *declared = xs_declared_sets_text(set), *text;
	size_t room = 1;

	if (!declared)
		return NULL;
	room += strlen(declared);
	for (__u32 i = 0; i < set->rule_cnt; i++)
		room += strlen(xs_set_string(set, rules[i].text)) + 1;
	text = malloc(room);
	if (text) {
		*len = (size_t)sprintf(text, "%s", declared);
		for (__u32 i = 0; i < set->rule_cnt; i++)
			*len += (size_t)sprintf(text + *len, "%s\n",
						xs_set_string(set, rules[i].text));
	}
	free(declared);
	return text;
}

int xs_set_parse(const struct xs_set_header *set, struct xs_ruleset *rules)
{
	struct xs_rule_source source = { .name = "rules in force" };
	struct xs_rule_errors errors = {};
	char *text = text_of(set, &source.len);
	int err;

	if (!text)
		return -ENOMEM;
	source.text = text;
	err = xs_rules_parse(rules, &source, &errors);
	xs_rule_errors_free(&errors);
	free(text);
	return err;
}
