/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rule sets of an instance: the one in force, the one it would fall back
 * to, and their counters. Puts a compiled set in place with one switch, and
 * reads back what is there. maps/rule_set.h has the bytes; lib/rules/compile/compile.h makes
 * them.
 *
 *   rule_sets[0]  in force          rule_stats[i]  counters of the set whose
 *   rule_sets[1]  to fall back to                  header says stats_slot i
 *
 * A set applied to be confirmed carries a deadline that the data path itself
 * looks at: once it is past, frames are classified by the fallback, whether or
 * not any process of ours is alive. The next command that changes the rules
 * makes that permanent.
 */
#ifndef XS_RULE_SETS_H
#define XS_RULE_SETS_H

#include "lib/instance/pins.h"
#include "lib/rules/model/rule.h"
#include "lib/rules/compile/compile.h"

#include "maps/rule_set.h"

struct xs_apply {
	__u64 generation; /* of the set now in force */
	__u64 carried; /* rules whose counters were carried over */
	__u64 switch_ns; /* the one system call that switches, with its grace period */
	struct xs_rule_report report;
};

/* xs_rule_compile() that logs why it refused. */
int xs_rule_sets_compile(struct xsteer_ctx *ctx, const struct xs_ruleset *rules,
			 struct xs_rule_blob *blob, struct xs_rule_report *report);

/*
 * Compiles and puts in force, all or nothing. The caller holds the instance's
 * lock. `pins` are of an instance, or (dir "") of a program loaded on its own.
 * Rules with `dev` or `cpu` open that interface or CPU in dev_map or cpu_map.
 * confirm_sec 0: for good; else until then, unless confirmed.
 * Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged; then the old set is in
 * force and nothing of the new one is left. What fails once the new set is in
 * force (the pin of its counters, meta) is warned of, and the next apply repairs it.
 */
int xs_rule_sets_apply(struct xs_pins *pins, struct xs_ruleset *rules, __u32 confirm_sec,
		       struct xs_apply *result);

/* Applies a set without rules: the built-in default is left. */
int xs_rule_sets_flush(struct xs_pins *pins, struct xs_apply *result);

/*
 * Makes what waits for confirmation permanent. 0; -ENOENT, logged, if nothing
 * waits, -ETIMEDOUT, logged, if its time is over: it has been rolled back.
 */
int xs_rule_sets_confirm(struct xs_pins *pins);

/*
 * Takes the fallback where a deadline is past: what the data path does already,
 * made permanent. The caller holds the lock. 1: it rolled back; 0; -errno.
 */
int xs_rule_sets_settle(struct xs_pins *pins);

/*
 * Number of the set that frames are classified by now, 0 before the first; where
 * it may not be read (no CAP_SYS_ADMIN) that of meta, which a set that was not
 * confirmed in time still has. Silent.
 */
__u64 xs_rule_sets_generation(const struct xs_pins *pins);

/* A set read back, with its counters. Zeroed: the built-in default, no rules. */
struct xs_rules_in_force {
	const struct xs_set_header *header; /* NULL: no set, the built-in default */
	const struct xs_set_rule *rules; /* header->rule_cnt of them */
	struct xs_rule_stats *stats; /* likewise, summed over CPUs */
	__u64 confirm_ns; /* left until it is rolled back; 0: nothing waits */
	bool rolled_back; /* by its deadline, not yet settled */
	/* what it holds open */
	void *mapping;
	size_t mapping_bytes;
};

/*
 * What frames are classified by now. Needs CAP_SYS_ADMIN (a map of maps hands
 * out ids, not descriptors). 0 or -errno, logged; xs_rules_in_force_close().
 */
int xs_rule_sets_read(const struct xs_pins *pins, struct xs_rules_in_force *now);
void xs_rules_in_force_close(struct xs_rules_in_force *now);

/* What no rule matches where the rules do not say: xsk else pass, or else drop as attached. */
struct xs_action xs_builtin_default(const struct xs_pins *pins);

#endif
