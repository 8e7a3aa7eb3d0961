/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * struct xs_ruleset -> the bytes of maps/rule_set.h. Pure: no kernel, no file.
 * The same rules are the same bytes on every machine of one byte order.
 * lib/set/read.h reads back what the tools want of them.
 */
#ifndef XS_RULE_COMPILE_H
#define XS_RULE_COMPILE_H

#include "lib/rules/model/rule.h"
#include "maps/rule_set.h"

/*
 * A compiled set, to be copied to the start of an inner map of rule_sets with
 * chunk_cnt entries, freshly made and so zeroed. header.generation, .deadline_ns,
 * .stats_slot and .compile_ns are left 0 for the caller to fill in.
 */
struct xs_rule_blob {
	void *bytes; /* malloc'ed; starts with struct xs_set_header */
	size_t size; /* what is to be copied */
	__u32 chunk_cnt;
};

struct xs_rule_report {
	__u32 table_cnt;
	__u32 chain_max; /* entries that one key of a table leads to */
	__u32 probe_max; /* tables that one frame may have to look into */
	__u32 step_max; /* entries and conditions likewise; at most XS_STEPS_MAX */
	__u64 entry_cnt;
	__u64 bytes; /* tables, without the text */
	__u64 compile_ns; /* the caller's: the compiler knows no clock */
	__u32 rule; /* the rule that error is about; XS_RULE_NONE: none */
	char error[400]; /* "" or "FILE:LINE: why, and what to do" */
};

/*
 * Rules whose action is `dev` must have their target resolved. `report` may be
 * NULL. 0; -ENOMEM; -E2BIG with report->error: beyond a limit.
 */
int xs_rule_compile(const struct xs_ruleset *rules, struct xs_rule_blob *out,
		    struct xs_rule_report *report);
void xs_rule_blob_free(struct xs_rule_blob *blob);

#endif
