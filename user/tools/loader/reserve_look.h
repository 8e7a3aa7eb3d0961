/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What of an interface is reserved, whether the NIC still keeps to it, and what has come since. */
#ifndef XS_TOOL_RESERVE_LOOK_H
#define XS_TOOL_RESERVE_LOOK_H

#include <jansson.h>

#include "lib/instance/reserved.h"
#include "reserve_flows.h"
#include "reserve_plan.h"

enum xs_reserve_table {
	XS_RESERVE_TABLE_kept,
	XS_RESERVE_TABLE_changed, /* by somebody since */
	XS_RESERVE_TABLE_unknown, /* it cannot be read */
};

struct xs_reserve_look {
	struct xs_reserved record;
	struct xs_queue_list queues;
	struct xs_reserved_queue since[XS_RESERVED_QUEUES_MAX]; /* frames since, in this order */
	__u32 flow_cnt; /* rules of the NIC that were made */
	enum xs_reserve_table table;
};

/* 1: it is filled, and freed with free(); 0: nothing is reserved; or -errno, logged. */
int xs_reserve_look(const struct xs_pins *pins, struct xs_reserve_look **look);

/*
 * The same counts, read once: what each queue had when it was reserved, if `record` is to be begun. 0
 * or -errno, logged.
 */
int xs_reserve_count(const struct xs_pins *pins, struct xs_reserved *record);

/*
 * What the NIC's own rules lack of what the rules in force ask for, or have too much; nothing if it is not
 * known. Silent.
 */
void xs_reserve_look_for_drift(const struct xs_pins *pins, const struct xs_reserve_look *look,
			       struct xs_reserve_drift *drift);

/* A list of {"queue": N, "packets": N, "by_no_rule": N}. */
json_t *xs_reserve_counts_json(const struct xs_reserve_look *look);
const char *xs_reserve_table_name(enum xs_reserve_table table);

#endif
