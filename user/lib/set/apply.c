// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A set compiled and put in force with one switch; see sets.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/instance/set_layout.h"
#include "counters.h"
#include "mapped.h"
#include "sets.h"
#include "settle.h"
#include "targets.h"

struct xs_action xs_builtin_default(const struct xs_pins *pins)
{
	bool drop = pins->meta.flags & XS_META_XSK_DROP;

	return (struct xs_action){ .verdict = XS_VERDICT_xsk,
				   .otherwise = drop ? XS_VERDICT_drop : XS_VERDICT_pass,
				   .own_slot = 1 };
}

struct applying {
	struct xs_pins *pins;
	struct xs_mapped_set next, now, back; /* back: of an earlier apply, not yet confirmed */
	struct xs_rule_counters counters, old_counters;
	struct xs_rule_pairs pairs; /* rules whose text did not change */
	__u32 confirm_sec;
};

static __u32 free_stats_slot(const struct applying *apply)
{
	for (__u32 slot = 0;; slot++)
		if ((!apply->now.header || apply->now.header->stats_slot != slot) &&
		    (!apply->back.header || apply->back.header->stats_slot != slot))
			return slot; /* XS_STATS_SLOTS is more than two */
}

static int prepare(struct applying *apply)
{
	struct xs_pins *pins = apply->pins;
	struct xs_set_header *header = apply->next.header;
	int err;

	header->generation = pins->meta.generation + 1;
	if (apply->now.header && header->generation <= apply->now.header->generation)
		header->generation = apply->now.header->generation + 1;
	header->stats_slot = free_stats_slot(apply);
	header->deadline_ns =
		apply->confirm_sec ? xs_monotonic_ns() + apply->confirm_sec * 1000000000ULL : 0;
	err = xs_rule_counters_create(apply->pins->ctx, &apply->counters, header->rule_cnt);
	if (!err && apply->now.header)
		err = xs_rule_counters_open(&apply->old_counters, pins,
					    apply->now.header->stats_slot,
					    apply->now.header->rule_cnt);
	if (!err && apply->now.header)
		err = xs_rule_pairs_find(apply->pins->ctx, &apply->pairs, apply->now.header,
					 header);
	if (!err)
		xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	return err ? err : xs_rule_counters_put(&apply->counters, pins, header->stats_slot);
}

static bool is_waiting(const struct applying *apply)
{
	return xs_set_waits(apply->now.header);
}

/* The switch did not happen: as if nothing had been prepared. */
static void take_back(const struct applying *apply)
{
	const __u32 slot = XS_SET_FALLBACK, stats_slot = apply->next.header->stats_slot;

	xs_rule_counters_unstage(apply->pins);
	bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &stats_slot);
	if (!is_waiting(apply))
		bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_sets], &slot);
}

/*
 * All that can fail for a reason outside comes before the switch. The fallback,
 * too: from the switch on the data path may need it.
 */
static int put_in_force(struct applying *apply, struct xs_apply *result)
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

/* What no set in force or fallback counts in is given back. */
static void release_stats(const struct applying *apply)
{
	const struct xs_mapped_set *kept = !apply->confirm_sec	? NULL
					   : apply->back.header ? &apply->back
								: &apply->now;

	for (__u32 slot = 0; slot < XS_STATS_SLOTS; slot++)
		if (slot != apply->next.header->stats_slot &&
		    (!kept || !kept->header || kept->header->stats_slot != slot))
			bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &slot);
}

/* The set is in force, whatever becomes of this; settling or the next apply makes up for it. */
static void follow_switch(struct applying *apply, struct xs_apply *result)
{
	const struct xs_set_header *header = apply->next.header;
	int fallback_err = 0, err;

	/* no frame is in the old set any more: the kernel has waited for them (RCU) */
	xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	if (!apply->confirm_sec)
		fallback_err = xs_set_slot_put(apply->pins, XS_SET_FALLBACK, -1);
	err = xs_set_publish(apply->pins, header);
	if (err || fallback_err)
		xs_warn(apply->pins->ctx,
			"%s: rule set %llu is in force all the same; the next apply repairs the "
			"rest",
			apply->pins->ifname, header->generation);
	release_stats(apply);
	result->generation = header->generation;
	result->carried = apply->pairs.cnt;
}

