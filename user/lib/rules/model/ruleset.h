/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A parsed rule set as a whole: as text again, freed. */
#ifndef XS_RULESET_H
#define XS_RULESET_H

#include "rule.h"

/*
 * Frees what xs_rules_parse() made, and zeroes it. Not for a ruleset made by
 * hand: the parts of one parsed rule lie in one block of memory.
 */
void xs_ruleset_free(struct xs_ruleset *set);

/*
 * The whole set as text: default and malformed if they were said, then a rule a
 * line. Parses to the same set, but for files and line numbers. The caller
 * frees it; NULL: out of memory.
 */
char *xs_ruleset_text(const struct xs_ruleset *set);

#endif
