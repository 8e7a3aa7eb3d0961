// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random matches, as text and as what the text means; see random_parts.h. */
#include "random_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define ITEMS_MAX 24

static void add_range(struct xs_match *match, xs_u128 lo, xs_u128 hi)
{
	match->ranges = realloc(match->ranges, (match->range_cnt + 1) * sizeof(*match->ranges));
	if (!match->ranges)
		abort();
	match->ranges[match->range_cnt++] = (struct xs_range){ lo, hi };
}

static void make_prefix(struct random_set *set, struct rng *rng, struct xs_match *match,
			struct random_text *t)
{
	__u32 bits = random_fields[match->field].bits;
	__u32 len = rng_chance(rng, 50) ? rng_below(rng, bits / 8 + 1) * 8
					: rng_below(rng, bits + 1);
	xs_u128 value = random_draw(set, rng, match->field), hosts = random_field_max(match->field);

	if (set->spread)
		len = bits - 8 * (set->pool[RANDOM_small][match->field % RANDOM_POOL] % 3);
	hosts = len ? hosts & (((xs_u128)1 << (bits - len)) - 1) : hosts;
	random_say_value(t, rng, match->field, value);
	random_say(t, "/%u", len);
	add_range(match, value & ~hosts, value | hosts);
}

static void make_range(struct random_set *set, struct rng *rng, struct xs_match *match,
		       struct random_text *t)
{
	xs_u128 max = random_field_max(match->field), a = random_draw(set, rng, match->field);
	xs_u128 b = random_draw(set, rng, match->field), lo = a < b ? a : b, hi = a < b ? b : a;

	if (set->spread || rng_chance(rng, 60)) {
		__u32 below = rng_below(rng, 4), above = rng_below(rng, 20);

		lo = a > below ? a - below : 0;
		hi = max - a > above ? a + above : max;
	} else if (rng_chance(rng, 20)) {
		lo = 0;
	} else if (rng_chance(rng, 20)) {
		hi = max;
	}
	random_say_value(t, rng, match->field, lo);
	random_say(t, "-");
	random_say_value(t, rng, match->field, hi);
	add_range(match, lo, hi);
}

static void make_item(struct random_set *set, struct rng *rng, struct xs_match *match,
		      struct random_text *t)
{
	enum random_kind kind = random_traits[match->field].kind;
	xs_u128 value;

	if ((kind == RANDOM_ip4 || kind == RANDOM_ip6) && rng_chance(rng, 50)) {
		make_prefix(set, rng, match, t);
	} else if (!random_is_named(kind) && rng_chance(rng, set->spread ? 1 : 30)) {
		make_range(set, rng, match, t);
	} else {
		value = random_draw(set, rng, match->field);
		random_say_value(t, rng, match->field, value);
		add_range(match, value, value);
	}
}

static void say_flags(struct random_text *t, __u32 flags, const char *between)
{
	static const char *const bits[] = {
		"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"
	};
	bool first = true;

	if (!flags)
		random_say(t, "0");
	for (int i = 0; i < 8; i++) {
		if (!(flags >> i & 1))
			continue;
		random_say(t, "%s%s", first ? "" : between, bits[i]);
		first = false;
	}
}

enum flag_form {
	FLAGS_ANY, /* A,B */
	FLAGS_NONE, /* ! A,B */
	FLAGS_SLASH, /* A,B / M,N */
	FLAGS_MASKED, /* & (M | N) == A | B */
	FLAGS_EXACT, /* == A | B */
	FLAGS_SET, /* { A | B, C } */
	FLAGS_FORMS
};

