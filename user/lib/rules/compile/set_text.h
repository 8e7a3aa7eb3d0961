/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writes what only the tools read of a set: its rules as text, behind all that
 * the data path reads. lib/set/read.h reads it back.
 */
#ifndef XS_RULE_SET_TEXT_H
#define XS_RULE_SET_TEXT_H

#include "lib/rules/model/rule.h"
#include "chunks.h"

#include "maps/rule_set.h"

/* The strings of a set, as 32 bits say their places. */
#define XS_TEXT_BYTES_MAX 0xffffffffU

/*
 * Appends the rules and their strings, across chunks, and says in the header at
 * the start of chunk 0 where they are and how many bytes the set has. *tables:
 * bytes of the set without the text. 0; -ENOMEM; -E2BIG: longer strings.
 */
int xs_set_text_write(struct xs_chunks *chunks, const struct xs_ruleset *rules, __u64 *tables);

#endif
