/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is odd but not wrong in a rule set: rules that no frame can ever reach.
 * Pure; reads the model, prints nothing.
 */
#ifndef XS_RULE_WARN_H
#define XS_RULE_WARN_H

#include "lib/rules/model/rule.h"

struct xs_rule_warning {
	__u32 rule; /* index into xs_ruleset.rules: its file and line are there */
	char *message; /* one line, no end mark */
};

/* In the order of the rules. Zero-initialised by the caller. */
struct xs_rule_warnings {
	struct xs_rule_warning *warnings;
	__u32 cnt, room;
};

/*
 * Finds
 * - rules that no frame can meet. Complete for what one rule asks of a frame,
 *   but for lengths that only a certain header would rule out;
 * - rules that one earlier rule covers whole. Never wrong, but not complete: it
 *   does not see that several earlier rules together cover one, and gives up on
 *   some in sets of many shapes (XS_WARN_SHAPES) or of many alike, so that its
 *   time grows with the rules and not with their square.
 * Returns 0 or -ENOMEM; free the list in either case.
 */
#define XS_WARN_SHAPES 512

int xs_rules_warn(const struct xs_ruleset *set, struct xs_rule_warnings *out);

void xs_rule_warnings_free(struct xs_rule_warnings *warnings);

#endif
