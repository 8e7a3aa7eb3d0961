// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Earlier rules by their shape, and what a rule's facts imply. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "fact.h"
#include "lib/rules/model/names.h"
#include "lib/rules/model/nature.h"
#include "warn.h"

/*
 * Earlier rules of one shape: the same fields, and in each a common prefix of
 * the same length. Whatever such a rule covers shares these prefixes, so one
 * probe of a hash finds it.
 */
struct xs_cover_shape {
	__u64 fields;
	__u8 prefix[XS_FIELD_MAX];
};

enum { ALIKE_MAX = 16 }; /* earlier rules compared per shape */

/* Whether all of a (or with outside: nothing of it) is in b. */
static bool within(struct xs_cover *cover, const struct xs_range *a, __u32 a_cnt,
		   const struct xs_range *b, __u32 b_cnt, bool outside)
{
	for (__u32 i = 0; i < a_cnt; i++) {
		__u32 k = xs_range_from(b, b_cnt, a[i].lo);

		if (!cover->budget)
			return false;
		cover->budget--;
		if (outside ? k < b_cnt && b[k].lo <= a[i].hi
			    : k == b_cnt || b[k].lo > a[i].lo || b[k].hi < a[i].hi)
			return false;
	}
	return true;
}

/* Whether what is not in a, up to max, is all in b. */
static bool rest_within(struct xs_cover *cover, const struct xs_term *a, const struct xs_match *b,
			xs_u128 max)
{
	xs_u128 from = 0;

	for (__u32 i = 0; i <= a->cnt; i++) {
		struct xs_range gap = { from, i < a->cnt ? a->ranges[i].lo - 1 : max };
		bool empty = i < a->cnt ? a->ranges[i].lo == from : false;

		if (i == a->cnt && a->cnt && a->ranges[i - 1].hi == max)
			return true;
		if (!empty && !within(cover, &gap, 1, b->ranges, b->range_cnt, false))
			return false;
		if (i < a->cnt)
			from = a->ranges[i].hi + 1;
	}
	return true;
}

static bool implies(struct xs_cover *cover, const struct xs_fact *fact,
		    const struct xs_match *match)
{
	const struct xs_term *term = &fact->term;

	if (cover->budget)
		cover->budget--;
	if (fact->field != match->field)
		return false;
	if (!xs_fields[match->field].bits)
		return true;
	if (!term->negate && !match->negate)
		return within(cover, term->ranges, term->cnt, match->ranges, match->range_cnt,
			      false);
	if (term->negate && match->negate)
		return within(cover, match->ranges, match->range_cnt, term->ranges, term->cnt,
			      false);
	if (term->negate)
		return rest_within(cover, term, match, xs_field_max(match->field));
	/* That one port is among these says nothing against the other being among those. */
	if (xs_port_side(match->field) == XS_PORT_EITHER)
		return false;
	return within(cover, term->ranges, term->cnt, match->ranges, match->range_cnt, true);
}

static bool covers(struct xs_cover *cover, const struct xs_rule *earlier,
		   const struct xs_facts *facts)
{
	for (__u32 i = 0; i < earlier->match_cnt; i++) {
		bool implied = false;

		for (__u32 k = 0; k < facts->cnt && !implied; k++)
			implied = implies(cover, &facts->f[k], &earlier->matches[i]);
		if (!implied)
			return false;
	}
	return true;
}

