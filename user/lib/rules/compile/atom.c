// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns conditions into atoms: one range each, or a set with a bit for each value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "steps.h"

/* The sets of conditions so far: a bit for each value. */
struct bit_sets {
	__u64 *word;
	size_t cnt, room;
	const struct xs_cond **known; /* hash of conditions that have a set of their own */
	__u32 known_cnt, known_slots;
};

static struct xs_range cond_range(const struct xs_compiler *c, const struct xs_cond *cond, __u32 i)
{
	struct xs_range range = cond->ranges.range[i];

	if (cond->dim <= XS_DIM_daddr) {
		const struct xs_axis *axis = &c->ranks.axis[cond->dim][cond->family];

		range.lo = xs_rank_of(axis, range.lo);
		range.hi = xs_rank_of(axis, range.hi);
	}
	return range;
}

/* The number of values that need a bit. */
static __u64 cond_values(const struct xs_compiler *c, const struct xs_cond *cond)
{
	const struct xs_axis *axis;

	if (cond->dim > XS_DIM_daddr)
		return 1ULL << xs_dim_places[cond->dim].bits;
	axis = &c->ranks.axis[cond->dim][XS_FAMILY_MAX - 1];
	return axis->first + axis->cnt;
}

static bool same_set(const struct xs_cond *a, const struct xs_cond *b)
{
	if (a->dim != b->dim || a->ranges.cnt != b->ranges.cnt)
		return false;
	/* Bits stand for ranks, and the same number has a different rank in each family. */
	if (a->dim <= XS_DIM_daddr && a->family != b->family)
		return false;
	return !memcmp(a->ranges.range, b->ranges.range, a->ranges.cnt * sizeof(*a->ranges.range));
}

static __u64 hash_set(const struct xs_cond *cond)
{
	__u64 h = cond->dim;

	for (__u32 i = 0; i < cond->ranges.cnt; i++) {
		h = (h ^ (__u64)cond->ranges.range[i].lo) * XS_HASH_A0;
		h = (h ^ h >> 32 ^ (__u64)cond->ranges.range[i].hi) * XS_HASH_A1;
	}
	return h ^ h >> 32;
}

static int grow_known(struct bit_sets *bits)
{
	__u32 slots = bits->known_slots ? 2 * bits->known_slots : 256;
	const struct xs_cond **known = calloc(slots, sizeof(*known));

	if (!known)
		return -ENOMEM;
	for (__u32 i = 0; i < bits->known_slots; i++) {
		__u32 to;

		if (!bits->known[i])
			continue;
		to = hash_set(bits->known[i]) & (slots - 1);
		while (known[to])
			to = (to + 1) & (slots - 1);
		known[to] = bits->known[i];
	}
	free(bits->known);
	bits->known = known;
	bits->known_slots = slots;
	return 0;
}

/* Makes room for one more set at the end. */
static int grow_words(struct bit_sets *bits, size_t words)
{
	size_t room = 2 * (bits->room + words);
	void *more;

	if (bits->cnt + words <= bits->room)
		return 0;
	more = realloc(bits->word, room * sizeof(*bits->word));
	if (!more)
		return -ENOMEM;
	bits->word = more;
	bits->room = room;
	return 0;
}

/* The slot of the condition's set among those known, or the free slot for it. */
static __u32 known_slot(const struct bit_sets *bits, const struct xs_cond *cond)
{
	__u32 slot = hash_set(cond) & (bits->known_slots - 1);

	while (bits->known[slot] && !same_set(bits->known[slot], cond))
		slot = (slot + 1) & (bits->known_slots - 1);
	return slot;
}

static int add_bits(const struct xs_compiler *c, struct bit_sets *bits, struct xs_cond *cond)
{
	size_t words = (cond_values(c, cond) + 63) / 64;
	__u32 slot;

	if (2 * (bits->known_cnt + 1) > bits->known_slots && grow_known(bits))
		return -ENOMEM;
	slot = known_slot(bits, cond);
	if (bits->known[slot]) {
		cond->bits = bits->known[slot]->bits;
		return 0;
	}
	if (grow_words(bits, words))
		return -ENOMEM;
	memset(bits->word + bits->cnt, 0, words * sizeof(*bits->word));
	for (__u32 i = 0; i < cond->ranges.cnt; i++) {
		struct xs_range range = cond_range(c, cond, i);

		for (__u64 v = range.lo; v <= range.hi; v++)
			bits->word[bits->cnt + (v >> 6)] |= 1ULL << (v & 63);
	}
	cond->bits = bits->cnt * sizeof(*bits->word);
	bits->cnt += words;
	bits->known[slot] = cond;
	bits->known_cnt++;
	return bits->cnt * sizeof(*bits->word) > XS_CHUNK_BYTES ? -E2BIG : 0;
}

