// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds slots for keys: hash and displace. If that fails, tries another seed or more parts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

/*
 * The share of slots that keys fill. A larger share takes longer to place; a smaller
 * one takes more memory.
 */
#define FILL_NUM 4
#define FILL_DEN 5
#define KEYS_PER_DISPLACEMENT 4U
#define SEEDS_MAX 32

static __u32 cond_cnt(const struct xs_box *box)
{
	__u32 cnt = 0;

	for (const struct xs_cond *cond = box->cond; cond; cond = cond->next)
		cnt++;
	return cnt;
}

static int by_hash(const void *a, const void *b)
{
	const struct xs_hashed *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->box < y->box ? -1 : x->box > y->box;
}

/* Whether every frame that matches b also matches a. */
static bool box_covers(const struct xs_box *a, const struct xs_box *b)
{
	for (int side = 0; side < 2; side++) {
		if (a->rank_lo[side] > b->rank_lo[side] || a->rank_hi[side] < b->rank_hi[side])
			return false;
		if (a->port_lo[side] > b->port_lo[side] || a->port_hi[side] < b->port_hi[side])
			return false;
	}
	return a->proto_lo <= b->proto_lo && a->proto_hi >= b->proto_hi && !a->cond;
}

/* Removes from a chain what an earlier entry of it always hides. */
static __u32 prune_chain(const struct xs_boxes *boxes, struct xs_hashed *chain, __u32 cnt)
{
	__u32 left = 0;

	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_box *box = &boxes->box[chain[i].box];
		bool hidden = false;

		for (__u32 j = 0; j < left && j < 64 && !hidden; j++)
			hidden = box_covers(&boxes->box[chain[j].box], box);
		if (!hidden)
			chain[left++] = chain[i];
	}
	return left;
}

/* Adds the chain of the hashed boxes from `first` up to `end`, with its cost. */
static void add_chain(const struct xs_boxes *boxes, struct xs_table_plan *t, struct xs_placing *p,
		      __u32 first, __u32 end)
{
	struct xs_hashed *hashed = &p->hashed[first];
	struct xs_chain *chain = &p->chain[p->chain_cnt++];
	__u32 steps = 0;

	*chain = (struct xs_chain){ .hash = hashed->hash, .first = first, .part = hashed->part };
	chain->cnt = prune_chain(boxes, hashed, end - first);
	for (__u32 k = 0; k < chain->cnt; k++)
		steps += 1 + cond_cnt(&boxes->box[hashed[k].box]);
	chain->steps = steps;
	if (chain->cnt > t->chain_max)
		t->chain_max = chain->cnt;
	if (steps > t->step_max) {
		t->step_max = steps;
		t->step_rule = boxes->box[hashed->box].rule;
	}
}

/* Sorts the boxes by their keys' hashes, and makes the chains. */
static void hash_boxes(const struct xs_boxes *boxes, struct xs_table_plan *t, struct xs_placing *p)
{
	__u32 i, j;

	for (i = 0; i < t->box_cnt; i++) {
		__u64 hash = xs_hash(boxes->box[t->box[i]].key, &t->record);

		p->hashed[i] = (struct xs_hashed){ hash, t->box[i], hash & (p->part_cnt - 1) };
	}
	qsort(p->hashed, t->box_cnt, sizeof(*p->hashed), by_hash);
	p->chain_cnt = 0;
	t->chain_max = 0;
	t->step_max = 0;
	for (i = 0; i < t->box_cnt; i = j) {
		for (j = i + 1; j < t->box_cnt && p->hashed[j].hash == p->hashed[i].hash;)
			j++;
		add_chain(boxes, t, p, i, j);
	}
}

/* Makes all parts the same size, because the data path knows one layout for a table. */
static void size_parts(struct xs_table_plan *t, struct xs_placing *p)
{
	__u32 chains_max = 0, part = 0;

	p->extra_max = 0;
	for (__u32 i = 0; i <= p->chain_cnt; i++)
		for (; part <= (i < p->chain_cnt ? p->chain[i].part : p->part_cnt); part++)
			p->part_first[part] = i;
	for (part = 0; part < p->part_cnt; part++) {
		__u32 chains = p->part_first[part + 1] - p->part_first[part], extra = 0;

		for (__u32 i = p->part_first[part]; i < p->part_first[part + 1]; i++)
			extra += p->chain[i].steps - 1;
		if (chains > chains_max)
			chains_max = chains;
		if (extra > p->extra_max)
			p->extra_max = extra;
	}
	t->record.slot_cnt = chains_max * FILL_DEN / FILL_NUM + 1;
	p->displace_bits = 4; /* 32 bytes: slots start after it, and never with number 0 */
	while (KEYS_PER_DISPLACEMENT << p->displace_bits < chains_max)
		p->displace_bits++;
	t->record.displace_shift = 64 - p->displace_bits;
}

