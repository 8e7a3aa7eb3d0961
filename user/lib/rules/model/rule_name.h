/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The name that a rule may have: its canonical text then begins with "name web: ". No other
 * text of a rule begins with that word, so a compiled set keeps the name without knowing it.
 */
#ifndef XS_RULE_NAME_H
#define XS_RULE_NAME_H

#include <stddef.h>

/* The rule's name, of *len bytes, within its text; NULL: it has none. */
const char *xs_rule_name(const char *text, size_t *len);

/* The text without the name. */
const char *xs_rule_unnamed(const char *text);

#endif
