/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Converts a whole parsed rule set back to text, and frees it. */
#ifndef XS_RULESET_H
#define XS_RULESET_H

#include "rule.h"

/*
 * Frees what xs_rules_parse() made, and zeroes it. Not for a ruleset made by hand: the
 * parts of a parsed rule lie in one block of memory.
 */
void xs_ruleset_free(struct xs_ruleset *set);

/*
 * Returns the whole set as text: dynamic sets, default and malformed if the file has them,
 * then one rule on each line. It parses to the same set, except for files and line numbers. The
 * caller frees it. NULL: out of memory.
 */
char *xs_ruleset_text(const struct xs_ruleset *set);

#endif