static __u64 mix(__u64 hash, __u64 v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* The key of a value in each field of the shape, cut to the shape's prefixes. */
static __u64 shape_key(const struct xs_cover *cover, const struct xs_cover_shape *shape,
		       const struct xs_facts *facts)
{
	__u64 key = mix(1, (__u64)(shape - cover->shapes));

	for (__u64 fields = shape->fields; fields; fields &= fields - 1) {
		int field = __builtin_ctzll(fields);
		__u32 cut = xs_fields[field].bits - shape->prefix[field];
		xs_u128 v = cut < 128 ? facts->low[field] >> cut : 0;

		key = mix(mix(key, (__u64)v), (__u64)(v >> 64));
	}
	return key;
}

/* Whether values of these facts can lie within those of a rule of this shape. */
static bool fits(const struct xs_cover_shape *shape, const struct xs_facts *facts)
{
	if (shape->fields & ~facts->fields)
		return false;
	for (__u64 fields = shape->fields; fields; fields &= fields - 1) {
		int field = __builtin_ctzll(fields);

		if (facts->prefix[field] < shape->prefix[field])
			return false;
	}
	return true;
}

__u32 xs_cover_find(struct xs_cover *cover, __u32 rule)
{
	struct xs_facts facts;

	xs_facts_learn(&facts, &cover->set->rules[rule]);
	for (__u32 s = 0; s < cover->shape_cnt && cover->budget; s++) {
		const struct xs_cover_shape *shape = &cover->shapes[s];
		__u64 key;

		if (!fits(shape, &facts))
			continue;
		key = shape_key(cover, shape, &facts);
		for (__u32 at = cover->heads[key & cover->mask]; at; at = cover->nexts[at - 1])
			if (cover->keys[at - 1] == key &&
			    covers(cover, &cover->set->rules[at - 1], &facts))
				return at - 1;
	}
	return cover->set->rule_cnt;
}

static struct xs_cover_shape *find_shape(struct xs_cover *cover, const struct xs_cover_shape *want)
{
	for (__u32 i = 0; i < cover->shape_cnt; i++)
		if (cover->shapes[i].fields == want->fields &&
		    !memcmp(cover->shapes[i].prefix, want->prefix, sizeof(want->prefix)))
			return &cover->shapes[i];
	if (cover->shape_cnt == XS_WARN_SHAPES)
		return NULL;
	cover->shapes[cover->shape_cnt] = *want;
	return &cover->shapes[cover->shape_cnt++];
}

void xs_cover_remember(struct xs_cover *cover, __u32 rule)
{
	struct xs_cover_shape shape = { .fields = 0 }, *found;
	struct xs_facts own;
	__u32 *head, alike = 0;
	__u64 key;

	xs_facts_stated(&own, &cover->set->rules[rule]);
	shape.fields = own.fields;
	for (__u64 fields = own.fields; fields; fields &= fields - 1)
		shape.prefix[__builtin_ctzll(fields)] = own.prefix[__builtin_ctzll(fields)];
	found = find_shape(cover, &shape);
	if (!found)
		return;
	key = shape_key(cover, found, &own);
	head = &cover->heads[key & cover->mask];
	for (__u32 at = *head; at; at = cover->nexts[at - 1])
		if (++alike == ALIKE_MAX)
			return;
	cover->keys[rule] = key;
	cover->nexts[rule] = *head;
	*head = rule + 1;
}

void xs_cover_free(struct xs_cover *cover)
{
	free(cover->shapes);
	free(cover->heads);
	free(cover->nexts);
	free(cover->keys);
}

int xs_cover_init(struct xs_cover *cover, const struct xs_ruleset *set)
{
	size_t slots = 16;

	while (slots < 2 * (size_t)set->rule_cnt)
		slots *= 2;
	*cover = (struct xs_cover){ .set = set, .mask = (__u32)(slots - 1) };
	cover->budget = 5000000 + 500ULL * set->rule_cnt;
	cover->shapes = calloc(XS_WARN_SHAPES, sizeof(*cover->shapes));
	cover->heads = calloc(slots, sizeof(*cover->heads));
	cover->nexts = calloc(set->rule_cnt + 1, sizeof(*cover->nexts));
	cover->keys = calloc(set->rule_cnt + 1, sizeof(*cover->keys));
	if (cover->shapes && cover->heads && cover->nexts && cover->keys)
		return 0;
	xs_cover_free(cover);
	return -ENOMEM;
}
