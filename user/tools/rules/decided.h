/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How explain and trace say what decided a frame, and how. */
#ifndef XS_TOOL_RULES_DECIDED_H
#define XS_TOOL_RULES_DECIDED_H

#include <stdbool.h>

#include <jansson.h>
#include <linux/types.h>

struct xs_decided {
	__u32 rule; /* XSTEER_NO_RULE: none */
	__u32 line; /* 0: not known any more */
	bool included; /* in a file that another file includes */
	const char *file, *text; /* of the rule; or NULL */
	__u32 verdict, reason, xdp;
	bool limited; /* the rule has a limit, and this is what happens within it */
	__u32 over_verdict, over_xdp;
	bool spread; /* the rule has a set of CPUs, and this one was chosen */
	__u32 cpu;
};

/*
 * "rule 3 (udp drop): drop, XDP_DROP", with the reason if there is one, and what happens over
 * the limit. The caller frees it.
 */
char *xs_decided_text(const struct xs_decided *by);

/*
 * Adds rule (line, FILE:LINE or null), verdict, xdp, reason, cpu if it was one of several, and
 * over_limit if it has a limit.
 */
void xs_decided_add(json_t *object, const struct xs_decided *by);

#endif