static void say_flag_match(struct random_text *t, enum flag_form form, bool negate, __u32 flags,
			   __u32 mask)
{
	const char *equals = negate					   ? "!= "
			     : form == FLAGS_MASKED || form == FLAGS_EXACT ? "== "
									   : "";

	if (form == FLAGS_MASKED) {
		random_say(t, "& (");
		say_flags(t, mask, " | ");
		random_say(t, ") ");
	}
	random_say(t, "%s", form == FLAGS_NONE ? "! " : form == FLAGS_ANY ? "" : equals);
	random_say(t, form == FLAGS_SET ? "{ " : "");
	say_flags(t, flags, form >= FLAGS_MASKED ? " | " : ",");
	if (form == FLAGS_SLASH) {
		random_say(t, " / ");
		say_flags(t, mask, ",");
	}
	if (form == FLAGS_SET) {
		random_say(t, ", ");
		say_flags(t, mask, "|");
		random_say(t, " }");
	}
}

static bool flag_byte_holds(enum flag_form form, __u32 byte, __u32 flags, __u32 mask)
{
	switch (form) {
	case FLAGS_ANY:
		return byte & flags;
	case FLAGS_NONE:
		return !(byte & flags);
	case FLAGS_SLASH:
	case FLAGS_MASKED:
		return (byte & mask) == flags;
	case FLAGS_EXACT:
		return byte == flags;
	default:
		return byte == flags || byte == mask;
	}
}

/* Each flags byte that holds becomes a range of its own. */
static void make_flags(struct rng *rng, struct xs_match *match, struct random_text *t)
{
	__u32 flags = 1 + rng_below(rng, 255), mask = flags | rng_below(rng, 256);
	enum flag_form form = rng_below(rng, FLAGS_FORMS);
	bool negate = form > FLAGS_NONE && rng_chance(rng, 20);

	if (rng_chance(rng, 50)) {
		flags &= 0x17;
		flags |= flags ? 0 : 2;
	}
	if (rng_chance(rng, 10))
		mask &= ~flags | 1; /* this may be a match that no byte fulfils */
	mask |= mask ? 0 : 1;
	say_flag_match(t, form, negate, flags, mask);
	for (__u32 byte = 0; byte < 256; byte++)
		if (flag_byte_holds(form, byte, flags, mask) != negate)
			add_range(match, byte, byte);
}

/* FIELD < VALUE and its like. */
static void make_bound(struct random_set *set, struct rng *rng, struct xs_match *match,
		       struct random_text *t)
{
	static const char *const marks[] = { "<", "<=", ">", ">=" };
	xs_u128 value = random_draw(set, rng, match->field), max = random_field_max(match->field);
	__u32 mark = rng_below(rng, 4);

	random_say(t, "%s ", marks[mark]);
	random_say_value(t, rng, match->field, value);
	if (mark == 0 && value)
		add_range(match, 0, value - 1);
	else if (mark == 1)
		add_range(match, 0, value);
	else if (mark == 2 && value < max)
		add_range(match, value + 1, max);
	else if (mark == 3)
		add_range(match, value, max);
}

/* FIELD & MASK == VALUE: any mask for a byte, the mask of a prefix for wider fields. */
static void make_masked(struct random_set *set, struct rng *rng, struct xs_match *match,
			struct random_text *t)
{
	xs_u128 value = random_draw(set, rng, match->field), max = random_field_max(match->field);
	xs_u128 mask = max & random_wide(rng), hosts = ((xs_u128)1 << rng_below(rng, 16)) - 1;

	if (max > 255)
		mask = max & ~hosts;
	if (!rng_chance(rng, 5))
		value &= mask;
	match->negate = rng_chance(rng, 20);
	random_say(t, "& ");
	random_say_value(t, rng, match->field, mask);
	random_say(t, match->negate ? " != " : " == ");
	random_say_value(t, rng, match->field, value);
	if (max > 255 && !(value & ~mask))
		add_range(match, value, value | hosts);
	for (xs_u128 v = 0; max <= 255 && v <= max; v++)
		if ((v & mask) == value)
			add_range(match, v, v);
}

static void make_set(struct random_set *set, struct rng *rng, struct xs_match *match,
		     struct random_text *t)
{
	__u32 items = rng_chance(rng, 90) ? 1 + rng_below(rng, 5) : 1 + rng_below(rng, ITEMS_MAX);

