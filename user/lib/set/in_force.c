// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads back the set that frames are classified by now; see sets.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "counters.h"
#include "counts_return.h"
#include "mapped.h"
#include "read.h"
#include "sets.h"

__u64 xs_rule_sets_generation(const struct xs_pins *pins)
{
	struct xs_mapped_set set;
	struct xs_sets_seen seen;
	__u64 generation, confirm_ns;
	bool rolled_back;

	if (xs_mapped_open_current(pins, &set, &seen, &rolled_back, &confirm_ns) || !set.header)
		return rolled_back ? 0 : pins->meta.generation;
	generation = set.header->generation;
	xs_mapped_close(&set);
	return generation;
}

#define READ_TRIES 1000 /* each apply during a try costs that try */

static int read_counters(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	struct xs_rule_counters counters;
	int err = xs_rule_counters_try(&counters, pins, now->header->stats_slot,
				       xs_set_counters(now->header));

	if (err)
		return err;
	now->stats = xs_rule_counters_sum(&counters);
	xs_rule_counters_close(&counters);
	return now->stats ? 0 : -ENOMEM;
}

/* The set that was not confirmed in time is still in its slot, with its counts. */
static void add_rolled_back(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	struct xs_mapped_set over;

	if (xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ, &over))
		return;
	if (over.header && xs_set_is_over(over.header))
		xs_counts_add(pins, over.header, now->header, now->stats);
	xs_mapped_close(&over);
}

struct xs_rule_refused xs_rule_refused(const struct xs_rules_in_force *now, __u32 rule)
{
	__u32 limit = now->rules[rule].action.limit;
	const struct xs_rule_stats *of;
	struct xs_rule_refused refused = { .limited = limit };

	if (!limit)
		return refused;
	of = &now->stats[xs_set_limit_counter(now->header, limit, XS_LIMIT_NO_ROOM)];
	refused.no_room = *of;
	of = &now->stats[xs_set_limit_counter(now->header, limit, XS_LIMIT_OVER)];
	refused.over.packets = of->packets + refused.no_room.packets;
	refused.over.bytes = of->bytes + refused.no_room.bytes;
	return refused;
}

static int try_read(const struct xs_pins *pins, struct xs_rules_in_force *now,
		    struct xs_sets_seen *seen)
{
	struct xs_mapped_set set;
	int err;

	*now = (struct xs_rules_in_force){};
	err = xs_mapped_open_current(pins, &set, seen, &now->rolled_back, &now->confirm_ns);
	if (err || !set.header)
		return err;
	now->header = set.header;
	now->rules = xs_set_rules(set.header);
	now->mapping = set.header;
	now->mapping_bytes = set.bytes;
	close(set.fd);
	err = read_counters(pins, now);
	if (!err && now->rolled_back)
		add_rolled_back(pins, now);
	return err;
}

/* A set keeps its counters while it is in its slot. Readers do not take the lock. */
static bool still_in_force(const struct xs_pins *pins, const struct xs_rules_in_force *now,
			   const struct xs_sets_seen *seen)
{
	for (__u32 slot = 0; slot <= (now->rolled_back ? XS_SET_FALLBACK : XS_SET_IN_FORCE);
	     slot++) {
		__u32 id = 0;

		if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id) &&
		    errno != ENOENT)
			return true; /* trying again would not help */
		if (id != seen->ids[slot])
			return false;
	}
	return true;
}

/* On an error what could be opened stays open. -EAGAIN: they change too often. */
static int read_steady(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	struct xs_sets_seen seen;
	int err;

	for (int i = 0; i < READ_TRIES; i++) {
		err = try_read(pins, now, &seen);
		if (still_in_force(pins, now, &seen))
			return err;
		xs_rules_in_force_close(now);
	}
	return -EAGAIN;
}

int xs_rule_sets_look(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	int err = read_steady(pins, now);

	if (err)
		xs_rules_in_force_close(now);
	return err;
}

int xs_rule_sets_read(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	int err = read_steady(pins, now);

	if (err == -EAGAIN)
		xs_err(pins->ctx, "%s: the rules change too often to be read: try again",
		       pins->ifname);
	else if (err && now->header)
		xs_err(pins->ctx, "cannot read slot %u of %s/rule_stats: %s",
		       now->header->stats_slot, pins->dir, strerror(-err));
	else
		xs_mapped_failed(pins, err);
	if (err)
		xs_rules_in_force_close(now);
	return err;
}

void xs_rules_in_force_close(struct xs_rules_in_force *now)
{
	if (now->mapping)
		munmap(now->mapping, now->mapping_bytes);
	free(now->stats);
	*now = (struct xs_rules_in_force){};
}
