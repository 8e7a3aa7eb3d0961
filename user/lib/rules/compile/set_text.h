/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What only the tools read of a set: its rules as text, behind all that the
 * data path reads. Written for the compiler, and read back from a blob or a
 * mapped inner map.
 */
#ifndef XS_RULE_SET_TEXT_H
#define XS_RULE_SET_TEXT_H

#include <stdbool.h>
#include <stddef.h>

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

/* Whether `size` bytes are a set of this layout that stays within them. */
bool xs_set_valid(const void *bytes, size_t size);

/* header.rule_cnt rules, in the order of the file. */
static inline const struct xs_set_rule *xs_set_rules(const struct xs_set_header *set)
{
	return (const void *)((const char *)set + set->rules);
}

/* A string by its place, as header and rules have it. */
static inline const char *xs_set_string(const struct xs_set_header *set, __u32 text)
{
	return (const char *)set + set->text + text;
}

/* Name of a file of the set; NULL: no such number. */
const char *xs_set_file(const struct xs_set_header *set, __u32 number);

#endif
