/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rules of a compiled set as the parser knows them: matches and all. Pure. */
#ifndef XS_SET_PARSED_H
#define XS_SET_PARSED_H

#include "lib/rules/model/ruleset.h"
#include "maps/rule_set.h"

/*
 * Parses the text that a valid set (read.h) holds of its rules: as many as header.rule_cnt, in that
 * order. Their lines and files are not those of the file that was applied; without default and
 * malformed. 0: free *rules with xs_ruleset_free(); -ENOMEM, or -EINVAL: the text is of another
 * version. On both *rules is untouched. Silent.
 */
int xs_set_parse(const struct xs_set_header *set, struct xs_ruleset *rules);

#endif