/*
 * Settled once more: compiling takes seconds, and a deadline that passes in them
 * leaves the fallback's counters as the ones to go on from.
 */
static int open_old_sets(struct applying *apply)
{
	int err = xs_rule_sets_settle(apply->pins);

	if (err < 0)
		return err;
	err = xs_mapped_open(apply->pins, XS_SET_IN_FORCE, PROT_READ, &apply->now);
	if (!err)
		err = xs_mapped_open(apply->pins, XS_SET_FALLBACK, PROT_READ, &apply->back);
	return xs_mapped_failed(apply->pins, err);
}

static int apply_blob(struct applying *apply, const struct xs_rule_blob *blob,
		      struct xs_apply *result)
{
	int err;

	err = xs_mapped_create(apply->pins->ctx, blob, &apply->next);
	if (!err)
		err = open_old_sets(apply);
	if (!err)
		err = prepare(apply);
	if (!err)
		err = put_in_force(apply, result);
	if (!err)
		follow_switch(apply, result);
	return err;
}

int xs_rule_sets_compile(struct xsteer_ctx *ctx, const struct xs_ruleset *rules,
			 struct xs_rule_blob *blob, struct xs_rule_report *report)
{
	__u64 start = xs_monotonic_ns();
	int err = xs_rule_compile(rules, blob, report);

	report->compile_ns = xs_monotonic_ns() - start;
	if (!err)
		((struct xs_set_header *)blob->bytes)->compile_ns = report->compile_ns;
	else
		xs_err(ctx, "%s", report->error[0] ? report->error : strerror(-err));
	return err;
}

static int put_compiled(struct applying *apply, struct xs_ruleset *rules, struct xs_apply *result)
{
	struct xs_rule_blob blob = {};
	int err;

	err = xs_targets_open(apply->pins, rules);
	if (!err)
		err = xs_rule_sets_compile(apply->pins->ctx, rules, &blob, &result->report);
	if (!err)
		err = apply_blob(apply, &blob, result);
	xs_rule_blob_free(&blob);
	xs_targets_close_unnamed(apply->pins); /* of the old set, or of one that came to nothing */
	return err;
}

int xs_rule_sets_apply(struct xs_pins *pins, struct xs_ruleset *rules, __u32 confirm_sec,
		       struct xs_apply *result)
{
	struct applying apply = { .pins = pins,
				  .next = XS_NO_SET,
				  .now = XS_NO_SET,
				  .back = XS_NO_SET,
				  .counters = XS_NO_COUNTERS,
				  .old_counters = XS_NO_COUNTERS,
				  .confirm_sec = confirm_sec };
	int err;

	*result = (struct xs_apply){};
	if (!rules->default_text)
		rules->default_action = xs_builtin_default(pins);
	err = xs_set_layout_check_program(pins);
	if (!err)
		err = xs_rule_sets_settle(pins);
	if (err >= 0)
		err = put_compiled(&apply, rules, result);
	xs_rule_pairs_free(&apply.pairs);
	xs_rule_counters_close(&apply.old_counters);
	xs_rule_counters_close(&apply.counters);
	xs_mapped_close(&apply.back);
	xs_mapped_close(&apply.now);
	xs_mapped_close(&apply.next);
	return err;
}

int xs_rule_sets_flush(struct xs_pins *pins, struct xs_apply *result)
{
	char name[] = "-", *files[] = { name };
	struct xs_ruleset none = {
		.files = files,
		.file_cnt = 1,
		.malformed_action = { .verdict = XS_VERDICT_pass },
	};

	return xs_rule_sets_apply(pins, &none, 0, result);
}
