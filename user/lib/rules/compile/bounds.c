// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Computes the most that a set can cost, for the report. Refuses a set that costs too much. */
#include "refuse.h"
#include "steps.h"

/*
 * Most pairs of classes that are examined for the bounds; above, each side alone gives
 * the bound.
 */
#define BOUND_PAIRS_MAX 1000000

static void add_bound(const struct xs_compiler *c, __u64 tables, __u32 *probes, __u32 *steps)
{
	__u32 probe = 0, step = 0;

	for (; tables; tables &= tables - 1, probe++)
		step += c->table[__builtin_ctzll(tables)].step_max;
	if (probe > *probes)
		*probes = probe;
	if (step > *steps)
		*steps = step;
}

/* The most that one frame can cost, over all pairs of source and destination classes. */
static void find_bounds(const struct xs_compiler *c, __u32 *probes, __u32 *steps)
{
	__u64 pairs = (__u64)c->class_cnt[0] * c->class_cnt[1];
	__u32 probe[2] = { 0 }, step[2] = { 0 };

	*probes = 0;
	*steps = 0;
	if (pairs <= BOUND_PAIRS_MAX) {
		for (__u32 i = 0; i < c->class_cnt[0]; i++)
			for (__u32 j = 0; j < c->class_cnt[1]; j++)
				add_bound(c, c->classes[0][i] & c->classes[1][j], probes, steps);
		return;
	}
	for (int side = 0; side < 2; side++)
		for (__u32 i = 0; i < c->class_cnt[side]; i++)
			add_bound(c, c->classes[side][i], &probe[side], &step[side]);
	*probes = probe[0] < probe[1] ? probe[0] : probe[1];
	*steps = step[0] < step[1] ? step[0] : step[1];
}

int xs_bounds_check(struct xs_compiler *c)
{
	struct xs_rule_report *report = c->report;
	const struct xs_table_plan *dearest = &c->table[0];

	report->table_cnt = c->table_cnt;
	report->entry_cnt = c->boxes.cnt;
	report->chain_max = 0;
	for (__u32 i = 0; i < c->table_cnt; i++) {
		if (c->table[i].chain_max > report->chain_max)
			report->chain_max = c->table[i].chain_max;
		if (c->table[i].step_max > dearest->step_max)
			dearest = &c->table[i];
	}
	find_bounds(c, &report->probe_max, &report->step_max);
	if (report->step_max <= XS_STEPS_MAX)
		return 0;
	return xs_refuse(c->report, c->rules, dearest->step_rule,
			 "too many rules overlap: one frame could cost %u steps, the limit is %u; "
			 "this rule and %u more that share its addresses and ports cost most: "
			 "let them overlap less, or merge them",
			 report->step_max, XS_STEPS_MAX, dearest->chain_max - 1);
}
