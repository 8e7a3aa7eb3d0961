/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A frame that a rule is about: what `cost` draws its trace from. Pure. */
#ifndef XS_RULE_FRAME_H
#define XS_RULE_FRAME_H

#include <stddef.h>

#include "lib/rules/model/rule.h"

#define XS_RULE_FRAME_BYTES 128

/*
 * Builds an Ethernet frame that the rule holds for, of the first kind that can meet
 * it, with values drawn from its sets by `seed`. What the rule leaves open gets
 * ordinary values. Not every rule can be met by so few bytes (`meta length` of
 * 9000, contradictions): then it is as near as they allow. The frame's length, or 0:
 * out of memory.
 */
size_t xs_rule_frame(const struct xs_rule *rule, __u64 seed,
		     unsigned char frame[XS_RULE_FRAME_BYTES]);

#endif
