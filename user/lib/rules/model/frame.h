/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A frame that a rule is about: what `cost` draws its trace from. Pure. */
#ifndef XS_RULE_FRAME_H
#define XS_RULE_FRAME_H

#include <stddef.h>

#include "rule.h"

#define XS_RULE_FRAME_BYTES 128

/*
 * Builds an Ethernet frame that has every field the rule asks for, with values
 * drawn from its ranges by `seed`. What the rule leaves open is drawn too, from
 * ordinary values. Not every rule can be met by one frame (`meta length` of
 * 9000, contradictions): then it is as near as these bytes allow. Returns the
 * frame's length.
 */
size_t xs_rule_frame(const struct xs_rule *rule, __u64 seed,
		     unsigned char frame[XS_RULE_FRAME_BYTES]);

#endif
