/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writes the part of a set that only the tools read: its rules as text, after
 * everything that the data path reads. lib/set/read.h reads it back.
 */
#ifndef XS_RULE_SET_TEXT_H
#define XS_RULE_SET_TEXT_H

#include "lib/rules/model/rule.h"
#include "chunks.h"

#include "maps/rule_set.h"

/* Most bytes of a set's strings: their places are 32 bits. */
#define XS_TEXT_BYTES_MAX 0xffffffffU

/*
 * Appends the rules and their strings, across chunks. Stores in the header, at the
 * start of chunk 0, where they are and how many bytes the set has. *tables is the bytes
 * of the set without the text. 0; -ENOMEM; -E2BIG: the strings are too long.
 */
int xs_set_text_write(struct xs_chunks *chunks, const struct xs_ruleset *rules, __u64 *tables);

#endif
