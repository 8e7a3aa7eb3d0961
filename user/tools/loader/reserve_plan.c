// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What `reserve` is to do; see reserve_plan.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/number.h"
#include "reserve_plan.h"

static int __attribute__((format(printf, 3, 4)))
refuse(struct xs_reserve_plan *plan, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(plan->why, sizeof(plan->why), fmt, args);
	va_end(args);
	return err;
}

/* ---- what cannot be ---- */

static int check_table(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	if (facts->rss_err == -EOPNOTSUPP)
		return refuse(
			plan, -EOPNOTSUPP,
			"%s has no RSS table%s%s%s, so nothing can keep frames away from a queue",
			facts->ifname, facts->driver[0] ? " (driver '" : "", facts->driver,
			facts->driver[0] ? "')" : "");
	if (facts->rss_err == -E2BIG)
		return refuse(plan, -EOPNOTSUPP,
			      "the RSS table of %s has more than %d entries, which this build "
			      "cannot record",
			      facts->ifname, XS_RESERVED_TABLE_MAX);
	if (facts->rss_err)
		return refuse(plan, facts->rss_err, "cannot read the RSS table of %s: %s",
			      facts->ifname, strerror(-facts->rss_err));
	return 0;
}

static int check_queues(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	const struct xs_queue_list *queues = facts->queues;
	const __u32 cnt = facts->rss->queues;

	for (__u32 i = 0; i < queues->cnt; i++)
		if (queues->queue[i] >= cnt)
			return refuse(plan, -EINVAL,
				      "%s has no queue %u: it receives on %u queue%s; valid: 0-%u",
				      facts->ifname, queues->queue[i], cnt, xs_s(cnt),
				      cnt ? cnt - 1 : 0);
	if (queues->cnt == cnt)
		return refuse(
			plan, -EINVAL,
			"%s has no more queues than these %u: one must stay for all other frames",
			facts->ifname, cnt);
	return 0;
}

/* The tables of contexts may lead to any queue, and nothing tells all of them. */
static int check_contexts(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	for (__u32 i = 0; i < facts->there->cnt; i++)
		if (xs_ntuple_to_context(&facts->there->rows[i]))
			return refuse(plan, -EBUSY,
				      "rule %u of the NIC leads to an RSS context of its own on "
				      "%s, whose "
				      "table may lead to any queue: remove it with 'ethtool -N %s "
				      "delete %u'",
				      facts->there->rows[i].location, facts->ifname, facts->ifname,
				      facts->there->rows[i].location);
	return 0;
}

/* ---- the table ---- */

static int plan_table(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	const struct xs_rss *rss = facts->rss;
	struct xs_reserved *record = &plan->record;
	__u32 next = 0;

	for (__u32 i = 0; i < rss->size; i++)
		if (!xs_queue_list_has(facts->queues, rss->entry[i]) &&
		    !xs_queue_list_has(&plan->left, rss->entry[i]) &&
		    plan->left.cnt < XS_RESERVED_QUEUES_MAX)
			plan->left.queue[plan->left.cnt++] = rss->entry[i];
	if (!plan->left.cnt)
		return refuse(
			plan, -EINVAL,
			"the RSS table of %s leads to these queues only, so none would be left for "
			"other frames: 'ethtool -X %s default' spreads over all",
			facts->ifname, facts->ifname);
	record->table_size = rss->size;
	record->by_default = xs_rss_is_default(rss);
	for (__u32 i = 0; i < rss->size; i++) {
		record->before[i] = record->after[i] = rss->entry[i];
		if (!xs_queue_list_has(facts->queues, rss->entry[i]))
			continue;
		record->after[i] = (__u16)plan->left.queue[next++ % plan->left.cnt];
		plan->entries++;
	}
	return 0;
}

/* ---- the NIC's own rules ---- */

static int __attribute__((format(printf, 3, 4)))
skip(struct xs_reserve_plan *plan, __u32 rule, const char *fmt, ...)
{
	va_list args;
	int err;

	va_start(args, fmt);
	err = xs_reserve_skip_add(&plan->skips, &plan->skip_cnt, rule, fmt, args);
	va_end(args);
	return err;
}

