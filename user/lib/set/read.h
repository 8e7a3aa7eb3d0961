/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the tools read of a compiled set, from a blob or a mapped inner map: its
 * rules and their text. lib/rules/compile/set_text.h writes them. Pure.
 */
#ifndef XS_SET_READ_H
#define XS_SET_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "maps/rule_set.h"

/* Whether `size` bytes are a set, of a layout that this build reads, that stays within them. */
bool xs_set_valid(const void *bytes, size_t size);

/* How long its compiler took; of a set of any layout that is valid. */
__u64 xs_set_compile_ns(const struct xs_set_header *set);

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
