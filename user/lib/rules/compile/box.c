// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns rules into boxes: intersects each rule's matches, then multiplies its sets out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "lib/base/grow.h"
#include "tuples.h"

#define SPLIT_MIN_BITS 2 /* a cut must gain this many leading bits */
#define FINE_SET_MAX 64 /* members of a set that `finely` gives boxes of their own */
#define PORT_PREFIX_MIN 6 /* shorter prefixes tell too little to be hashed */
#define OTHERS_MAX 2 /* most ranges that a condition lists one by one */
#define OTHERS_MAX_WIDE 4 /* likewise, for fields too wide for a bit for each value */

/* Cuts each range at its widest boundary, if both parts gain from it. */
static int cut_ranges(struct xs_arena *arena, struct xs_ranges *set, __u32 bits)
{
	struct xs_range *out = xs_arena_get(arena, 2 * set->cnt * sizeof(*out));
	__u32 cnt = 0;

	if (!out)
		return -ENOMEM;
	for (__u32 i = 0; i < set->cnt; i++) {
		struct xs_range whole = set->range[i];
		__u32 shared = xs_prefix_bits(whole.lo, whole.hi, bits);
		xs_u128 middle;

		out[cnt++] = whole;
		if (shared == bits)
			continue;
		middle = whole.hi >> (bits - shared - 1) << (bits - shared - 1);
		if (xs_prefix_bits(whole.lo, middle - 1, bits) < shared + SPLIT_MIN_BITS &&
		    xs_prefix_bits(middle, whole.hi, bits) < shared + SPLIT_MIN_BITS)
			continue;
		if (!(whole.lo & xs_ones(bits - shared)) && !(~whole.hi & xs_ones(bits - shared)))
			continue; /* a prefix */
		out[cnt - 1].hi = middle - 1;
		out[cnt++] = (struct xs_range){ middle, whole.hi };
	}
	*set = (struct xs_ranges){ out, cnt };
	return 0;
}

static __u64 hash_mask(const __u64 *words)
{
	__u64 h = 0;

	for (int i = 0; i < XS_KEY_WORDS; i++)
		h = (h ^ words[i]) * XS_HASH_A0 ^ h >> 29;
	return h ^ h >> 32;
}

/* The number of a mask among the signatures; adds it if it is new. < 0: -ENOMEM. */
static long signature_of(struct xs_boxes *boxes, const __u64 *mask)
{
	void *more;
	__u32 at;

	if (2 * (boxes->signature_cnt + 1) > boxes->signature_slots) {
		__u32 slots = boxes->signature_slots ? boxes->signature_slots * 2 : 1024;
		__u32 *index = calloc(slots, sizeof(*index));

		if (!index)
			return -ENOMEM;
		for (__u32 i = 0; i < boxes->signature_cnt; i++) {
			at = hash_mask(boxes->signature[i]) & (slots - 1);
			while (index[at])
				at = (at + 1) & (slots - 1);
			index[at] = i + 1;
		}
		free(boxes->signature_index);
		boxes->signature_index = index;
		boxes->signature_slots = slots;
	}
	at = hash_mask(mask) & (boxes->signature_slots - 1);
	while (boxes->signature_index[at]) {
		__u32 i = boxes->signature_index[at] - 1;

		if (!memcmp(boxes->signature[i], mask, sizeof(boxes->signature[i])))
			return i;
		at = (at + 1) & (boxes->signature_slots - 1);
	}
	more = xs_grow(boxes->signature, boxes->signature_cnt, &boxes->signature_room,
		       sizeof(*boxes->signature));
	if (!more)
		return -ENOMEM;
	boxes->signature = more;
	memcpy(boxes->signature[boxes->signature_cnt], mask, sizeof(*boxes->signature));
	boxes->signature_index[at] = ++boxes->signature_cnt;
	return boxes->signature_cnt - 1;
}