static int copy_skips(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	int err = 0;

	for (__u32 i = 0; !err && i < facts->wishes->skip_cnt; i++)
		err = skip(plan, facts->wishes->skips[i].rule, "%s", facts->wishes->skips[i].why);
	return err;
}

static const struct ethtool_rx_flow_spec *find_same(const struct xs_ntuple_rules *rules,
						    const struct ethtool_rx_flow_spec *spec)
{
	for (__u32 i = 0; i < rules->cnt; i++)
		if (xs_ntuple_same_frames(&rules->rows[i], spec))
			return &rules->rows[i];
	return NULL;
}

static bool has_frames(const struct xs_reserved_flow *flow, const struct ethtool_rx_flow_spec *spec)
{
	struct ethtool_rx_flow_spec own;

	xs_ntuple_spec(flow, &own);
	return xs_ntuple_same_frames(&own, spec);
}

static const struct xs_reserved_flow *find_flow(const struct xs_reserved *record,
						const struct ethtool_rx_flow_spec *spec)
{
	for (__u32 i = 0; i < record->flow_cnt; i++)
		if (has_frames(&record->flows[i], spec))
			return &record->flows[i];
	return NULL;
}

static bool is_taken(const struct xs_ntuple_rules *rules, __u32 location)
{
	for (__u32 i = 0; i < rules->cnt; i++)
		if (rules->rows[i].location == location)
			return true;
	return false;
}

/* Ascending, since the lower one decides if two rules of a NIC match. False: the table is full. */
static bool find_location(const struct xs_ntuple_rules *rules, __u32 *next, __u32 *location)
{
	if (rules->picks_location) {
		*location = RX_CLS_LOC_ANY;
		return true;
	}
	while (*next < rules->room && is_taken(rules, *next))
		++*next;
	*location = (*next)++;
	return *location < rules->room;
}

static int plan_flow(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan,
		     const struct xs_reserve_wish *wish, __u32 *next)
{
	struct xs_reserved *record = &plan->record;
	const struct ethtool_rx_flow_spec *same;
	struct ethtool_rx_flow_spec spec;
	struct xs_reserved_flow flow = wish->flow;

	xs_ntuple_spec(&flow, &spec);
	if (find_flow(&plan->record, &spec))
		return 0; /* an earlier rule has these frames */
	same = find_same(facts->there, &spec);
	if (same && same->ring_cookie == spec.ring_cookie)
		return skip(plan, wish->rule, "rule %u of the NIC, not ours, does it already",
			    same->location);
	if (same)
		return skip(plan, wish->rule,
			    "rule %u of the NIC, not ours, has the same frames, and another queue",
			    same->location);
	if (record->flow_cnt == XS_RESERVED_FLOWS_MAX)
		return skip(plan, wish->rule, "there are %d already, and no more are recorded",
			    XS_RESERVED_FLOWS_MAX);
	if (!find_location(facts->there, next, &flow.location))
		return skip(plan, wish->rule, "the NIC has room for %u rules, and no more",
			    facts->there->room);
	plan->flow_rule[record->flow_cnt] = wish->rule;
	record->flows[record->flow_cnt++] = flow;
	return 0;
}

static int plan_flows(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	const struct xs_reserve_wishes *wishes = facts->wishes;
	__u32 next = 0;
	int err = 0;

	for (__u32 i = 0; !err && i < wishes->cnt; i++) {
		bool first = !i || wishes->wishes[i].rule != wishes->wishes[i - 1].rule;

		if (facts->ntuple == XS_NTUPLE_ON)
			err = plan_flow(facts, plan, &wishes->wishes[i], &next);
		else if (first)
			err = skip(plan, wishes->wishes[i].rule,
				   facts->ntuple == XS_NTUPLE_OFF
					   ? "the NIC's own rules are off: 'ethtool -K %s ntuple "
					     "on' first"
					   : "the NIC of %s has no rules of its own",
				   facts->ifname);
	}
	return err;
}

static int find_others(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	const struct xs_ntuple_rules *there = facts->there;

	plan->others = calloc(there->cnt + 1, sizeof(*plan->others));
	if (!plan->others)
		return -ENOMEM;
	for (__u32 i = 0; i < there->cnt; i++) {
		int queue = xs_ntuple_queue(&there->rows[i]);

		if (queue >= 0 && xs_queue_list_has(facts->queues, (__u32)queue))
			plan->others[plan->other_cnt++] =
				(struct xs_reserve_other){ there->rows[i].location, (__u32)queue };
	}
	return 0;
}

