/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What != before a concatenation leaves of a rule: its meaning without the elements, cut
 * into parts, each a meaning again. No two parts have a frame in common. Knows no boxes.
 */
#ifndef XS_RULE_TUPLES_H
#define XS_RULE_TUPLES_H

#include "lib/rules/model/meaning.h"

/* Most parts of one rule: as many as boxes. Elements that do not overlap make about one each. */
#define XS_TUPLE_PARTS_MAX (1U << 17)

/* Told of each part. Not 0: the cutting ends with that. */
typedef int xs_part_fn(void *arg, struct xs_meaning *part);

/*
 * Calls `fn` for each part of `meaning`, which is that of the rule after
 * xs_meaning_choose(). Their ranges are in the arena. 0; -ENOMEM; what `fn` returned; or
 * XS_TUPLES_OVERLAP: there are more parts than XS_TUPLE_PARTS_MAX, or it would take too
 * long to find them.
 */
#define XS_TUPLES_OVERLAP 1
int xs_tuples_cut(struct xs_arena *arena, const struct xs_rule *rule,
		  const struct xs_meaning *meaning, xs_part_fn *fn, void *arg);

#endif
