/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The pins that follow the set in force. */
#ifndef XS_SET_SETTLE_H
#define XS_SET_SETTLE_H

#include "lib/instance/pins.h"
#include "maps/rule_set.h"

/*
 * Updates the pin of the counters, which was staged before the switch, and meta to the
 * set in force. 0 or -errno, logged; xs_rule_sets_settle() repairs what is left undone.
 */
int xs_set_publish(struct xs_pins *pins, const struct xs_set_header *header);

#endif