static void set_key(struct xs_box *box, __u64 *mask, int word, int shift, __u32 bits,
		    struct xs_range range, __u32 shared)
{
	__u64 share = shared ? xs_ones(shared) << (bits - shared) : 0;

	box->key[word] |= ((__u64)range.lo & share) << shift;
	mask[word] |= share << shift;
}

static void set_addr_key(struct xs_box *box, __u64 *mask, int side)
{
	struct xs_range range = box->addr[side];

	if (box->families == XS_FAMILY_BIT(XS_FAMILY_ipv4)) {
		__u32 shared = xs_prefix_bits(range.lo, range.hi, 32);

		set_key(box, mask, XS_KEY_addr0, side ? 0 : 32, 32, range, shared);
	} else {
		__u32 shared = xs_prefix_bits(range.lo, range.hi, 128);
		struct xs_range upper = { range.lo >> 64, range.hi >> 64 };
		int word = side ? XS_KEY_addr2 : XS_KEY_addr0;

		set_key(box, mask, word, 0, 64, upper, shared > 64 ? 64 : shared);
		if (shared > 64)
			set_key(box, mask, word + 1, 0, 64, range, shared - 64);
	}
}

/* Adds what one dimension of a box says. `conds` collects what entries do not compare. */
static void set_dim(struct xs_box *box, __u64 *mask, enum xs_dim dim, struct xs_range range)
{
	const struct xs_dim_place *place = &xs_dim_places[dim];
	__u32 shared;

	if (dim == XS_DIM_saddr || dim == XS_DIM_daddr) {
		box->addr[dim] = range;
		box->addr_set[dim] = true;
		set_addr_key(box, mask, dim);
		return;
	}
	shared = xs_prefix_bits(range.lo, range.hi, place->bits);
	if (dim == XS_DIM_l4proto) {
		box->proto_lo = range.lo;
		box->proto_hi = range.hi;
		if (shared < place->bits)
			shared = 0;
	}
	if (dim == XS_DIM_sport || dim == XS_DIM_dport) {
		box->port_lo[dim - XS_DIM_sport] = range.lo;
		box->port_hi[dim - XS_DIM_sport] = range.hi;
		if (shared < PORT_PREFIX_MIN + 1)
			shared = 0;
	}
	set_key(box, mask, place->word, place->shift, place->bits, range, shared);
}

static struct xs_box *new_box(struct xs_boxes *boxes)
{
	struct xs_box *more = xs_grow(boxes->box, boxes->cnt, &boxes->room, sizeof(*more));

	if (!more)
		return NULL;
	boxes->box = more;
	return &more[boxes->cnt];
}

/* Whether a set of values can be a condition. If not, it must be multiplied out. */
static bool is_wide(enum xs_dim dim)
{
	return dim != XS_DIM_saddr && dim != XS_DIM_daddr &&
	       xs_dim_places[dim].bits > XS_COND_BITS_MAX;
}

/* How many ranges of the field the set excludes, including markers of a missing field. */
static __u32 others_cnt(enum xs_dim dim, __u8 families, const struct xs_ranges *set)
{
	xs_u128 max = xs_ones(xs_dim_bits(dim, families));

	return set->cnt - 1 + !!set->range[0].lo + (set->range[set->cnt - 1].hi < max);
}

static int add_cond(struct xs_boxes *boxes, struct xs_box *box, enum xs_dim dim, bool other,
		    struct xs_ranges ranges)
{
	struct xs_cond *cond = xs_arena_get(&boxes->arena, sizeof(*cond));

	if (!cond)
		return -ENOMEM;
	*cond = (struct xs_cond){
		.dim = dim,
		.family = box->families == XS_FAMILY_BIT(XS_FAMILY_ipv6) ? XS_FAMILY_ipv6
									 : XS_FAMILY_ipv4,
		.other = other,
		.ranges = ranges,
		.next = box->cond,
	};
	box->cond = cond;
	return 0;
}

