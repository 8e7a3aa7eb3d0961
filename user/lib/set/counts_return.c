// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Returns the counts of a set that was not confirmed to the set before it; see counts_return.h. */
#include <errno.h>

#include "counters.h"
#include "counts_return.h"
#include "pairs.h"

/* Rows of the data path: all slices except the carried one, which is the last. */
static struct xs_rule_stats *row_of(const struct xs_rule_counters *counters, __u32 slice,
				    __u32 rule)
{
	return &counters->rows[(size_t)slice * counters->row_cnt + rule];
}

static struct xs_rule_stats own_count(const struct xs_rule_counters *counters, __u32 rule)
{
	struct xs_rule_stats sum = {};

	for (__u32 slice = 0; slice + 1 < counters->slices; slice++) {
		const struct xs_rule_stats *row = row_of(counters, slice, rule);

		sum.packets += __atomic_load_n(&row->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&row->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}

/* By exchange, so that a frame that is just being counted is not lost between load and store. */
static void move_row(struct xs_rule_stats *from, struct xs_rule_stats *to)
{
	to->packets += __atomic_exchange_n(&from->packets, 0, __ATOMIC_RELAXED);
	to->bytes += __atomic_exchange_n(&from->bytes, 0, __ATOMIC_RELAXED);
}

int xs_counts_add(const struct xs_pins *pins, const struct xs_set_header *from,
		  const struct xs_set_header *to, struct xs_rule_stats *stats)
{
	struct xs_rule_counters counters;
	struct xs_rule_pairs pairs = {};
	int err;

	err = xs_rule_counters_try(&counters, pins, from->stats_slot, xs_set_counters(from));
	if (err)
		return err;
	err = xs_rule_pairs_find(pins->ctx, &pairs, from, to);
	for (__u32 i = 0; !err && i < pairs.cnt; i++) {
		struct xs_rule_stats own = own_count(&counters, pairs.pairs[i].from);

		stats[pairs.pairs[i].to].packets += own.packets;
		stats[pairs.pairs[i].to].bytes += own.bytes;
	}
	xs_rule_pairs_free(&pairs);
	xs_rule_counters_close(&counters);
	return err;
}

int xs_counts_return(const struct xs_pins *pins, const struct xs_set_header *from,
		     const struct xs_set_header *to)
{
	struct xs_rule_counters source, target = XS_NO_COUNTERS;
	struct xs_rule_pairs pairs = {};
	int err;

	err = xs_rule_counters_try(&source, pins, from->stats_slot, xs_set_counters(from));
	if (!err)
		err = xs_rule_counters_try(&target, pins, to->stats_slot, xs_set_counters(to));
	if (!err)
		err = xs_rule_pairs_find(pins->ctx, &pairs, from, to);
	for (__u32 i = 0; !err && i < pairs.cnt; i++)
		for (__u32 slice = 0; slice + 1 < source.slices; slice++)
			move_row(row_of(&source, slice, pairs.pairs[i].from),
				 row_of(&target, target.slices - 1, pairs.pairs[i].to));
	xs_rule_pairs_free(&pairs);
	xs_rule_counters_close(&target);
	xs_rule_counters_close(&source);
	return err;
}
