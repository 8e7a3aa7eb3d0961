/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the rules of a set send frames to, beside plain slots: entries of dev_map, cpu_map
 * and chains. They are opened before a set is in force, and closed after it.
 */
#ifndef XS_SET_TARGETS_H
#define XS_SET_TARGETS_H

#include "lib/instance/pins.h"
#include "lib/rules/model/rule.h"

/*
 * Opens what `rules` name, and writes the interfaces' indexes and the chains' slots into the rules. 0 or
 * -errno, logged with the line; what was opened until then is left to
 * xs_targets_close_unnamed().
 */
int xs_targets_open(const struct xs_pins *pins, struct xs_ruleset *rules);

/*
 * What neither the set in force nor the fallback names is taken out of dev_map and
 * cpu_map, and out of chains if nobody serves it. For after a switch, when no frame is in another set: the kernel has waited
 * for them (RCU). Silent: it is done again after the next one.
 */
void xs_targets_close_unnamed(const struct xs_pins *pins);

#endif
