// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Fuzzes the rule parser. Any bytes are either rules, or give errors that point into the
 * text. Rules print as a text that is parsed to the same rules. Warnings are only about
 * rules that exist. Bytes 0xff divide the input into files, which the first can include
 * as "1", "2", ...
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules/syntax/text.h"
#include "lib/rules/check/warn.h"
#include "../rule_equal.h"

struct input {
	const char *text;
	size_t len;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The n-th file of the input; false: there are fewer. */
static bool part(const struct input *all, int n, struct input *out)
{
	const char *p = all->text, *end = all->text + all->len;

	for (;; n--) {
		const char *cut = p < end ? memchr(p, 0xff, (size_t)(end - p)) : NULL;

		if (!n) {
			*out = (struct input){ p, (size_t)((cut ? cut : end) - p) };
			return true;
		}
		if (!cut)
			return false;
		p = cut + 1;
	}
}

static int load(void *arg, const char *including, const char *name, char **path, char **text,
		size_t *len)
{
	struct input file;

	require(including[0] != '\0');
	if (name[0] < '1' || name[0] > '9' || name[1] || !part(arg, name[0] - '0', &file))
		return -ENOENT;
	*path = strdup(name);
	/* In memory of exactly its length, so that a read beyond its end is noticed. */
	*text = malloc(file.len ? file.len : 1);
	require(*path && *text);
	memcpy(*text, file.text, file.len);
	*len = file.len;
	return 0;
}

/* What a set without members is printed as reads this file. */
static int load_nothing(void *arg, const char *including, const char *name, char **path,
			char **text, size_t *len)
{
	(void)arg;
	(void)including;
	if (strcmp(name, "/dev/null"))
		return -ENOENT;
	*path = strdup(name);
	*text = malloc(1);
	require(*path && *text);
	*len = 0;
	return 0;
}

static void check_errors(const struct xs_rule_errors *errs)
{
	require(errs->cnt > 0 && errs->cnt <= XS_RULE_ERROR_MAX);
	for (__u32 i = 0; i < errs->cnt; i++) {
		const struct xs_rule_error *error = &errs->errors[i];

		require(error->line && error->column && error->file[0] && error->message[0]);
		require(error->caret <= strlen(error->source));
		require(!strpbrk(error->source, "\n\x1b") && !strpbrk(error->message, "\n\x1b"));
	}
}

static void check_round_trip(const struct xs_ruleset *set)
{
	char *text = xs_ruleset_text(set), *again_text;
	const struct xs_rule_source src = { "again", text, strlen(text), load_nothing, NULL };
	struct xs_rule_errors errs = {};
	struct xs_ruleset again = {};

	require(xs_rules_parse(&again, &src, &errs) == 0 && !errs.cnt);
	require(rulesets_equal(set, &again));
	again_text = xs_ruleset_text(&again);
	require(!strcmp(text, again_text));
	free(again_text);
	free(text);
	xs_ruleset_free(&again);
}

static void check_warnings(const struct xs_ruleset *set)
{
	struct xs_rule_warnings warnings = {};

	require(xs_rules_warn(set, &warnings) == 0);
	for (__u32 i = 0; i < warnings.cnt; i++)
		require(warnings.warnings[i].rule < set->rule_cnt &&
			warnings.warnings[i].message[0]);
	xs_rule_warnings_free(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input all = { (const char *)data, size }, first;
	struct xs_rule_source src = { .name = "fuzz", .load = load, .arg = &all };
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};
	int err;

	require(part(&all, 0, &first));
	src.text = first.text;
	src.len = first.len;
	err = xs_rules_parse(&set, &src, &errs);
	require(err == 0 || err == -EINVAL);
	if (err) {
		require(!set.rules && !set.files && !set.default_text);
		check_errors(&errs);
	} else {
		require(!errs.cnt);
		check_round_trip(&set);
		check_warnings(&set);
	}
	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
	return 0;
}