/* ---- all of it ---- */

int xs_reserve_plan_make(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan)
{
	int err;

	memset(plan, 0, sizeof(*plan));
	err = check_table(facts, plan);
	if (!err)
		err = check_queues(facts, plan);
	if (!err)
		err = check_contexts(facts, plan);
	if (!err)
		err = plan_table(facts, plan);
	if (!err)
		err = copy_skips(facts, plan);
	if (!err)
		err = plan_flows(facts, plan);
	if (!err)
		err = find_others(facts, plan);
	if (err)
		return err;
	xs_queue_list_sort(&plan->left);
	plan->record.queue_cnt = facts->queues->cnt;
	for (__u32 i = 0; i < facts->queues->cnt; i++)
		plan->record.queues[i].queue = facts->queues->queue[i];
	return 0;
}

void xs_reserve_plan_free(struct xs_reserve_plan *plan)
{
	free(plan->skips);
	free(plan->others);
	plan->skips = NULL;
	plan->others = NULL;
	plan->skip_cnt = plan->other_cnt = 0;
}

/* ---- and later ---- */

/* The first rule has the frames, as in the plan. NULL: none asks for them. */
static const struct xs_reserve_wish *find_wish(const struct xs_reserve_wishes *wishes,
					       const struct xs_reserved_flow *flow)
{
	struct ethtool_rx_flow_spec spec;

	xs_ntuple_spec(flow, &spec);
	for (__u32 i = 0; i < wishes->cnt; i++)
		if (has_frames(&wishes->wishes[i].flow, &spec))
			return &wishes->wishes[i];
	return NULL;
}

/* What the NIC has refused, or has no room for, would be no other way the next time. */
static bool is_missing(const struct xs_reserve_facts *facts, const struct xs_reserved *record,
		       const struct xs_reserve_wish *wish)
{
	const struct xs_ntuple_rules *there = facts->there;
	const struct xs_reserved_flow *flow;
	struct ethtool_rx_flow_spec spec;

	xs_ntuple_spec(&wish->flow, &spec);
	flow = find_flow(record, &spec);
	if (flow)
		return flow->state == XS_RESERVED_MADE && !is_taken(there, flow->location);
	return !find_same(there, &spec) && (there->picks_location || there->cnt < there->room);
}

void xs_reserve_drift_find(const struct xs_reserve_facts *facts, const struct xs_reserved *record,
			   struct xs_reserve_drift *drift)
{
	const struct xs_reserve_wishes *wishes = facts->wishes;

	*drift = (struct xs_reserve_drift){};
	if (facts->ntuple != XS_NTUPLE_ON)
		return;
	for (__u32 i = 0; i < record->flow_cnt; i++) {
		const struct xs_reserve_wish *wish = find_wish(wishes, &record->flows[i]);

		drift->stale += record->flows[i].state == XS_RESERVED_MADE &&
				(!wish || wish->flow.queue != record->flows[i].queue);
	}
	/* more are not recorded, so it ends early where rules are many */
	for (__u32 i = 0;
	     i < wishes->cnt && record->flow_cnt + drift->missing < XS_RESERVED_FLOWS_MAX; i++)
		drift->missing += is_missing(facts, record, &wishes->wishes[i]) &&
				  find_wish(wishes, &wishes->wishes[i].flow) == &wishes->wishes[i];
}

void xs_reserve_drift_text(const struct xs_reserve_drift *drift, char text[XS_RESERVE_DRIFT_MAX])
{
	size_t at = 0;

	text[0] = '\0';
	if (drift->stale)
		at = (size_t)snprintf(text, XS_RESERVE_DRIFT_MAX,
				      "%u rule%s of the NIC %s not of the rules in force",
				      drift->stale, xs_s(drift->stale),
				      drift->stale == 1 ? "is" : "are");
	if (drift->missing)
		snprintf(text + at, XS_RESERVE_DRIFT_MAX - at,
			 "%s%u flow%s of the rules in force %s no rule of the NIC",
			 at ? ", and " : "", drift->missing, xs_s(drift->missing),
			 drift->missing == 1 ? "has" : "have");
}
