/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rule sets of an instance: the one in force, the one to fall back to, and their
 * counters. Puts a compiled set in force with one switch, and reads back what is there.
 * maps/rule_set.h defines the bytes; lib/rules/compile/compile.h makes them.
 *
 *   rule_sets[0]  in force          rule_stats[i]  counters of the set whose
 *   rule_sets[1]  to fall back to                  header says stats_slot i
 *
 * A set that must be confirmed has a deadline, which the data path itself looks at:
 * after it, frames are classified by the fallback, whether or not any process of ours
 * is alive. The next command that changes the rules makes this permanent.
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
	__u64 switch_ns; /* of the one system call that switches, with its grace period */
	struct xs_rule_report report;
};

/* As xs_rule_compile_for(), but logs why it refused. */
int xs_rule_sets_compile(struct xsteer_ctx *ctx, const struct xs_ruleset *rules,
			 const struct xs_rule_target *target, struct xs_rule_blob *blob,
			 struct xs_rule_report *report);

/*
 * Compiles the rules and puts them in force, all or nothing. The caller holds the
 * instance's lock. `pins` belong to an instance or (dir "") to a program loaded on its
 * own. Rules with `dev` or `cpu` open that interface or CPU in dev_map or cpu_map.
 * confirm_sec 0: for good; else for so many seconds, unless confirmed. Needs CAP_BPF
 * and CAP_NET_ADMIN. 0; or -errno, logged: the old set is still in force, and nothing
 * of the new one is left. Failures after the switch (the pin of its counters, meta) are
 * only warned of, and the next apply repairs them.
 */
int xs_rule_sets_apply(struct xs_pins *pins, struct xs_ruleset *rules, __u32 confirm_sec,
		       struct xs_apply *result);

/* Applies a set without rules: only the built-in default is left. */
int xs_rule_sets_flush(struct xs_pins *pins, struct xs_apply *result);

/*
 * Makes the set that waits for confirmation permanent. 0; or, logged, -ENOENT: nothing
 * waits; -ETIMEDOUT: its time is over, and it has been rolled back.
 */
int xs_rule_sets_confirm(struct xs_pins *pins);

/*
 * If a deadline is past, makes the fallback permanent, which the data path uses
 * already. The caller holds the lock. 1: it rolled back; 0: there was nothing to do;
 * -errno.
 */
int xs_rule_sets_settle(struct xs_pins *pins);

/*
 * Number of the set that frames are classified by now; 0 before the first. If it may
 * not be read (no CAP_SYS_ADMIN), the number in meta, which may still be that of a set
 * that was not confirmed in time. Silent.
 */
__u64 xs_rule_sets_generation(const struct xs_pins *pins);

/* A set read back, with its counters. Zeroed: the built-in default, no rules. */
struct xs_rules_in_force {
	const struct xs_set_header *header; /* NULL: no set, the built-in default */
	const struct xs_set_rule *rules; /* header->rule_cnt of them */
	struct xs_rule_stats *stats; /* likewise, summed over CPUs; then rows of limits */
	__u64 confirm_ns; /* time until it is rolled back; 0: nothing waits */
	bool rolled_back; /* the deadline is past, but not yet settled */
	/* What it holds open. */
	void *mapping;
	size_t mapping_bytes;
};

/*
 * Reads the set that frames are classified by now. Needs CAP_SYS_ADMIN (a map of maps
 * returns ids, not descriptors). 0 or -errno, logged. The caller calls
 * xs_rules_in_force_close().
 */
int xs_rule_sets_read(const struct xs_pins *pins, struct xs_rules_in_force *now);
/* The same, silently: for a caller who has something to show without the rules. */
int xs_rule_sets_look(const struct xs_pins *pins, struct xs_rules_in_force *now);
void xs_rules_in_force_close(struct xs_rules_in_force *now);

/* What a rule's limit has refused, of what the rule decided. All zero: it has none. */
struct xs_rule_refused {
	bool limited;
	struct xs_rule_stats over;
	struct xs_rule_stats no_room; /* part of `over`: there was no room for a key more */
};

struct xs_rule_refused xs_rule_refused(const struct xs_rules_in_force *now, __u32 rule);

/*
 * The action for frames that no rule matches, if the rules do not define one: xsk else
 * pass, or xsk else drop, as chosen at attach.
 */
struct xs_action xs_builtin_default(const struct xs_pins *pins);

#endif
