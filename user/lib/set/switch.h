/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The switch from one set to the next: prepared, made with one system call, followed up. */
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
 * Puts applying->next in force in place of applying->now, all or nothing: the counters
 * of rules that both sets have go on. The caller holds the lock, and has opened the
 * three sets. Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged, and nothing has
 * changed. What fails once the new set is in force is warned of.
 */
int xs_switch(struct xs_switching *apply, struct xs_apply *result);

#endif
