/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Compiles struct xs_ruleset to the bytes of maps/rule_set.h. Pure: no kernel, no file.
 * The same rules give the same bytes on every machine of the same byte order.
 * lib/set/read.h reads back what the tools need.
 */
#ifndef XS_RULE_COMPILE_H
#define XS_RULE_COMPILE_H

#include "lib/rules/model/rule.h"
#include "maps/rule_set.h"

/*
 * A compiled set. The caller copies it to the start of an inner map of rule_sets with
 * chunk_cnt entries, which is new and therefore zeroed. The caller also fills in
 * header.generation, .deadline_ns, .stats_slot and .compile_ns, which are 0, and
 * gives dynamic sets their slots: the compiler puts set i into slot i.
 */
struct xs_rule_blob {
	void *bytes; /* from malloc(); starts with struct xs_set_header */
	size_t size; /* bytes to copy */
	__u32 chunk_cnt;
};

struct xs_rule_report {
	__u32 table_cnt;
	__u32 chain_max; /* most entries that one key of a table leads to */
	__u32 probe_max; /* most tables that one frame looks into */
	__u32 step_max; /* most entries and conditions for one frame, at most XS_STEPS_MAX */
	__u64 entry_cnt;
	__u64 bytes; /* of the tables, without the text */
	__u64 compile_ns; /* set by the caller: the compiler knows no clock */
	__u32 rule; /* the rule that `error` is about; XS_RULE_NONE: none */
	char error[400]; /* "" or "FILE:LINE: why, and what to do" */
};

/* For which program to compile. A set for an older one may be slower. */
struct xs_rule_target {
	__u32 layout; /* the program searches sets up to this one */
	bool small_too; /* for tests: what only large sets are worth, in any set */
};

#define XS_RULE_TARGET_OWN ((struct xs_rule_target){ .layout = XS_SET_LAYOUT }) /* this build's */

/*
 * Compiles. Targets of rules whose action is `dev` must be resolved before. `report`
 * may be NULL. 0; -ENOMEM; -E2BIG with report->error: a limit is exceeded.
 */
int xs_rule_compile_for(const struct xs_ruleset *rules, const struct xs_rule_target *target,
			struct xs_rule_blob *out, struct xs_rule_report *report);
/* For this build's program. */
int xs_rule_compile(const struct xs_ruleset *rules, struct xs_rule_blob *out,
		    struct xs_rule_report *report);
/*
 * The lowest layout that a set of these rules can have; older programs search lower ones. The
 * compiled set says which one it has.
 */
__u32 xs_rule_layout(const struct xs_ruleset *rules);

void xs_rule_blob_free(struct xs_rule_blob *blob);

#endif
