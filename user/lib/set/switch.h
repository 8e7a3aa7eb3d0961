/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The switch from one set to the next: prepare it, make it with one system call, follow it up. */
#ifndef XS_SET_SWITCH_H
#define XS_SET_SWITCH_H

#include "counters.h"
#include "mapped.h"
#include "pairs.h"
#include "sets.h"

struct xs_switching {
	struct xs_pins *pins;
	struct xs_mapped_set next, now, back; /* back: of an earlier apply, not yet confirmed */
	struct xs_rule_counters counters, old_counters;
	struct xs_rule_pairs pairs; /* rules whose text did not change */
	__u32 confirm_sec;
};

/*
 * Puts apply->next in force in place of apply->now, all or nothing. Counters of rules
 * that both sets have go on. The caller holds the lock and has opened the three sets.
 * Needs CAP_BPF and CAP_NET_ADMIN. 0; or -errno, logged, and nothing has changed.
 * Failures after the switch are only warned of.
 */
int xs_switch(struct xs_switching *apply, struct xs_apply *result);

#endif