/* Chains that share a displacement. */
struct bucket {
	__u32 at; /* its displacement */
	__u32 cnt, first; /* its chains */
};

static int by_bucket(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	if (x->cnt != y->cnt)
		return x->cnt > y->cnt ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Finds a displacement that gives all chains of a bucket their own slots. */
static bool place_bucket(const struct xs_table_plan *t, struct xs_placing *p,
			 const struct bucket *bucket, __u16 *displacement, __u32 *taken)
{
	for (__u32 d = 0; d <= 0xffff; d++) {
		__u32 i;

		for (i = 0; i < bucket->cnt; i++) {
			struct xs_chain *chain = &p->chain[bucket->first + i];

			chain->slot = xs_hash_slot(chain->hash, d, t->record.slot_cnt);
			if (taken[chain->slot] != XS_SLOT_EMPTY)
				break;
			taken[chain->slot] = bucket->first + i;
		}
		if (i == bucket->cnt) {
			displacement[bucket->at] = d;
			return true;
		}
		while (i-- > 0)
			taken[p->chain[bucket->first + i].slot] = XS_SLOT_EMPTY;
	}
	return false;
}

/* Places the chains of one part. -EAGAIN: impossible with this seed. */
static int place_part(const struct xs_table_plan *t, struct xs_placing *p, __u32 part)
{
	__u32 bucket_cnt = 1U << p->displace_bits, end = p->part_first[part + 1];
	__u16 *displacement = p->displacement + ((size_t)part << p->displace_bits);
	__u32 *taken = p->taken + (size_t)part * t->record.slot_cnt;
	struct bucket *bucket = calloc(bucket_cnt, sizeof(*bucket));
	int err = 0;

	if (!bucket)
		return -ENOMEM;
	memset(taken, 0xff, t->record.slot_cnt * sizeof(*taken));
	for (__u32 i = 0; i < bucket_cnt; i++)
		bucket[i].at = i;
	for (__u32 i = end; i-- > p->part_first[part];) {
		struct bucket *one = &bucket[p->chain[i].hash >> t->record.displace_shift];

		one->cnt++;
		one->first = i; /* chains are sorted by hash, and so by bucket */
	}
	qsort(bucket, bucket_cnt, sizeof(*bucket), by_bucket);
	for (__u32 i = 0; i < bucket_cnt && bucket[i].cnt && !err; i++)
		if (!place_bucket(t, p, &bucket[i], displacement, taken))
			err = -EAGAIN;
	free(bucket);
	return err;
}

void xs_placing_free(struct xs_placing *p)
{
	free(p->hashed);
	free(p->chain);
	free(p->part_first);
	free(p->displacement);
	free(p->taken);
	*p = (struct xs_placing){ 0 };
}

/*
 * Tries one seed. -EAGAIN: try another; -E2BIG: more parts are needed; others: there is
 * no use in trying.
 */
static int try_seed(struct xs_table_plan *t, const struct xs_boxes *boxes, struct xs_placing *p)
{
	int err = 0;

	p->hashed = malloc((t->box_cnt + 1) * sizeof(*p->hashed));
	p->chain = malloc((t->box_cnt + 1) * sizeof(*p->chain));
	p->part_first = malloc((p->part_cnt + 2) * sizeof(*p->part_first));
	if (!p->hashed || !p->chain || !p->part_first)
		return -ENOMEM;
	hash_boxes(boxes, t, p);
	if (t->step_max > XS_STEPS_MAX)
		return -EOVERFLOW;
	size_parts(t, p);
	if (xs_part_bytes(t, p) > XS_CHUNK_BYTES)
		return -E2BIG;
	p->displacement = calloc((size_t)p->part_cnt << p->displace_bits, sizeof(__u16));
	p->taken = malloc((size_t)p->part_cnt * t->record.slot_cnt * sizeof(*p->taken));
	if (!p->displacement || !p->taken)
		return -ENOMEM;
	for (__u32 part = 0; part < p->part_cnt && !err; part++)
		err = place_part(t, p, part);
	return err;
}

int xs_table_place(struct xs_table_plan *t, const struct xs_boxes *boxes, struct xs_placing *p)
{
	__u32 parts = 1;
	int err = -EAGAIN;

	for (__u32 seed = 1; seed < SEEDS_MAX && (err == -EAGAIN || err == -E2BIG); seed++) {
		xs_placing_free(p);
		t->record.seed = seed * XS_HASH_A7;
		if (err == -E2BIG)
			parts *= 2;
		p->part_cnt = parts;
		err = try_seed(t, boxes, p);
	}
	return err;
}
