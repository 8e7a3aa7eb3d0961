/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where the rules of a set send frames, apart from plain slots: entries of dev_map,
 * cpu_map and chains. They are opened before the set is in force and closed after it.
 */
#ifndef XS_SET_TARGETS_H
#define XS_SET_TARGETS_H

#include "lib/instance/pins.h"
#include "lib/rules/model/rule.h"

/*
 * Opens the targets that `rules` name, and writes the interfaces' indexes and the
 * chains' slots into the rules. 0; or -errno, logged with the line. Targets opened
 * before an error are left to xs_targets_close_unnamed().
 */
int xs_targets_open(const struct xs_pins *pins, struct xs_ruleset *rules);

/*
 * Removes from dev_map and cpu_map what neither the set in force nor the fallback
 * names, and from chains what in addition nobody serves. Call it after a switch, when
 * no frame is in another set any more: the kernel has waited for them (RCU). Silent:
 * the next call tries again.
 */
void xs_targets_close_unnamed(const struct xs_pins *pins);

#endif