/* Adds conditions for what the entry itself does not compare. */
static int add_conds(struct xs_boxes *boxes, struct xs_box *box, enum xs_dim dim,
		     struct xs_ranges set)
{
	__u32 others = others_cnt(dim, box->families, &set);
	int err;

	if (set.cnt == 1 || (others > OTHERS_MAX && !is_wide(dim)))
		return add_cond(boxes, box, dim, false, set);
	err = xs_ranges_complement(&boxes->arena, &set, xs_ones(xs_dim_bits(dim, box->families)));
	for (__u32 i = 0; i < set.cnt && !err; i++)
		err = add_cond(boxes, box, dim, true, (struct xs_ranges){ &set.range[i], 1 });
	return err;
}

/* A condition for each dynamic set that the rule asks. */
static int add_members(struct xs_boxes *boxes, struct xs_box *box, const struct xs_meaning *meaning)
{
	static const struct xs_range one = { 1, 1 };
	int err = 0;

	for (__u32 i = 0; i < 2 * XS_MEMBER_SETS_OF_FAMILY && !err; i++) {
		__u32 bit = 1U << i;

		if (!((meaning->member_of | meaning->no_member_of) & bit))
			continue;
		err = add_cond(boxes, box, XS_DIM_nothing, meaning->no_member_of & bit,
			       (struct xs_ranges){ &one, 1 });
		if (!err)
			box->cond->bits = XS_MEMBER_SHIFT(i / XS_MEMBER_SETS_OF_FAMILY,
							  i % XS_MEMBER_SETS_OF_FAMILY);
	}
	return err;
}

static struct xs_range whole_range(struct xs_ranges set)
{
	return (struct xs_range){ set.range[0].lo, set.range[set.cnt - 1].hi };
}

static bool must_multiply(enum xs_dim dim, const struct xs_meaning *meaning)
{
	return is_wide(dim) && meaning->dim[dim].range &&
	       others_cnt(dim, meaning->families, &meaning->dim[dim]) > OTHERS_MAX_WIDE;
}

/*
 * Chooses the sets to multiply out: first those that must be, then small ones, so that
 * as many as possible are, within the limit.
 */
static int choose_sets(const struct xs_meaning *meaning, bool finely, bool *multiply)
{
	__u64 product = 1;
	int dim;

	for (dim = 0; dim < XS_DIM_MAX; dim++) {
		multiply[dim] = must_multiply(dim, meaning);
		if (multiply[dim])
			product *= meaning->dim[dim].cnt;
		if (product > XS_BOXES_PER_RULE)
			return -E2BIG;
	}
	for (;;) {
		int best = -1;

		for (dim = 0; dim < XS_DIM_MAX; dim++) {
			const struct xs_ranges *set = &meaning->dim[dim];

			if (!set->range || multiply[dim])
				continue;
			if (dim >= XS_DIM_BOXED && set->cnt > (finely ? FINE_SET_MAX : 1))
				continue;
			if (best < 0 || set->cnt < meaning->dim[best].cnt)
				best = dim;
		}
		if (best < 0)
			return 0;
		product *= meaning->dim[best].cnt;
		if (product > XS_BOXES_PER_RULE)
			return 0;
		multiply[best] = true;
	}
}

