// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Settings for busy-polling, by owner; see knobs.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/net/busy_knobs.h"
#include "knobs.h"
#include "netns.h"
#include "owners.h"

#define NO_SLOT (~0U)

bool xs_knobs_are_recorded(const struct xs_pins *pins)
{
	return pins->map_fds[XS_MAP_knobs] >= 0;
}

static bool read_row(const struct xs_pins *pins, __u32 slot, struct xs_knobs *row)
{
	return !bpf_map_lookup_elem(pins->map_fds[XS_MAP_knobs], &slot, row) && row->set;
}

static int write_row(const struct xs_pins *pins, __u32 slot, const struct xs_knobs *row)
{
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_knobs], &slot, row, BPF_ANY))
		return 0;
	err = -errno;
	xs_warn(pins->ctx, "cannot write slot %u of %s/knobs: %s", slot, pins->dir, strerror(-err));
	return err;
}

/*
 * All rows as one: what was there before whichever of them came first. *in_use: but for `but`.
 * Without a record there is nothing in it; one that cannot be read is logged, -errno.
 */
static int add_up(const struct xs_pins *pins, struct xs_knobs *sum, __u32 but, bool *in_use)
{
	struct xs_knobs *rows;
	int err = -ENOMEM;

	*sum = (struct xs_knobs){};
	*in_use = false;
	if (!xs_knobs_are_recorded(pins))
		return 0;
	rows = calloc(pins->slots + 1, sizeof(*rows));
	if (rows)
		err = xs_map_read(pins->map_fds[XS_MAP_knobs], 0, pins->slots, rows);
	if (err)
		xs_warn(pins->ctx, "cannot read %s/knobs: %s", pins->dir, strerror(-err));
	for (__u32 slot = 0; !err && slot < pins->slots; slot++) {
		const struct xs_knobs *row = &rows[slot];

		if (!row->set)
			continue;
		for (int i = 0; i < XS_KNOB_MAX; i++)
			if (row->set & 1U << i)
				sum->before[i] = row->before[i];
		sum->set |= row->set;
		*in_use = *in_use || (slot != but && xs_slot_in_use(pins, slot));
	}
	free(rows);
	return err;
}

bool xs_knobs_in_record(const struct xs_pins *pins)
{
	struct xs_knobs sum;
	bool in_use;

	return !add_up(pins, &sum, NO_SLOT, &in_use) && sum.set;
}

/* Those whose owner is gone, that of `slot`, or all. */
static void clear_rows(const struct xs_pins *pins, __u32 slot, bool all)
{
	const struct xs_knobs none = {};
	struct xs_knobs row;

	for (__u32 i = 0; i < pins->slots; i++)
		if (read_row(pins, i, &row) && (all || i == slot || !xs_slot_in_use(pins, i)))
			write_row(pins, i, &none);
}

/* First the interface, then the record: who is killed between leaves it to the next. */
static void end_use(const struct xs_pins *pins, __u32 slot, bool whoever_polls)
{
	struct xs_knobs sum;
	bool in_use;

	if (add_up(pins, &sum, slot, &in_use) || !sum.set)
		return;
	in_use = in_use && !whoever_polls;
	/* of another network namespace: who is there puts it back */
	if (!in_use && (xs_netns_of(&pins->meta) != XS_NETNS_OURS ||
			xs_busy_knobs_turn_back(pins->ctx, pins->meta.ifindex, &sum)))
		return;
	clear_rows(pins, slot, !in_use);
}

void xs_knobs_take(const struct xs_pins *pins, __u32 slot)
{
	struct xs_knobs sum, own, planned;
	bool in_use;

	if (add_up(pins, &sum, NO_SLOT, &in_use) ||
	    xs_busy_knobs_plan(pins->ctx, pins->meta.ifindex, &sum, &own) ||
	    write_row(pins, slot, &own))
		return;
	planned = own;
	xs_busy_knobs_turn(pins->ctx, pins->meta.ifindex, &own);
	if (own.set != planned.set)
		write_row(pins, slot, &own);
}

void xs_knobs_give_up(const struct xs_pins *pins, __u32 slot)
{
	end_use(pins, slot, false);
}

void xs_knobs_settle(const struct xs_pins *pins)
{
	end_use(pins, NO_SLOT, false);
}

void xs_knobs_put_back(const struct xs_pins *pins)
{
	end_use(pins, NO_SLOT, true);
}
