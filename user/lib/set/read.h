/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the tools read from a compiled set, which is a blob or a mapped inner map: its
 * rules and their text. lib/rules/compile/set_text.h writes them. Pure.
 */
#ifndef XS_SET_READ_H
#define XS_SET_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "maps/rule_set.h"

/*
 * Whether `size` bytes are a set of a layout that this build reads, and all of it lies
 * within them.
 */
bool xs_set_valid(const void *bytes, size_t size);

/* How long the set took to compile. For a valid set of any layout. */
__u64 xs_set_compile_ns(const struct xs_set_header *set);

/* An array of header.rule_cnt rules, in the file's order. */
static inline const struct xs_set_rule *xs_set_rules(const struct xs_set_header *set)
{
	return (const void *)((const char *)set + set->rules);
}

/* Its limits, by xs_action.limit; [0] is unused. NULL: it has none. */
static inline struct xs_set_limit *xs_set_limits(const struct xs_set_header *set)
{
	return set->flags & XS_SET_LIMITED ? (void *)((char *)set + set->limits) : NULL;
}

/* Its sets of CPUs, by xs_action.target; NULL: it has none. */
static inline const struct xs_set_spread *xs_set_spreads(const struct xs_set_header *set)
{
	return set->flags & XS_SET_SPREAD ? (const void *)((const char *)set + set->spreads) : NULL;
}

/* The string at this offset, as header and rules store it. */
static inline const char *xs_set_string(const struct xs_set_header *set, __u32 text)
{
	return (const char *)set + set->text + text;
}

/* The dynamic sets that the set declares; NULL: none. */
static inline const struct xs_set_members *xs_set_members(const struct xs_set_header *set)
{
	return set->flags & XS_SET_MEMBERS ? (const void *)((const char *)set + set->members)
					   : NULL;
}

/* The one of that name; NULL: there is none. */
const struct xs_declared_set *xs_set_declared(const struct xs_set_header *set, const char *name);

/*
 * The declarations as text, each with its line end; "" for none. From malloc(); NULL: out of
 * memory.
 */
char *xs_declared_sets_text(const struct xs_set_header *set);

/* The name of a file of the set; NULL: there is no file of this number. */
const char *xs_set_file(const struct xs_set_header *set, __u32 number);

#endif