	random_say(t, "{ ");
	for (__u32 i = 0; i < items; i++) {
		random_say(t, i ? ", " : "");
		make_item(set, rng, match, t);
	}
	random_say(t, " } ");
}

/* Moves the text of a value, from `from` on, to a line of its own: "define vN = ...". */
static void make_define(struct random_set *set, struct random_text *t, size_t from)
{
	char *all;

	if (asprintf(&all, "%sdefine v%u = %s\n", set->defines ? set->defines : "", set->define_cnt,
		     t->buf + from) < 0)
		abort();
	free(set->defines);
	set->defines = all;
	t->len = from;
	random_say(t, "$v%u ", set->define_cnt++);
}

void random_crowd_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
			     enum xs_field field, const struct random_crowd *crowd,
			     struct random_text *t)
{
	xs_u128 max = random_field_max(field);
	size_t from;

	*match = (struct xs_match){ .field = field, .negate = rng_chance(rng, 8) };
	random_say(t, "%s %s", random_fields[field].text, match->negate ? "!= " : "");
	from = t->len;
	random_say(t, "{ ");
	for (__u32 i = 0; i < crowd->cnt; i++) {
		xs_u128 lo = random_crowd_value(crowd, field, i);
		xs_u128 hi = max - lo < crowd->span ? max : lo + crowd->span;

		random_say(t, i ? ", " : "");
		random_say_value(t, rng, field, lo);
		if (hi > lo) {
			random_say(t, "-");
			random_say_value(t, rng, field, hi);
		}
		add_range(match, lo, hi);
	}
	random_say(t, " } ");
	if (rng_chance(rng, 5))
		make_define(set, t, from);
}

/*
 * Which bits of the addresses differ: all, so that they are scattered; some, so that they are
 * close; of IPv6 also those of the lower half alone.
 */
static xs_u128 scattered_bits(struct rng *rng, __u32 bits)
{
	static const __u8 of_ip4[] = { 32, 24, 21 }, of_ip6[] = { 128, 96, 64, 40 };
	__u32 cnt = bits == 32 ? of_ip4[rng_below(rng, sizeof(of_ip4))]
			       : of_ip6[rng_below(rng, sizeof(of_ip6))];

	return cnt == 128 ? ~(xs_u128)0 : ((xs_u128)1 << cnt) - 1;
}

void random_addresses_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
				 enum xs_field field, __u32 cnt, struct random_text *t)
{
	__u32 bits = random_fields[field].bits;
	xs_u128 differ = scattered_bits(rng, bits), base = random_draw(set, rng, field);

	*match = (struct xs_match){ .field = field, .negate = rng_chance(rng, 20) };
	random_say(t, "%s %s{ ", random_fields[field].text, match->negate ? "!= " : "");
	for (__u32 i = 0; i < cnt; i++) {
		__u32 host = rng_chance(rng, 70) ? 0 : rng_below(rng, bits == 32 ? 6 : 70);
		xs_u128 hosts = ((xs_u128)1 << host) - 1, value;

		value = base ^ (random_wide(rng) & differ);
		random_say(t, i ? ", " : "");
		random_say_value(t, rng, field, value);
		if (host)
			random_say(t, "/%u", bits - host);
		add_range(match, value & ~hosts, value | hosts);
	}
	random_say(t, " } ");
}

void random_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
		       enum xs_field field, struct random_text *t)
{
	size_t from;

	*match = (struct xs_match){ .field = field };
	random_say(t, "%s ", random_fields[field].text);
	if (set->rules.set_cnt && rng_chance(rng, 40) &&
	    random_member_match_make(set, rng, match, field, t))
		return;
	if (random_traits[field].kind == RANDOM_none)
		return;
	if (random_traits[field].kind == RANDOM_flags) {
		make_flags(rng, match, t);
		random_say(t, " ");
		return;
	}
	if (!set->spread && !random_is_named(random_traits[field].kind) && rng_chance(rng, 8)) {
		(rng_chance(rng, 50) ? make_bound : make_masked)(set, rng, match, t);
		random_say(t, " ");
		return;
	}
	match->negate = rng_chance(rng, set->spread ? 0 : 18);
	if (match->negate)
		random_say(t, "!= ");
	else if (rng_chance(rng, 5))
		random_say(t, "== ");
	from = t->len;
	if (rng_chance(rng, set->spread ? 95 : 75)) {
		make_item(set, rng, match, t);
		random_say(t, " ");
	} else {
		make_set(set, rng, match, t);
	}
	if (!set->spread && rng_chance(rng, 5))
		make_define(set, t, from);
}

