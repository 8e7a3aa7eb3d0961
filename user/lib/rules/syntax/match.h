/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Parts of a match, for the files that parse one; see parse.h for what bool means. */
#ifndef XS_RULE_MATCH_H
#define XS_RULE_MATCH_H

#include "parse.h"
#include "value.h"

/* Says what is wrong with [at, at + len) of the member's text. Returns false. */
bool xs_match_bad_elem(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
		       enum xs_value_result result, size_t at, size_t len);

/* The values of one member. */
bool xs_match_elem_range(struct xs_parser *p, enum xs_field field, const struct xs_elem *elem,
			 struct xs_range *range);

/* One more range of the match being parsed; xs_match_end_ranges() takes those from `first` on. */
bool xs_match_add_range(struct xs_parser *p, const struct xs_range *range);
void xs_match_end_ranges(struct xs_parser *p, struct xs_match *match, __u32 first);

/* p->operand is one value or a set, and no list. */
bool xs_match_check_shape(struct xs_parser *p, enum xs_field field);

/* What p->operand names, as the match's ranges, and into the canonical text. */
bool xs_match_add_operand(struct xs_parser *p, enum xs_field field, struct xs_match *match);

/* flags.c: the token is behind "tcp flags". */
bool xs_parse_flags(struct xs_parser *p, struct xs_match *match);
/* The members of the operand, TCP flags, together as a number. */
bool xs_flags_of(struct xs_parser *p, const struct xs_operand *value, __u32 *flags);

/* compare.c: the token is '&', or one of < <= > >=. */
bool xs_parse_masked(struct xs_parser *p, struct xs_match *match);
bool xs_parse_bound(struct xs_parser *p, struct xs_match *match);

#endif
