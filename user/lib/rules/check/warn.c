// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lists the rules that no frame can ever reach, and says why. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "lib/base/grow.h"
#include "warn.h"

static int __attribute__((format(printf, 3, 4)))
add_warning(struct xs_rule_warnings *out, __u32 rule, const char *fmt, ...)
{
	struct xs_rule_warning *warnings;
	char *message;
	va_list args;
	int n;

	warnings = xs_grow(out->warnings, out->cnt, &out->room, sizeof(*warnings));
	if (!warnings)
		return -ENOMEM;
	out->warnings = warnings;
	va_start(args, fmt);
	n = vasprintf(&message, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	warnings[out->cnt++] = (struct xs_rule_warning){ rule, message };
	return 0;
}

static int warn_covered(struct xs_rule_warnings *out, const struct xs_ruleset *set, __u32 rule,
			__u32 by)
{
	if (set->rules[by].file == set->rules[rule].file)
		return add_warning(out, rule,
				   "never reached: the rule at line %u covers it completely",
				   set->rules[by].line);
	return add_warning(out, rule, "never reached: the rule at %s:%u covers it completely",
			   set->files[set->rules[by].file], set->rules[by].line);
}

/*
 * "tcp flags != syn" was any byte without SYN up to version 0.1; for one release whoever
 * wrote that is told.
 */
static int warn_of_flags(struct xs_rule_warnings *out, const struct xs_rule *of, __u32 rule)
{
	const char *found = strstr(of->text, "tcp flags != ");

	for (__u32 i = 0; found && i < of->match_cnt; i++)
		if (of->matches[i].field == XS_FIELD_tcp_flags && of->matches[i].negate &&
		    found[strlen("tcp flags != ")] != '{')
			return add_warning(out, rule,
					   "'tcp flags !=' compares the whole byte, as in nft, "
					   "since version 0.2; where none of the flags may be set, "
					   "write 'tcp flags !'");
	return 0;
}

static int warn_of_rule(struct xs_rule_warnings *out, struct xs_cover *cover,
			struct xs_arena *arena, struct xs_claim *claim, __u32 rule)
{
	const struct xs_rule *of = &cover->set->rules[rule];
	int err = warn_of_flags(out, of, rule) ?: xs_claim_find(arena, claim, of);
	char words[160];
	__u32 by;

	if (err)
		return err == -E2BIG ? 0 : err; /* the compiler refuses it */
	if (!xs_claim_holds(claim)) {
		if (of->copied)
			return 0;
		err = xs_claim_why(arena, claim, of, words, sizeof(words));
		return err ?: add_warning(out, rule, "never holds: %s", words);
	}
	err = xs_cover_find(cover, claim, &by);
	if (err)
		return err;
	/* another copy of the same rule may be asked */
	if (by < cover->set->rule_cnt)
		return of->copied ? 0 : warn_covered(out, cover->set, rule, by);
	/* what it excludes is not in the claim, so it may not cover all of that */
	if (!xs_rule_has_tuples(of))
		xs_cover_remember(cover, claim, rule);
	return 0;
}

int xs_rules_warn(const struct xs_ruleset *set, struct xs_rule_warnings *out)
{
	struct xs_claim *claim = malloc(sizeof(*claim));
	struct xs_arena arena = {};
	struct xs_cover cover;
	int err = claim ? xs_cover_init(&cover, set) : -ENOMEM;

	if (err)
		goto out;
	for (__u32 i = 0; i < set->rule_cnt && !err; i++) {
		err = warn_of_rule(out, &cover, &arena, claim, i);
		xs_arena_reset(&arena);
	}
	xs_cover_free(&cover);
out:
	xs_arena_free(&arena);
	free(claim);
	return err;
}

void xs_rule_warnings_free(struct xs_rule_warnings *warnings)
{
	for (__u32 i = 0; i < warnings->cnt; i++)
		free(warnings->warnings[i].message);
	free(warnings->warnings);
	memset(warnings, 0, sizeof(*warnings));
}
