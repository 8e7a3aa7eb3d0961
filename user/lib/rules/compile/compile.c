// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rule compiler: the order of its steps, the header, and the choice between coarse and fine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr_blocks.h"
#include "addr_packed.h"
#include "refuse.h"
#include "set_text.h"
#include "steps.h"
#include "tuples.h"

static __u32 larger(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

__u32 xs_rule_layout(const struct xs_ruleset *rules)
{
	__u32 layout = XS_SET_LAYOUT_BEFORE_FIELDS;

	if (rules->set_cnt)
		layout = XS_SET_LAYOUT_LIMITS;
	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		if (rules->rules[i].limit.rate)
			layout = larger(layout, XS_SET_LAYOUT_LIMITS);
		if (rules->rules[i].action.own_slot == XS_SLOT_SPREAD)
			layout = larger(layout, XS_SET_LAYOUT_SPREAD);
		for (__u32 k = 0; k < rules->rules[i].match_cnt; k++)
			layout = larger(layout, xs_field_layout(rules->rules[i].matches[k].field));
	}
	return layout;
}

void xs_need_layout(struct xs_compiler *c, __u32 layout)
{
	if (xs_header(c)->layout < layout)
		xs_header(c)->layout = layout;
}

/* Whether rules ask for a field that this layout brought. */
static bool asks_fields_of(const struct xs_ruleset *rules, __u32 layout)
{
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		for (__u32 k = 0; k < rules->rules[i].match_cnt; k++)
			if (xs_field_layout(rules->rules[i].matches[k].field) == layout)
				return true;
	return false;
}

static int start_set(struct xs_compiler *c)
{
	struct xs_set_header *set;
	__u32 offset;
	int err = xs_chunks_add(&c->chunks, 1);

	if (err)
		return err;
	c->chunks.used[0] = sizeof(*set);
	err = xs_chunks_place_first(&c->chunks, XS_TABLES_MAX * sizeof(struct xs_set_table),
				    sizeof(struct xs_set_table), &offset);
	if (err)
		return err;
	set = xs_header(c);
	set->magic = XS_SET_MAGIC;
	set->layout = xs_rule_layout(c->rules);
	if (asks_fields_of(c->rules, XS_SET_LAYOUT_INNER))
		set->flags |= XS_SET_INNER;
	if (asks_fields_of(c->rules, XS_SET_LAYOUT_CT))
		set->flags |= XS_SET_CT;
	set->rule_cnt = c->rules->rule_cnt;
	set->default_action = c->rules->default_action;
	set->malformed_action = c->rules->malformed_action;
	set->tables = offset;
	return 0;
}

static void free_compiler(struct xs_compiler *c)
{
	xs_boxes_free(&c->boxes);
	xs_groups_free(&c->groups);
	xs_ranks_free(&c->ranks);
	for (int i = 0; i < XS_TABLES_MAX; i++)
		free(c->table[i].box);
	free(c->table_of_group);
	free(c->action_of_rule);
	free(c->classes[0]);
	free(c->classes[1]);
	xs_chunks_free(&c->chunks);
	free(c);
}

/* Those that hold a rule which asks for the state of a connection. */
static void find_ct_tables(struct xs_compiler *c)
{
	const struct xs_ruleset *rules = c->rules;

	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		const struct xs_rule *rule = &rules->rules[c->boxes.box[i].rule];

		for (__u32 k = 0; k < rule->match_cnt; k++)
			if (rule->matches[k].field == XS_FIELD_ct_state)
				xs_header(c)->ct_tables |= 1ULL
							   << xs_table_of_box(c, &c->boxes.box[i]);
	}
}

static int refuse_rule(struct xs_compiler *c, __u32 rule)
{
	switch (c->boxes.limit) {
	case XS_LIMIT_RULE:
		return xs_refuse(c->report, c->rules, rule,
				 "too many combinations: the Ethernet addresses and lengths of "
				 "this rule come to more than %u; use shorter sets",
				 XS_BOXES_PER_RULE);
	case XS_LIMIT_EITHER:
		return xs_refuse(c->report, c->rules, rule,
				 "more than %u `port` matches; use sport and dport, or sets",
				 XS_EITHER_MAX);
	case XS_LIMIT_TUPLES:
		return xs_refuse(c->report, c->rules, rule,
				 "too many combinations: the elements behind != overlap in more "
				 "than %u ways; use elements that do not, or rules that pass them",
				 XS_TUPLE_PARTS_MAX);
	default:
		return xs_refuse(c->report, c->rules, rule,
				 "too many combinations: "
				 "the rules up to this one come to more than %u entries; "
				 "use prefixes and ranges in place of long sets",
				 XS_BOXES_MAX);
	}
}

static int add_boxes(struct xs_compiler *c, bool finely)
{
	__u32 rule = XS_RULE_NONE;
	int err = xs_boxes_add(&c->boxes, c->rules, finely, &rule);

	return err == -E2BIG ? refuse_rule(c, rule) : err;
}

