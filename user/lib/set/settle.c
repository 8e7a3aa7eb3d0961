// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Repairs what was left behind: a deadline that has passed, a tool that was killed
 * after its switch. Also confirms. See sets.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "counters.h"
#include "counts_return.h"
#include "mapped.h"
#include "member_sets.h"
#include "sets.h"
#include "settle.h"
#include "targets.h"

/*
 * Updates the pin of the counters, which was staged before the switch, and meta. meta
 * comes last: if it does not agree with the set, tidy() repairs.
 */
int xs_set_publish(struct xs_pins *pins, const struct xs_set_header *header)
{
	int err;

	if (!pins->dir[0])
		return 0;
	err = xs_rule_counters_publish(pins);
	if (err)
		return err;
	pins->meta.generation = header->generation;
	pins->meta.default_action = header->default_action;
	pins->meta.malformed_action = header->malformed_action;
	return xs_meta_set(pins);
}

static int roll_back(struct xs_pins *pins, struct xs_mapped_set *over, struct xs_mapped_set *back)
{
	struct xs_set_header none = { .generation = over->header->generation + 1,
				      .stats_slot = XS_STATS_SLOTS,
				      .default_action = xs_builtin_default(pins) };
	const struct xs_set_header *header = back->header ? back->header : &none;
	int err;

	err = xs_rule_counters_stage(pins, header->stats_slot);
	if (err)
		return err;
	/* Before the switch, because after it nobody finds the other set's counters. */
	if (back->header && xs_counts_return(pins, over->header, back->header))
		xs_warn(pins->ctx, "%s: the counts of rule set %llu are lost", pins->ifname,
			over->header->generation);
	if (back->header)
		back->header->generation = none.generation;
	err = xs_set_slot_put(pins, XS_SET_IN_FORCE, back->fd);
	if (!err)
		err = xs_set_slot_put(pins, XS_SET_FALLBACK, -1);
	if (!err) {
		xs_targets_close_unnamed(pins);
		xs_member_sets_settle(pins);
		err = xs_set_publish(pins, header);
	}
	if (!err)
		xs_note(pins->ctx,
			"%s: rule set %llu was not confirmed in time and has been rolled back",
			pins->ifname, over->header->generation);
	return err ? err : 1;
}

static int tidy(struct xs_pins *pins, const struct xs_mapped_set *now)
{
	int err = xs_set_slot_put(pins, XS_SET_FALLBACK, -1);

	/* An apply was killed, or failed, after its switch. */
	if (err || !now->header || pins->meta.generation == now->header->generation)
		return err;
	err = xs_rule_counters_stage(pins, now->header->stats_slot);
	return err ? err : xs_set_publish(pins, now->header);
}

int xs_rule_sets_settle(struct xs_pins *pins)
{
	struct xs_mapped_set now, back;
	int err;

	err = xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ, &now);
	if (!err)
		err = xs_mapped_open(pins, XS_SET_FALLBACK, PROT_READ | PROT_WRITE, &back);
	else
		back = XS_NO_SET;
	if (xs_mapped_failed(pins, err))
		goto out;
	if (!xs_set_waits(now.header))
		err = tidy(pins, &now);
	else if (xs_set_is_over(now.header))
		err = roll_back(pins, &now, &back);
out:
	xs_mapped_close(&back);
	xs_mapped_close(&now);
	return err;
}

static int too_late(const struct xs_pins *pins)
{
	xs_err(pins->ctx, "%s: too late to confirm", pins->ifname);
	return -ETIMEDOUT;
}

/*
 * Clears the deadline before it reads the time, so that it cannot pass in between. If
 * it had passed, frames have met the fallback already, and the deadline is put back.
 */
static int keep_set(struct xs_pins *pins, struct xs_mapped_set *now)
{
	__u64 *deadline_ns = &now->header->deadline_ns;
	__u64 until = __atomic_exchange_n(deadline_ns, XS_SET_CONFIRMED, __ATOMIC_SEQ_CST);
	__u64 time;
	int err = xs_kernel_ns(&time);

	if (err) {
		__atomic_store_n(deadline_ns, until, __ATOMIC_SEQ_CST);
		return xs_set_no_clock(pins, err);
	}
	if (until >= time) {
		err = xs_set_slot_put(pins, XS_SET_FALLBACK, -1);
		if (!err) {
			xs_targets_close_unnamed(pins);
			xs_member_sets_settle(pins);
		}
		return err;
	}
	__atomic_store_n(deadline_ns, until, __ATOMIC_SEQ_CST);
	err = xs_rule_sets_settle(pins);
	return err < 0 ? err : too_late(pins);
}

int xs_rule_sets_confirm(struct xs_pins *pins)
{
	struct xs_mapped_set now;
	int err;

	err = xs_rule_sets_settle(pins);
	if (err)
		return err < 0 ? err : too_late(pins);
	err = xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ | PROT_WRITE, &now);
	if (xs_mapped_failed(pins, err))
		return err;
	if (!xs_set_waits(now.header)) {
		xs_err(pins->ctx, "%s: no rule set waits to be confirmed", pins->ifname);
		/* A confirm that was killed may not have done this. */
		xs_targets_close_unnamed(pins);
		xs_member_sets_settle(pins);
		err = -ENOENT;
	} else {
		err = keep_set(pins, &now);
	}
	xs_mapped_close(&now);
	return err;
}