static int add_one_box(struct xs_boxes *boxes, const struct xs_meaning *meaning, __u32 rule,
		       const bool *multiply, const __u32 *at)
{
	struct xs_box *box = new_box(boxes);
	__u64 mask[XS_KEY_WORDS] = { 0 };
	long signature;
	int err;

	if (!box)
		return -ENOMEM;
	if (boxes->cnt == XS_BOXES_MAX) {
		boxes->limit = XS_LIMIT_SET;
		return -E2BIG;
	}
	*box = (struct xs_box){
		.rule = rule,
		.families = meaning->families,
		.proto_hi = 255,
		.port_hi = { XS_KEY_NO_PORT, XS_KEY_NO_PORT },
	};
	for (int dim = 0; dim < XS_DIM_MAX; dim++) {
		struct xs_ranges set = meaning->dim[dim];

		if (!set.range)
			continue;
		if (multiply[dim])
			set = (struct xs_ranges){ &set.range[at[dim]], 1 };
		set_dim(box, mask, dim, whole_range(set));
		if (dim < XS_DIM_BOXED && set.cnt == 1)
			continue;
		err = add_conds(boxes, box, dim, set);
		if (err)
			return err;
	}
	err = add_members(boxes, box, meaning);
	if (err)
		return err;
	signature = signature_of(boxes, mask);
	if (signature < 0)
		return signature;
	box->signature = signature;
	boxes->cnt++;
	return 0;
}

/* Makes one box for each combination of members of the sets to multiply out. */
static int multiply_out(struct xs_boxes *boxes, struct xs_meaning *meaning, __u32 rule, bool finely)
{
	__u32 at[XS_DIM_MAX] = { 0 };
	bool multiply[XS_DIM_MAX];
	int dim, err;

	if (meaning->never)
		return 0;
	for (dim = 0; finely && dim < XS_DIM_MAX; dim++) {
		if (!meaning->dim[dim].range || dim == XS_DIM_l4proto)
			continue;
		err = cut_ranges(&boxes->arena, &meaning->dim[dim],
				 xs_dim_bits(dim, meaning->families));
		if (err)
			return err;
	}
	err = choose_sets(meaning, finely, multiply);
	if (err) {
		boxes->limit = XS_LIMIT_RULE;
		return err;
	}
	do {
		err = add_one_box(boxes, meaning, rule, multiply, at);
		if (err)
			return err;
		for (dim = 0; dim < XS_DIM_MAX; dim++) {
			if (multiply[dim] && ++at[dim] < meaning->dim[dim].cnt)
				break;
			at[dim] = 0;
		}
	} while (dim < XS_DIM_MAX);
	return 0;
}

struct part_of {
	struct xs_boxes *boxes;
	__u32 rule;
	bool finely;
};

static int add_part(void *arg, struct xs_meaning *part)
{
	const struct part_of *of = arg;

	return multiply_out(of->boxes, part, of->rule, of->finely);
}

static int add_rule(struct xs_boxes *boxes, const struct xs_rule *rule, __u32 number, bool finely)
{
	struct part_of of = { boxes, number, finely };
	struct xs_meaning meaning;
	int err = xs_meaning_find(&boxes->arena, &meaning, rule);

	if (err == -E2BIG)
		boxes->limit = XS_LIMIT_EITHER;
	if (err || meaning.never)
		return err;
	/* `port` means either side, so try every way to choose a side for each of them. */
	for (__u32 sides = 0; sides < 1U << meaning.either_cnt; sides++) {
		struct xs_meaning one = meaning;

		err = xs_meaning_choose(&boxes->arena, &one, sides);
		if (err)
			return err;
		err = one.never ? 0 : xs_tuples_cut(&boxes->arena, rule, &one, add_part, &of);
		if (err == XS_TUPLES_OVERLAP)
			boxes->limit = XS_LIMIT_TUPLES;
		if (err)
			return err < 0 ? err : -E2BIG;
	}
	return 0;
}

int xs_boxes_add(struct xs_boxes *boxes, const struct xs_ruleset *rules, bool finely, __u32 *rule)
{
	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		int err = add_rule(boxes, &rules->rules[i], i, finely);

		if (err) {
			*rule = i;
			return err;
		}
	}
	return 0;
}

void xs_boxes_free(struct xs_boxes *boxes)
{
	free(boxes->box);
	free(boxes->signature);
	free(boxes->signature_index);
	xs_arena_free(&boxes->arena);
	*boxes = (struct xs_boxes){ 0 };
}
