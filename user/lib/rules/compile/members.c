// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets: which are declared, and which the data path must ask for which frames. */
#include <string.h>

#include "steps.h"

/* Adds a set that rules ask on one side, once. */
static void ask(struct xs_set_members *members, const struct xs_dynamic_set *set, int side,
		__u32 slot)
{
	struct xs_set_asked *asked = &members->asked[side][set->family - XS_FAMILY_ipv4];
	__u32 entry = slot | set->number << 16;

	for (__u32 i = 0; i < asked->cnt; i++)
		if (asked->each[i] == entry)
			return;
	asked->each[asked->cnt++] = entry;
}

static void declare(struct xs_declared_set *to, const struct xs_dynamic_set *from, __u32 slot)
{
	*to = (struct xs_declared_set){ .slot = slot,
					.family = from->family,
					.size = from->size,
					.timeout_ns = from->timeout_ns };
	memcpy(to->name, from->name, sizeof(to->name));
}

/* The tables that hold a rule with such a condition. */
static __u64 asking_tables(const struct xs_compiler *c)
{
	__u64 tables = 0;

	for (__u32 i = 0; i < c->boxes.cnt; i++)
		for (const struct xs_cond *cond = c->boxes.box[i].cond; cond; cond = cond->next)
			if (cond->dim == XS_DIM_nothing)
				tables |= 1ULL << xs_table_of_box(c, &c->boxes.box[i]);
	return tables;
}

int xs_members_write(struct xs_compiler *c)
{
	const struct xs_ruleset *rules = c->rules;
	struct xs_set_members *members;
	__u32 offset;
	int err;

	if (!rules->set_cnt)
		return 0;
	err = xs_chunks_place_first(&c->chunks, sizeof(*members), 64, &offset);
	if (err)
		return err;
	xs_header(c)->flags |= XS_SET_MEMBERS;
	xs_header(c)->members = offset;
	members = xs_chunks_at(&c->chunks, 0, offset);
	members->tables = asking_tables(c);
	members->set_cnt = rules->set_cnt;
	for (__u32 i = 0; i < rules->set_cnt; i++)
		declare(&members->set[i], &rules->sets[i], i);
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		for (__u32 k = 0; k < rules->rules[i].match_cnt; k++) {
			const struct xs_match *match = &rules->rules[i].matches[k];

			if (match->set)
				ask(members, &rules->sets[match->set - 1],
				    xs_fields[match->field].dim == XS_DIM_daddr, match->set - 1U);
		}
	return 0;
}
