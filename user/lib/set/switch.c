// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Switches from one set to the next; see switch.h. */
#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "counters.h"
#include "counts_return.h"
#include "limits.h"
#include "mapped.h"
#include "sets.h"
#include "settle.h"
#include "switch.h"

static __u32 free_stats_slot(const struct xs_switching *apply)
{
	for (__u32 slot = 0;; slot++)
		if ((!apply->now.header || apply->now.header->stats_slot != slot) &&
		    (!apply->back.header || apply->back.header->stats_slot != slot))
			return slot; /* XS_STATS_SLOTS is more than two */
}

static int set_deadline(const struct xs_switching *apply, struct xs_set_header *header)
{
	__u64 now;
	int err;

	header->deadline_ns = 0;
	if (!apply->confirm_sec)
		return 0;
	err = xs_kernel_ns(&now);
	if (err)
		return xs_set_no_clock(apply->pins, err);
	header->deadline_ns = now + apply->confirm_sec * 1000000000ULL;
	return 0;
}

static int prepare(struct xs_switching *apply)
{
	struct xs_pins *pins = apply->pins;
	struct xs_set_header *header = apply->next.header;
	int err;

	header->generation = pins->meta.generation + 1;
	if (apply->now.header && header->generation <= apply->now.header->generation)
		header->generation = apply->now.header->generation + 1;
	header->stats_slot = free_stats_slot(apply);
	err = set_deadline(apply, header);
	if (!err)
		err = xs_rule_counters_create(apply->pins->ctx, &apply->counters,
					      xs_set_counters(header));
	if (!err && apply->now.header)
		err = xs_rule_counters_open(&apply->old_counters, pins,
					    apply->now.header->stats_slot,
					    xs_set_counters(apply->now.header));
	if (!err && apply->now.header)
		err = xs_rule_pairs_find(apply->pins->ctx, &apply->pairs, apply->now.header,
					 header);
	if (!err)
		xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	if (!err)
		err = xs_limits_place(apply);
	return err ? err : xs_rule_counters_put(&apply->counters, pins, header->stats_slot);
}

static bool is_waiting(const struct xs_switching *apply)
{
	return xs_set_waits(apply->now.header);
}

/* The switch did not happen: undoes all preparations. */
static void take_back(const struct xs_switching *apply)
{
	const __u32 slot = XS_SET_FALLBACK, stats_slot = apply->next.header->stats_slot;

	xs_rule_counters_unstage(apply->pins);
	bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &stats_slot);
	if (!is_waiting(apply))
		bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_sets], &slot);
}

/*
 * Everything that can fail for an outside reason comes before the switch. This includes
 * the fallback, which the data path may need from the switch on.
 */
static int put_in_force(struct xs_switching *apply, struct xs_apply *result)
{
	__u64 start;
	int err;

	err = xs_rule_counters_stage(apply->pins, apply->next.header->stats_slot);
	if (!err && apply->confirm_sec && !is_waiting(apply))
		err = xs_set_slot_put(apply->pins, XS_SET_FALLBACK, apply->now.fd);
	start = xs_monotonic_ns();
	if (!err)
		err = xs_set_slot_put(apply->pins, XS_SET_IN_FORCE, apply->next.fd);
	result->switch_ns = xs_monotonic_ns() - start;
	if (err)
		take_back(apply);
	return err;
}

/* Releases counters that neither the set in force nor the fallback uses. */
static void release_stats(const struct xs_switching *apply)
{
	const struct xs_mapped_set *kept = !apply->confirm_sec	? NULL
					   : apply->back.header ? &apply->back
								: &apply->now;

	for (__u32 slot = 0; slot < XS_STATS_SLOTS; slot++)
		if (slot != apply->next.header->stats_slot &&
		    (!kept || !kept->header || kept->header->stats_slot != slot))
			bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &slot);
}

/* The set is in force even if this fails; settling or the next apply repairs it. */
static void follow_switch(struct xs_switching *apply, struct xs_apply *result)
{
	const struct xs_set_header *header = apply->next.header;
	int fallback_err = 0, err;

	/* No frame is in the old set any more: the kernel has waited for them (RCU). */
	xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	/* The fallback belongs to the set that is now replaced, which went on counting for it. */
	if (apply->confirm_sec && apply->back.header && apply->now.header)
		xs_counts_return(apply->pins, apply->now.header, apply->back.header);
	if (!apply->confirm_sec)
		fallback_err = xs_set_slot_put(apply->pins, XS_SET_FALLBACK, -1);
	err = xs_set_publish(apply->pins, header);
	if (err || fallback_err)
		xs_warn(apply->pins->ctx,
			"%s: rule set %llu is in force all the same; "
			"the next apply repairs the rest",
			apply->pins->ifname, header->generation);
	release_stats(apply);
	result->generation = header->generation;
	result->carried = apply->pairs.rule_cnt;
}

int xs_switch(struct xs_switching *apply, struct xs_apply *result)
{
	int err = prepare(apply);

	if (!err)
		err = put_in_force(apply, result);
	if (!err)
		follow_switch(apply, result);
	return err;
}