static int write_text(struct xs_compiler *c)
{
	int err = xs_set_text_write(&c->chunks, c->rules, &c->report->bytes);

	if (err == -E2BIG)
		xs_refuse(c->report, c->rules, XS_RULE_NONE,
			  "the text of the rules takes more than %u bytes; "
			  "use fewer or shorter comments and sets",
			  XS_TEXT_BYTES_MAX);
	return err;
}

/*
 * Everything that steps place in chunk 0 fits even at its largest, so no step must
 * refuse a rule.
 */
#define PORT_INDEX_MAX (64 + 256 * sizeof(__u64) + 64 + XS_KEY_NO_PORT + 1)
_Static_assert(sizeof(struct xs_set_header) + (XS_TABLES_MAX + 1) * sizeof(struct xs_set_table) +
			       (XS_ACTIONS_MAX + 2) * sizeof(struct xs_action) + 64 +
			       (XS_LIMITS_MAX + 2) * sizeof(struct xs_set_limit) +
			       256 * sizeof(__u64) + 2 * PORT_INDEX_MAX + 64 +
			       sizeof(struct xs_set_members) +
			       (XS_SPREADS_MAX + 2) * sizeof(struct xs_set_spread) +
			       2 * XS_FAMILY_MAX * (XS_BLOCKS_BYTES + 64) <=
		       XS_CHUNK_BYTES,
	       "chunk 0 has room for all that is placed there");

static int run_steps(struct xs_compiler *c, bool finely)
{
	int err = start_set(c);

	if (!err)
		err = add_boxes(c, finely);
	if (!err)
		err = xs_groups_make(&c->groups, &c->boxes);
	if (!err)
		err = xs_tables_make(c);
	if (!err)
		find_ct_tables(c);
	if (!err)
		err = xs_ranks_make(&c->ranks, &c->boxes);
	if (!err)
		err = xs_limits_number(c);
	if (!err)
		err = xs_spreads_write(c);
	if (!err)
		err = xs_actions_write(c);
	if (!err)
		err = xs_protocols_index(c);
	if (!err)
		err = xs_ports_index(c);
	if (!err)
		err = xs_members_write(c);
	/* What may lie in any chunk comes after all that has to lie in chunk 0. */
	if (!err)
		err = xs_addrs_index(c);
	if (!err)
		err = xs_bits_write(c);
	if (!err)
		err = xs_tables_write(c);
	if (!err)
		err = xs_bounds_check(c);
	if (!err)
		err = write_text(c);
	if (err == -E2BIG && !c->report->error[0])
		xs_refuse(c->report, c->rules, XS_RULE_NONE,
			  "more than the tables of a set have room for");
	return err;
}

static int compile_once(const struct xs_ruleset *rules, const struct xs_rule_target *target,
			bool finely, struct xs_rule_blob *out, struct xs_rule_report *report)
{
	struct xs_compiler *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	*report = (struct xs_rule_report){ .rule = XS_RULE_NONE };
	c->rules = rules;
	c->report = report;
	c->layout_most = target->layout;
	c->packed_from = target->small_too ? 0 : XS_PACKED_FROM;
	err = run_steps(c, finely);
	if (!err) {
		xs_header(c)->chunk_cnt = c->chunks.cnt;
		out->bytes = c->chunks.bytes;
		out->size = xs_header(c)->bytes;
		out->chunk_cnt = c->chunks.cnt;
		c->chunks.bytes = NULL;
	}
	free_compiler(c);
	return err;
}

int xs_rule_compile_for(const struct xs_ruleset *rules, const struct xs_rule_target *target,
			struct xs_rule_blob *out, struct xs_rule_report *report)
{
	struct xs_rule_blob coarse = { 0 }, fine = { 0 };
	struct xs_rule_report coarse_report = { .rule = XS_RULE_NONE }, fine_report;
	int err;

	if (rules->rule_cnt >= XS_RULES_MAX) {
		err = xs_refuse(&coarse_report, rules, XS_RULES_MAX - 1, "more than %u rules",
				XS_RULES_MAX - 1);
		goto out;
	}
	err = compile_once(rules, target, false, &coarse, &coarse_report);
	if (coarse_report.chain_max > XS_CHAIN_GOOD && (!err || err == -E2BIG)) {
		int fine_err = compile_once(rules, target, true, &fine, &fine_report);

		if (!fine_err && (err || fine_report.step_max < coarse_report.step_max)) {
			xs_rule_blob_free(&coarse);
			coarse = fine;
			coarse_report = fine_report;
			err = 0;
		} else {
			xs_rule_blob_free(&fine);
		}
	}
	if (!err)
		*out = coarse;
out:
	if (report)
		*report = coarse_report;
	return err;
}

int xs_rule_compile(const struct xs_ruleset *rules, struct xs_rule_blob *out,
		    struct xs_rule_report *report)
{
	return xs_rule_compile_for(rules, &XS_RULE_TARGET_OWN, out, report);
}

void xs_rule_blob_free(struct xs_rule_blob *blob)
{
	free(blob->bytes);
	*blob = (struct xs_rule_blob){ 0 };
}
