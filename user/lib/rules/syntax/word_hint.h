/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a word is called here that nft, iptables or tcpdump know. */
#ifndef XS_RULE_WORD_HINT_H
#define XS_RULE_WORD_HINT_H

#include "parse.h"

struct xs_word_hint {
	char s[80]; /* "; it is called pass"; "" if nothing is known */
};

/* The hint for a token behind the field `last`, or XS_FIELD_MAX, if another tool knows the word. */
struct xs_word_hint xs_other_tools_hint(const struct xs_token *token, enum xs_field last);

/*
 * The same, and for words of ours in capitals: the hint for a token that stands where it cannot: after the field `last`, or XS_FIELD_MAX at
 * the start of a rule.
 */
struct xs_word_hint xs_word_hint(const struct xs_token *token, enum xs_field last);

#endif
