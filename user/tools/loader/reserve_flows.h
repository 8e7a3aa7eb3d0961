/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which rules of a set a NIC could have itself, so that their flows come to the queue whose socket they
 * are for. Pure: knows no NIC.
 */
#ifndef XS_TOOL_RESERVE_FLOWS_H
#define XS_TOOL_RESERVE_FLOWS_H

#include <stdarg.h>
#include <linux/types.h>

#include "lib/rules/model/rule.h"

/* A rule with sets and either-port matches becomes several of the NIC's, whose tables are small. */
#define XS_FLOWS_PER_RULE_MAX 16

struct xs_reserve_wish {
	__u32 rule; /* index in the set */
	struct xs_reserved_flow flow; /* without its location */
};

/* A rule that leads to a socket, and that no rule of the NIC is made of. */
struct xs_reserve_skip {
	__u32 rule;
	char why[160];
};

/*
 * Adds one to the array, which realloc() made. 0 or -ENOMEM, silently: then the array is as before.
 */
int xs_reserve_skip_add(struct xs_reserve_skip **skips, __u32 *cnt, __u32 rule, const char *fmt,
			va_list args);

struct xs_reserve_wishes {
	struct xs_reserve_wish *wishes; /* in the order of the rules */
	__u32 cnt;
	struct xs_reserve_skip *skips;
	__u32 skip_cnt;
};

struct xs_queue_list {
	__u32 cnt;
	__u32 queue[XS_RESERVED_QUEUES_MAX]; /* ascending */
};

bool xs_queue_list_has(const struct xs_queue_list *list, __u32 queue);
void xs_queue_list_sort(struct xs_queue_list *list);
/* "queue 2", "queues 2, 4-5" */
void xs_queue_list_text(const struct xs_queue_list *list, char *text, size_t len);
/* The verb that follows. */
static inline const char *xs_queue_list_is(const struct xs_queue_list *list)
{
	return list->cnt == 1 ? "is" : "are";
}

/* The flow in the words of `ethtool -N`: "udp4 dst-port 53". */
#define XS_FLOW_TEXT_MAX 192
void xs_flow_text(const struct xs_reserved_flow *flow, char text[XS_FLOW_TEXT_MAX]);

/* slots: plain ones; a slot is a queue. 0, or -ENOMEM; the caller frees in both cases. */
int xs_reserve_wishes_find(const struct xs_ruleset *rules, const struct xs_queue_list *queues,
			   __u32 slots, struct xs_reserve_wishes *found);
void xs_reserve_wishes_free(struct xs_reserve_wishes *found);

#endif
