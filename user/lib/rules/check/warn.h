/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds what is odd but not wrong in a rule set: rules that no frame can ever reach.
 * Pure: reads the model, prints nothing.
 */
#ifndef XS_RULE_WARN_H
#define XS_RULE_WARN_H

#include "lib/rules/model/rule.h"

struct xs_rule_warning {
	__u32 rule; /* index into xs_ruleset.rules, which has its file and line */
	char *message; /* one line, without a NUL */
};

/* In the order of the rules. The caller zeroes it before first use. */
struct xs_rule_warnings {
	struct xs_rule_warning *warnings;
	__u32 cnt, room;
};

/*
 * Finds
 * - rules that no frame can match. It finds all whose own matches exclude each
 *   other, except for lengths that only a certain header would rule out;
 * - rules that one earlier rule covers completely. It never reports a wrong one,
 *   but it does not find all: it does not see that several earlier rules together
 *   cover one. It also gives up on some rules if the set has many shapes
 *   (XS_WARN_SHAPES) or many rules alike, so that its time grows with the number
 *   of rules and not with its square.
 * Returns 0 or -ENOMEM. The caller frees the list in either case.
 */
#define XS_WARN_SHAPES 512

int xs_rules_warn(const struct xs_ruleset *set, struct xs_rule_warnings *out);

void xs_rule_warnings_free(struct xs_rule_warnings *warnings);

#endif
