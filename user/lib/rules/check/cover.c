// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Stores earlier rules by their shape, and finds out whether one claim contains another. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "maps/rule_set.h"
#include "warn.h"

#define PREFIX_MAX 127 /* limit in a shape, which compares bytes and needs a bit above each */
#define DIM_WORDS ((XS_DIM_MAX + 7) / 8)

/*
 * Earlier rules of one shape: they have the same families, restrict the same
 * dimensions, and have in each a common prefix of the same length. Every rule that such
 * a rule covers shares these prefixes, so one hash lookup finds it.
 */
struct xs_cover_shape {
	__u8 families;
	__u8 dim_cnt, dim[XS_DIM_MAX]; /* dimensions with a prefix */
	union {
		__u8 prefix[8 * DIM_WORDS]; /* bits + 1, up to PREFIX_MAX; 0: not restricted */
		__u64 word[DIM_WORDS];
	};
};

/* One choice of a rule's ports, at the place to which its shape and prefixes lead. */
struct xs_cover_place {
	__u64 key;
	__u32 rule;
	__u32 next; /* place + 1 */
};

enum { ALIKE_MAX = 16 }; /* earlier rules that are compared for each shape */

/* A claim's shape, and a value with its prefixes. */
struct sketch {
	struct xs_cover_shape shape;
	xs_u128 low[XS_DIM_MAX];
};

static void make_sketch(struct sketch *sketch, const struct xs_meaning *meaning,
			const struct xs_ranges *ports)
{
	struct xs_cover_shape *shape = &sketch->shape;

	memset(shape, 0, sizeof(*shape));
	shape->families = meaning->families;
	for (int dim = 0; dim < XS_DIM_MAX; dim++) {
		struct xs_ranges set = meaning->dim[dim];
		__u32 prefix;

		if (dim == XS_DIM_sport || dim == XS_DIM_dport)
			set = ports[dim - XS_DIM_sport];
		if (!set.range)
			continue;
		prefix = 1 + xs_prefix_bits(set.range[0].lo, set.range[set.cnt - 1].hi,
					    xs_dim_bits(dim, meaning->families));
		shape->prefix[dim] = prefix < PREFIX_MAX ? prefix : PREFIX_MAX;
		if (prefix > 1)
			shape->dim[shape->dim_cnt++] = dim;
		sketch->low[dim] = set.range[0].lo;
	}
}

static __u64 mix_hash(__u64 hash, __u64 v)
{
	hash = (hash ^ v) * XS_HASH_A0;
	return hash ^ hash >> 29;
}

/* The key of a value in each dimension of the shape, cut to the shape's prefixes. */
static __u64 shape_key(const struct xs_cover *cover, const struct xs_cover_shape *shape,
		       const struct sketch *sketch)
{
	__u64 key = mix_hash(1, (__u64)(shape - cover->shapes));

	for (__u32 i = 0; i < shape->dim_cnt; i++) {
		enum xs_dim dim = shape->dim[i];
		xs_u128 v = sketch->low[dim] >>
			    (xs_dim_bits(dim, shape->families) + 1U - shape->prefix[dim]);

		key = mix_hash(key, (__u64)v);
		if (v >> 64)
			key = mix_hash(key, (__u64)(v >> 64));
	}
	return key;
}

/* Whether a rule of shape `inner` can lie within a rule of this shape. */
static bool fits(const struct xs_cover_shape *shape, __u8 families,
		 const struct xs_cover_shape *inner)
{
	const __u64 guards = 0x8080808080808080ULL;

	if (families & ~shape->families)
		return false;
	for (int i = 0; i < DIM_WORDS; i++)
		if ((((inner->word[i] | guards) - shape->word[i]) & guards) != guards)
			return false;
	return true;
}

/* Whether `in` contains all of `set`. Takes its cost from the budget. */
static bool within(struct xs_cover *cover, struct xs_ranges set, struct xs_ranges in)
{
	if (!in.range)
		return true;
	if (!set.range || cover->budget < set.cnt)
		return false;
	cover->budget -= set.cnt;
	return xs_ranges_within(set, in);
}

/* Whether every choice of the claim's ports lies within one of the earlier rule's. */
static bool ports_within(struct xs_cover *cover, const struct xs_claim *claim,
			 const struct xs_meaning *earlier)
{
	for (__u32 i = 0; i < claim->port_cnt; i++) {
		const struct xs_ranges *ports = claim->ports[i];

		for (int side = 0; side < 2; side++)
			if (!within(cover, ports[side], earlier->dim[XS_DIM_sport + side]))
				return false;
		for (__u32 e = 0; e < earlier->either_cnt; e++)
			if (!within(cover, ports[0], earlier->either[e]) &&
			    !within(cover, ports[1], earlier->either[e]))
				return false;
	}
	return true;
}

static bool kinds_within(struct xs_cover *cover, const struct xs_claim *claim,
			 const struct xs_meaning *earlier)
{
	for (__u32 i = 0; i < claim->kind_cnt; i++) {
		const struct xs_meaning *kind = &claim->kind[i];

		if (kind->families & ~earlier->families || earlier->member_of & ~kind->member_of ||
		    earlier->no_member_of & ~kind->no_member_of ||
		    !within(cover, kind->dim[XS_DIM_l4proto], earlier->protos))
			return false;
		for (int dim = 0; dim < XS_DIM_MAX; dim++)
			if (dim != XS_DIM_sport && dim != XS_DIM_dport &&
			    !within(cover, kind->dim[dim], earlier->dim[dim]))
				return false;
	}
	return true;
}

