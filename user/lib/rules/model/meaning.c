// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Matches -> sets of values; see meaning.h. */
#include <errno.h>

#include "meaning.h"

/* The field saturates at `max`: a larger value cannot occur, or becomes `max`. */
static int saturate(struct xs_arena *arena, struct xs_ranges *set, xs_u128 max)
{
	const struct xs_range possible = { 0, max };

	if (!set->cnt || set->range[set->cnt - 1].hi <= max)
		return 0;
	return xs_ranges_intersect(arena, set, (struct xs_ranges){ &possible, 1 });
}

int xs_meaning_restrict(struct xs_arena *arena, struct xs_meaning *meaning, enum xs_dim dim,
			struct xs_ranges ranges)
{
	int err = xs_ranges_intersect(arena, &meaning->dim[dim], ranges);

	if (!err && dim == XS_DIM_length)
		err = saturate(arena, &meaning->dim[dim], XS_KEY_LENGTH_MAX);
	if (!err && dim == XS_DIM_rxqueue)
		err = saturate(arena, &meaning->dim[dim], XS_KEY_QUEUE_MAX);
	if (!err && !meaning->dim[dim].cnt)
		meaning->never = true;
	return err;
}

/* Adds what the match says by its field alone, whatever the values. */
static int add_header(struct xs_arena *arena, struct xs_meaning *meaning,
		      const struct xs_header_info *header)
{
	meaning->families &= header->families;
	if (!meaning->families)
		meaning->never = true;
	if (header->tag_bytes > meaning->tag_bytes)
		meaning->tag_bytes = header->tag_bytes;
	if (header->l4_bytes > meaning->l4_bytes)
		meaning->l4_bytes = header->l4_bytes;
	if (header->types.cnt) {
		int err = xs_meaning_restrict(arena, meaning, XS_DIM_ether_type, header->types);

		if (err)
			return err;
	}
	if (header->dports.cnt) {
		int err = xs_meaning_restrict(arena, meaning, XS_DIM_dport, header->dports);

		if (err)
			return err;
	}
	/*
	 * If there are several, as for `th`, the key adds nothing: only their frames
	 * have ports at all.
	 */
	if (header->protos.cnt == 1)
		return xs_meaning_restrict(arena, meaning, XS_DIM_l4proto, header->protos);
	if (header->protos.cnt)
		meaning->protos = header->protos;
	return 0;
}

static void add_member(struct xs_meaning *meaning, const struct xs_match *match)
{
	__u32 bit =
		XS_MEANING_MEMBER(xs_fields[match->field].dim == XS_DIM_daddr, match->set_number);

	*(match->negate ? &meaning->no_member_of : &meaning->member_of) |= bit;
	if (meaning->member_of & meaning->no_member_of)
		meaning->never = true;
}

int xs_meaning_add(struct xs_arena *arena, struct xs_meaning *meaning, const struct xs_match *match)
{
	const struct xs_field_info *info = &xs_fields[match->field];
	struct xs_ranges ranges = { match->ranges, match->range_cnt };
	int err = add_header(arena, meaning, info->header);

	if (err || info->dim == XS_DIM_nothing)
		return err;
	if (match->set) {
		add_member(meaning, match);
		return 0;
	}
	if (match->tuple) /* of whose elements nothing is said here */
		ranges = (struct xs_ranges){ match->ranges, 0 };
	if (match->negate)
		err = xs_ranges_complement(arena, &ranges, xs_ones(info->bits));
	if (err)
		return err;
	if (!ranges.cnt) {
		meaning->never = true;
		return 0;
	}
	if (info->dim != XS_DIM_port)
		return xs_meaning_restrict(arena, meaning, info->dim, ranges);
	if (match->negate) { /* neither port is: both are in the rest */
		err = xs_meaning_restrict(arena, meaning, XS_DIM_sport, ranges);
		return err ?: xs_meaning_restrict(arena, meaning, XS_DIM_dport, ranges);
	}
	if (meaning->either_cnt == XS_EITHER_MAX)
		return -E2BIG;
	meaning->either[meaning->either_cnt++] = ranges;
	return 0;
}

int xs_meaning_find(struct xs_arena *arena, struct xs_meaning *meaning, const struct xs_rule *rule)
{
	int err = 0;

	*meaning = (struct xs_meaning)XS_MEANING_ANY;
	for (__u32 i = 0; i < rule->match_cnt && !err; i++)
		err = xs_meaning_add(arena, meaning, &rule->matches[i]);
	return err;
}

bool xs_rule_has_tuples(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (rule->matches[i].tuple)
			return true;
	return false;
}

int xs_meaning_choose(struct xs_arena *arena, struct xs_meaning *meaning, __u32 sides)
{
	int err = 0;

	for (__u32 i = 0; i < meaning->either_cnt && !err; i++)
		err = xs_meaning_restrict(arena, meaning,
					  sides >> i & 1 ? XS_DIM_dport : XS_DIM_sport,
					  meaning->either[i]);
	return err;
}
