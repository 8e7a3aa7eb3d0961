/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The dynamic sets of an instance, from one apply to the next. A set keeps its map as long as
 * the rules in force, or those to fall back to, declare it. Its map is in a slot of member_sets,
 * where the data path finds it, and pinned under its name, where other programs do.
 */
#ifndef XS_SET_MEMBER_SETS_H
#define XS_SET_MEMBER_SETS_H

#include "lib/rules/model/rule.h"
#include "members.h"
#include "switch.h"

/*
 * Before the switch: gives each set of apply->next its slot and its map, a new one where neither
 * apply->now nor apply->back declares it, and adds the elements that the rules name and the set
 * has not. A size that has changed makes a new map, to which the members go. 0; or -errno,
 * logged with the line: new maps are left to xs_member_sets_settle().
 */
int xs_member_sets_prepare(const struct xs_switching *apply, const struct xs_ruleset *rules);

/*
 * Pins the maps of declared sets under their names; removes those that no rules declare any
 * more, and notes how many members go with them. The caller holds the instance's lock. What
 * fails is warned of, and the next call tries again.
 */
void xs_member_sets_settle(const struct xs_pins *pins);

#endif