/* The cost of finding the meaning of a rule: the sets that must be complemented or intersected. */
static __u64 meaning_cost(const struct xs_rule *rule)
{
	__u64 cost = 1, seen = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		__u64 dim = 1ULL << xs_fields[rule->matches[i].field].dim;

		cost += rule->matches[i].negate || seen & dim ? rule->matches[i].range_cnt : 1;
		seen |= dim;
	}
	return cost;
}

/* 1: the earlier rule covers the claim; 0: it does not, or the budget is spent; -ENOMEM. */
static int covers(struct xs_cover *cover, __u32 earlier, const struct xs_claim *claim)
{
	const struct xs_rule *rule = &cover->set->rules[earlier];
	__u64 cost = meaning_cost(rule);
	struct xs_meaning meaning;
	int err;

	if (cover->budget < cost) {
		cover->budget = 0;
		return 0;
	}
	cover->budget -= cost;
	err = xs_meaning_find(&cover->arena, &meaning, rule);
	if (!err)
		err = kinds_within(cover, claim, &meaning) && ports_within(cover, claim, &meaning);
	xs_arena_reset(&cover->arena);
	return err;
}

/*
 * A bit for each key that leads to a place, and for some others. Most lookups find
 * nothing; these bits stay in the CPU's cache, while heads and places do not.
 */
static __u64 *seen_word(const struct xs_cover *cover, __u64 key)
{
	return &cover->seen[key >> 38 & (cover->mask >> 4)];
}

static __u64 seen_bit(__u64 key)
{
	return 1ULL << (key >> 32 & 63);
}

int xs_cover_find(struct xs_cover *cover, const struct xs_claim *claim, __u32 *by)
{
	struct sketch sketch;

	*by = cover->set->rule_cnt;
	make_sketch(&sketch, &claim->kind[0], claim->ports[0]);
	for (__u32 s = 0; s < cover->shape_cnt && cover->budget; s++) {
		const struct xs_cover_shape *shape = &cover->shapes[s];
		__u64 key;

		if (!fits(shape, claim->families, &sketch.shape))
			continue;
		key = shape_key(cover, shape, &sketch);
		if (!(*seen_word(cover, key) & seen_bit(key)))
			continue;
		for (__u32 at = cover->heads[key & cover->mask]; at;
		     at = cover->places[at - 1].next) {
			const struct xs_cover_place *place = &cover->places[at - 1];
			int found = place->key == key ? covers(cover, place->rule, claim) : 0;

			if (found < 0)
				return found;
			if (found) {
				*by = place->rule;
				return 0;
			}
		}
	}
	return 0;
}

static bool is_same_shape(const struct xs_cover_shape *a, const struct xs_cover_shape *b)
{
	return a->families == b->families && a->dim_cnt == b->dim_cnt &&
	       !memcmp(a->dim, b->dim, sizeof(a->dim)) &&
	       !memcmp(a->word, b->word, sizeof(a->word));
}

static struct xs_cover_shape *find_shape(struct xs_cover *cover, const struct xs_cover_shape *want)
{
	for (__u32 i = 0; i < cover->shape_cnt; i++)
		if (is_same_shape(&cover->shapes[i], want))
			return &cover->shapes[i];
	if (cover->shape_cnt == XS_WARN_SHAPES)
		return NULL;
	cover->shapes[cover->shape_cnt] = *want;
	return &cover->shapes[cover->shape_cnt++];
}

static void remember_place(struct xs_cover *cover, const struct sketch *sketch, __u32 rule)
{
	const struct xs_cover_shape *shape = find_shape(cover, &sketch->shape);
	__u32 alike = 0, *head;
	__u64 key;

	if (!shape || cover->place_cnt == cover->place_max)
		return;
	key = shape_key(cover, shape, sketch);
	head = &cover->heads[key & cover->mask];
	for (__u32 at = *head; at; at = cover->places[at - 1].next)
		if (++alike == ALIKE_MAX)
			return;
	cover->places[cover->place_cnt] = (struct xs_cover_place){ key, rule, *head };
	*head = ++cover->place_cnt;
	*seen_word(cover, key) |= seen_bit(key);
}

void xs_cover_remember(struct xs_cover *cover, const struct xs_claim *claim, __u32 rule)
{
	struct sketch sketch;

	for (__u32 i = 0; i < claim->port_cnt; i++) {
		make_sketch(&sketch, &claim->asked, claim->ports[i]);
		remember_place(cover, &sketch, rule);
	}
}

void xs_cover_free(struct xs_cover *cover)
{
	free(cover->shapes);
	free(cover->heads);
	free(cover->seen);
	free(cover->places);
	xs_arena_free(&cover->arena);
}

int xs_cover_init(struct xs_cover *cover, const struct xs_ruleset *set)
{
	size_t heads = 16;

	while (heads < 2 * (size_t)set->rule_cnt)
		heads *= 2;
	*cover = (struct xs_cover){ .set = set, .mask = (__u32)(heads - 1) };
	cover->budget = 5000000 + 500ULL * set->rule_cnt;
	cover->place_max = 2 * set->rule_cnt + 64;
	cover->shapes = calloc(XS_WARN_SHAPES, sizeof(*cover->shapes));
	cover->heads = calloc(heads, sizeof(*cover->heads));
	cover->seen = calloc(heads / 16, sizeof(*cover->seen));
	cover->places = malloc(cover->place_max * sizeof(*cover->places));
	if (cover->shapes && cover->heads && cover->seen && cover->places)
		return 0;
	xs_cover_free(cover);
	return -ENOMEM;
}
