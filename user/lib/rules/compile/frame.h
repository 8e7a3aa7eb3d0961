/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Makes a frame that a rule matches. `cost` builds its trace from these. Pure. */
#ifndef XS_RULE_FRAME_H
#define XS_RULE_FRAME_H

#include <stddef.h>

#include "lib/rules/model/rule.h"

#define XS_RULE_FRAME_BYTES 128

/*
 * Builds an Ethernet frame that the rule matches, of the first kind that can match it,
 * with values chosen from its sets by `seed`. Fields that the rule does not restrict
 * get ordinary values. No frame of so few bytes matches some rules (`meta length` of
 * 9000, contradictions): then the frame is as close as they allow. Returns its length,
 * or 0: out of memory.
 */
size_t xs_rule_frame(const struct xs_rule *rule, __u64 seed,
		     unsigned char frame[XS_RULE_FRAME_BYTES]);

#endif
