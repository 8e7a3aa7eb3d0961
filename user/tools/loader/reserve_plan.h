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

#endif