/* F . G { A . B }: what F A G B is. */
void random_pair_make(struct random_set *set, struct rng *rng, struct xs_match *matches,
		      const enum xs_field *chosen, struct random_text *t)
{
	random_say(t, "%s . %s { ", random_fields[chosen[0]].text, random_fields[chosen[1]].text);
	for (int i = 0; i < 2; i++) {
		matches[i] = (struct xs_match){ .field = chosen[i] };
		random_say(t, i ? " . " : "");
		make_item(set, rng, &matches[i], t);
	}
	random_say(t, " } ");
}

/* The value of a field in one more element: a new one, or that of the element before. */
static void make_part(struct random_set *set, struct rng *rng, struct xs_match *first, __u32 fields,
		      enum xs_field field, struct random_text *t)
{
	struct xs_match one = { .field = field };
	struct xs_range range;

	if (first->range_cnt < fields || rng_chance(rng, 50)) {
		make_item(set, rng, &one, t);
		range = one.ranges[0];
		free(one.ranges);
	} else {
		range = first->ranges[first->range_cnt - fields];
		random_say_value(t, rng, field, range.lo);
		random_say(t, range.hi > range.lo ? "-" : "");
		if (range.hi > range.lo)
			random_say_value(t, rng, field, range.hi);
	}
	add_range(first, range.lo, range.hi);
}

void random_tuples_make(struct random_set *set, struct rng *rng, struct xs_match *matches,
			const enum xs_field *chosen, __u32 fields, struct random_text *t)
{
	__u32 elements = rng_chance(rng, 30) ? 1 : 1 + rng_below(rng, set->spread ? 40 : 6);
	bool braces = elements > 1 || rng_chance(rng, 50);

	for (__u32 i = 0; i < fields; i++) {
		matches[i] = (struct xs_match){ .field = chosen[i], .negate = true };
		random_say(t, "%s%s ", i ? ". " : "", random_fields[chosen[i]].text);
	}
	matches->tuple = (__u8)fields;
	random_say(t, "!= %s", braces ? "{ " : "");
	for (__u32 e = 0; e < elements; e++) {
		random_say(t, e ? ", " : "");
		for (__u32 i = 0; i < fields; i++) {
			random_say(t, i ? " . " : "");
			make_part(set, rng, matches, fields, chosen[i], t);
		}
	}
	random_say(t, braces ? " } " : " ");
}

/* Prefixes of many lengths, or such ranges: combinations of more shapes than tables. */
void random_shapes_match_make(struct rng *rng, struct xs_match *match, enum xs_field field,
			      struct random_text *t)
{
	__u32 bits = random_fields[field].bits, cnt = 10 + rng_below(rng, 10);

	*match = (struct xs_match){ .field = field };
	random_say(t, "%s { ", random_fields[field].text);
	for (__u32 i = 0; i < cnt; i++) {
		__u32 len = 8 + rng_below(rng, bits - 7);
		xs_u128 hosts = ((xs_u128)1 << (bits - len)) - 1;
		xs_u128 lo = random_wide(rng) & random_field_max(field) & ~hosts;

		random_say(t, i ? ", " : "");
		random_say_value(t, rng, field, lo);
		if (bits > 16) {
			random_say(t, "/%u", len);
		} else if (hosts) {
			random_say(t, "-");
			random_say_value(t, rng, field, lo | hosts);
		}
		add_range(match, lo, lo | hosts);
	}
	random_say(t, " } ");
}
