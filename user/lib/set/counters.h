/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The counters of one rule set: rows of struct xs_rule_stats at CPU * rows + rule, where a
 * CPU has a row for each rule, then those of limits (xs_set_counters()). One
 * more slice, which only the tools write, holds what rules of the same text had counted
 * in earlier sets. So the data path and the tools never write the same value, and at a
 * switch nothing is lost or counted twice.
 */
#ifndef XS_RULE_COUNTERS_H
#define XS_RULE_COUNTERS_H

#include <stddef.h>

#include "lib/instance/pins.h"
#include "maps/rule_set.h"
#include "pairs.h"

struct xs_rule_counters {
	int fd;
	__u32 row_cnt, slices; /* of one CPU. slices: the possible CPUs, and the carried one */
	struct xs_rule_stats *rows; /* mapped */
	size_t bytes;
};

#define XS_NO_COUNTERS ((struct xs_rule_counters){ .fd = -1 })

/* All return 0 or -errno, logged. */
int xs_rule_counters_create(struct xsteer_ctx *ctx, struct xs_rule_counters *counters,
			    __u32 row_cnt);
int xs_rule_counters_open(struct xs_rule_counters *counters, const struct xs_pins *pins,
			  __u32 stats_slot, __u32 row_cnt);
/* The same, silently. */
int xs_rule_counters_try(struct xs_rule_counters *counters, const struct xs_pins *pins,
			 __u32 stats_slot, __u32 row_cnt);
int xs_rule_counters_put(const struct xs_rule_counters *counters, const struct xs_pins *pins,
			 __u32 stats_slot);
/*
 * The pin rule_stats_map follows the set in force in two steps. stage() pins the
 * counters in `stats_slot` (if any) beside it; it can fail for many reasons. publish()
 * renames what was staged, if anything was. unstage() undoes stage(). For maps that are
 * not pinned (dir "") all three do nothing.
 */
int xs_rule_counters_stage(const struct xs_pins *pins, __u32 stats_slot);
int xs_rule_counters_publish(const struct xs_pins *pins);
void xs_rule_counters_unstage(const struct xs_pins *pins);
void xs_rule_counters_close(struct xs_rule_counters *counters);

/*
 * Rows summed over all slices, from malloc(), at least one; the caller frees them.
 * NULL: out of memory.
 */
struct xs_rule_stats *xs_rule_counters_sum(const struct xs_rule_counters *counters);

/*
 * Sets the carried slice of `to` to what `from` has counted. May be called again with
 * later totals.
 */
void xs_rule_counters_carry(struct xs_rule_counters *to, const struct xs_rule_counters *from,
			    const struct xs_rule_pairs *pairs);

#endif
