/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `reserve` is to do, from what the NIC and the rules say: the table without the reserved queues, and
 * rules of the NIC that bring the flows. Pure: asks nothing, changes nothing.
 */
#ifndef XS_TOOL_RESERVE_PLAN_H
#define XS_TOOL_RESERVE_PLAN_H

#include <stdbool.h>

#include "lib/net/ntuple.h"
#include "lib/net/rss.h"
#include "reserve_flows.h"

struct xs_reserve_facts {
	const char *ifname, *driver;
	int rss_err; /* of reading the table */
	const struct xs_rss *rss;
	enum xs_ntuple_switch ntuple;
	const struct xs_ntuple_rules *there; /* rules that the NIC has already */
	const struct xs_queue_list *queues; /* to be reserved */
	const struct xs_reserve_wishes *wishes;
};

/* A rule of somebody else that brings frames to a reserved queue. */
struct xs_reserve_other {
	__u32 location, queue;
};

struct xs_reserve_plan {
	struct xs_reserved
		record; /* the queues, the table before and after, and the flows to be made */
	__u32 flow_rule[XS_RESERVED_FLOWS_MAX]; /* flow -> index of its rule */
	__u32 entries; /* of the table that lead elsewhere afterwards */
	struct xs_queue_list left; /* over which it spreads then */
	struct xs_reserve_skip *skips;
	__u32 skip_cnt;
	struct xs_reserve_other *others;
	__u32 other_cnt;
	char why[400]; /* why it is refused */
};

/*
 * 0; -ENOMEM; or, with plan->why: -EOPNOTSUPP, -EINVAL, -EBUSY: it is refused. The caller frees the plan
 * in all cases.
 */
int xs_reserve_plan_make(const struct xs_reserve_facts *facts, struct xs_reserve_plan *plan);
void xs_reserve_plan_free(struct xs_reserve_plan *plan);

/* What a record lacks of what it would be with the rules and the NIC of now. */
struct xs_reserve_drift {
	__u32 stale; /* rules that the NIC was given, and that no rule asks for any more */
	__u32 missing; /* flows that rules ask for, and the NIC has room for, but no rule for */
};

/* Of the facts, the table is not asked. */
void xs_reserve_drift_find(const struct xs_reserve_facts *facts, const struct xs_reserved *record,
			   struct xs_reserve_drift *drift);
/* "2 rules of the NIC are of none in force any more, 1 flow of these has none" */
#define XS_RESERVE_DRIFT_MAX 160
void xs_reserve_drift_text(const struct xs_reserve_drift *drift, char text[XS_RESERVE_DRIFT_MAX]);

#endif
