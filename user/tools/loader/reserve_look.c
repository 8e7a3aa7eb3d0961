// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is reserved; see reserve_look.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/identity.h"
#include "lib/net/rss.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/parsed.h"
#include "lib/set/sets.h"
#include "reserve_look.h"

/* Do frames that no rule matches go to sockets? */
static bool default_leads(const struct xs_pins *pins)
{
	struct xs_rules_in_force now = {};
	struct xs_action action = xs_builtin_default(pins);

	if (!xs_rule_sets_look(pins, &now) && now.header)
		action = now.header->default_action;
	xs_rules_in_force_close(&now);
	return action.verdict == XS_VERDICT_xsk || action.verdict == XS_VERDICT_chain;
}

int xs_reserve_count(const struct xs_pins *pins, struct xs_reserved *record)
{
	bool leads = default_leads(pins);
	struct xs_queue_stats *stats;
	__u32 cnt = 0;

	stats = xs_queue_stats_read(pins, &cnt);
	if (!stats)
		return -EIO;
	for (__u32 i = 0; i < record->queue_cnt; i++) {
		struct xs_reserved_queue *queue = &record->queues[i];

		if (queue->queue >= cnt)
			continue;
		queue->packets = stats[queue->queue].packets;
		queue->by_no_rule = xs_reserved_by_no_rule(&stats[queue->queue], leads);
	}
	free(stats);
	return 0;
}

static __u64 since(__u64 now, __u64 before)
{
	return now > before ? now - before : 0;
}

static int add_counts(const struct xs_pins *pins, struct xs_reserve_look *look)
{
	struct xs_reserved *now = malloc(sizeof(*now));
	int err = now ? 0 : -ENOMEM;

	if (now) {
		*now = look->record;
		err = xs_reserve_count(pins, now);
	}
	for (__u32 i = 0; !err && i < look->record.queue_cnt; i++) {
		const struct xs_reserved_queue *before = &look->record.queues[i];

		look->since[i].queue = before->queue;
		look->since[i].packets = since(now->queues[i].packets, before->packets);
		look->since[i].by_no_rule = since(now->queues[i].by_no_rule, before->by_no_rule);
	}
	free(now);
	return err;
}

static enum xs_reserve_table look_at_table(const struct xs_pins *pins,
					   const struct xs_reserved *record)
{
	struct xs_rss *rss = malloc(sizeof(*rss));
	enum xs_reserve_table table = XS_RESERVE_TABLE_unknown;
	char name[16];

	if (rss && !xs_netif_name(pins->meta.ifindex, name) && !xs_rss_read(name, rss))
		table = xs_rss_is(rss, record->after, record->table_size)
				? XS_RESERVE_TABLE_kept
				: XS_RESERVE_TABLE_changed;
	free(rss);
	return table;
}

int xs_reserve_look(const struct xs_pins *pins, struct xs_reserve_look **look)
{
	struct xs_reserve_look *found = calloc(1, sizeof(*found));
	int err = found ? xs_reserved_read(pins, &found->record) : -ENOMEM;

	if (err > 0) {
		for (__u32 i = 0; i < found->record.queue_cnt; i++)
			found->queues.queue[found->queues.cnt++] = found->record.queues[i].queue;
		for (__u32 i = 0; i < found->record.flow_cnt; i++)
			found->flow_cnt += found->record.flows[i].state == XS_RESERVED_MADE;
		found->table = look_at_table(pins, &found->record);
		err = add_counts(pins, found) ?: 1;
	}
	if (err > 0)
		*look = found;
	else
		free(found);
	return err;
}

/* What the rules in force ask for. 0 or -errno. */
static int find_wishes(const struct xs_pins *pins, const struct xs_reserve_look *look,
		       struct xs_reserve_wishes *wishes)
{
	struct xs_rules_in_force now = {};
	struct xs_ruleset rules = {};
	int err = xs_rule_sets_look(pins, &now);

	if (!err && now.header)
		err = xs_set_parse(now.header, &rules);
	if (!err)
		err = xs_reserve_wishes_find(&rules, &look->queues, pins->slots, wishes);
	xs_ruleset_free(&rules);
	xs_rules_in_force_close(&now);
	return err;
}

void xs_reserve_look_for_drift(const struct xs_pins *pins, const struct xs_reserve_look *look,
			       struct xs_reserve_drift *drift)
{
	struct xs_reserve_wishes wishes = {};
	struct xs_ntuple_rules there = {};
	struct xs_reserve_facts facts = { .there = &there, .wishes = &wishes };
	char name[16];

	*drift = (struct xs_reserve_drift){};
	if (xs_netif_name(pins->meta.ifindex, name))
		return;
	facts.ntuple = xs_ntuple_switch(name);
	if (!xs_ntuple_read(name, &there) && !find_wishes(pins, look, &wishes))
		xs_reserve_drift_find(&facts, &look->record, drift);
	xs_reserve_wishes_free(&wishes);
	free(there.rows);
}

json_t *xs_reserve_counts_json(const struct xs_reserve_look *look)
{
	json_t *rows = json_array();

	for (__u32 i = 0; i < look->queues.cnt; i++)
		json_array_append_new(rows,
				      json_pack("{s:I, s:I, s:I}", "queue",
						(json_int_t)look->since[i].queue, "packets",
						(json_int_t)look->since[i].packets, "by_no_rule",
						(json_int_t)look->since[i].by_no_rule));
	return rows;
}

const char *xs_reserve_table_name(enum xs_reserve_table table)
{
	static const char *const names[] = { "kept", "changed", "unknown" };

	return names[table];
}