/* Collects the sets of all conditions. Stores in each condition where its set begins. */
static int gather_bits(struct xs_compiler *c, struct bit_sets *bits)
{
	const struct xs_cond *last[XS_DIM_MAX] = { NULL }; /* boxes of one rule share their sets */
	int err = 0;

	for (__u32 i = 0; i < c->boxes.cnt && !err; i++) {
		for (struct xs_cond *cond = c->boxes.box[i].cond; cond && !err; cond = cond->next) {
			if (cond->ranges.cnt == 1) /* always so for a dynamic set */
				continue;
			if (last[cond->dim] && last[cond->dim]->ranges.range == cond->ranges.range)
				cond->bits = last[cond->dim]->bits;
			else
				err = add_bits(c, bits, cond);
			last[cond->dim] = cond;
		}
		if (err == -E2BIG)
			xs_refuse(c->report, c->rules, c->boxes.box[i].rule,
				  "the sets of values up to this rule take more than %u bytes; "
				  "use fewer or smaller sets",
				  XS_CHUNK_BYTES);
	}
	return err;
}

int xs_bits_write(struct xs_compiler *c)
{
	struct bit_sets bits = { 0 };
	size_t bytes;
	__u32 chunk, offset;
	int err = gather_bits(c, &bits);

	if (err || !bits.cnt)
		goto out;
	bytes = bits.cnt * sizeof(*bits.word);
	err = xs_chunks_place(&c->chunks, bytes, 64, &chunk, &offset);
	if (err)
		goto out;
	memcpy(xs_chunks_at(&c->chunks, chunk, offset), bits.word, bytes);
	xs_header(c)->bits_chunk = chunk;
	xs_header(c)->bits = offset;
out:
	free(bits.word);
	free(bits.known);
	return err;
}

/* The bit that answers whether a dynamic set holds the address. */
static void write_member_atom(struct xs_set_atom *atom, const struct xs_cond *cond)
{
	*atom = (struct xs_set_atom){ .word = XS_ATOM_ranks,
				      .shift = (__u8)cond->bits,
				      .bits = 1,
				      .kind = cond->other ? XS_ATOM_OTHER : XS_ATOM_RANGE,
				      .lo = 1,
				      .hi = 1 };
}

void xs_atom_write(const struct xs_compiler *c, struct xs_set_atom *atom,
		   const struct xs_cond *cond)
{
	static const __u8 words[XS_KEY_WORDS] = {
		[XS_KEY_l4] = XS_ATOM_l4,	    [XS_KEY_ether_s] = XS_ATOM_ether_s,
		[XS_KEY_ether_d] = XS_ATOM_ether_d, [XS_KEY_misc] = XS_ATOM_misc,
		[XS_KEY_addr1] = XS_ATOM_addr1,	    [XS_KEY_inner] = XS_ATOM_inner,
		[XS_KEY_tunnel] = XS_ATOM_tunnel,
	};
	const struct xs_dim_place *place_of;
	struct xs_range range;

	if (cond->dim == XS_DIM_nothing) {
		write_member_atom(atom, cond);
		return;
	}
	place_of = &xs_dim_places[cond->dim];
	range = cond_range(c, cond, 0);
	*atom = (struct xs_set_atom){ .word = words[place_of->word],
				      .shift = place_of->shift,
				      .bits = place_of->bits,
				      .kind = cond->other ? XS_ATOM_OTHER : XS_ATOM_RANGE,
				      .lo = range.lo,
				      .hi = range.hi };
	if (cond->dim <= XS_DIM_daddr) {
		atom->word = XS_ATOM_ranks;
		atom->shift = cond->dim == XS_DIM_daddr ? 32 : 0;
		atom->bits = XS_RANK_BITS;
	}
	if (cond->ranges.cnt > 1) {
		atom->kind = XS_ATOM_BITS;
		atom->lo = xs_header(c)->bits + cond->bits;
	}
}
