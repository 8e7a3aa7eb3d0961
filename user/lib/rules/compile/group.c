// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns signatures into groups: repeatedly joins the smallest group to its best host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

/*
 * The constants were measured over 36 sets of 1,000 to 100,000 rules that look like
 * real ones (all of them compile in 5.5 s), and over 700 random ones. "Steps" are those
 * of the report: the most that one frame can cost.
 */

/*
 * If there are more signatures than this, they are first made coarser, because the cost
 * of joining grows with their square. With 512 one set is refused and chains grow to
 * 290; 4096 takes nearly twice the time and saves 2% of the steps.
 */
#define SIGNATURES_MAX 1536
/*
 * How many hosts to try by hashing, among those that lose the fewest bits. TRIES_SAME,
 * if the mask stays: 2 or 12 make the same tables, but 12 takes 40% more time.
 * TRIES_COARSER, if the mask loses bits: with 1 there are 4% more steps, and 8 saves
 * none.
 */
#define TRIES_SAME 6
#define TRIES_COARSER 4
/*
 * Rounds of grouping. Each round groups what the one before left over. One round makes
 * chains of 862 and refuses sets; two make chains of 15; with four all are within
 * XS_CHAIN_GOOD; six find nothing more to do.
 */
#define ROUNDS 4
/*
 * The share of the tables that one round may use. With 4/8 there are 6% more steps.
 * With 7/8 too few are left for the last rounds: chains of 23, and a frame looks into
 * more tables.
 */
#define ROUND_SHARE_NUM 5
#define ROUND_SHARE_DEN 8
/*
 * A host that is this much larger than the guest is not tried if it would lose bits,
 * because hashing it costs most. In the sets measured, 5000 and no limit make the same
 * tables.
 */
#define COARSER_COST_MAX 50000

struct group {
	__u64 mask[XS_KEY_WORDS];
	__u32 first; /* signature; the others follow by next_signature */
	__u32 last;
	__u32 box_cnt;
	__u32 chain; /* longest */
	__u64 squares; /* sum of the squared chain lengths: comparisons to look up all boxes */
};

struct grouping {
	const struct xs_boxes *boxes;
	const __u32 *box; /* the boxes to be grouped */
	__u32 box_cnt;
	__u32 *boxes_of; /* box numbers by signature */
	__u32 *first_box; /* signature -> its first in boxes_of; one entry more than signatures */
	__u32 *next_signature;
	struct group *group;
	__u32 cnt;
	/* Scratch memory: keys seen. */
	__u64 *seen;
	__u32 *seen_cnt;
	__u32 seen_slots;
};

#define NO_SIGNATURE 0xffffffffU

static __u32 mask_bits(const __u64 *mask)
{
	__u32 bits = 0;

	for (int i = 0; i < XS_KEY_WORDS; i++)
		bits += __builtin_popcountll(mask[i]);
	return bits;
}

static __u32 common_mask(__u64 *out, const __u64 *a, const __u64 *b)
{
	for (int i = 0; i < XS_KEY_WORDS; i++)
		out[i] = a[i] & b[i];
	return mask_bits(out);
}

static __u64 hash_key(const __u64 *key, const __u64 *mask)
{
	__u64 h = 0;

	for (int i = 0; i < XS_KEY_WORDS; i++) {
		if (!mask[i])
			continue;
		h = (h ^ (key[i] & mask[i])) * XS_HASH_A0;
		h ^= h >> 32;
	}
	return h * XS_HASH_A1 | 1; /* 0 marks a free slot */
}

/* Counts a group's boxes by their key under `mask`, in the scratch hash. */
static void count_keys(struct grouping *g, const struct group *group, const __u64 *mask,
		       __u32 *chain, __u64 *squares)
{
	for (__u32 s = group->first; s != NO_SIGNATURE; s = g->next_signature[s]) {
		for (__u32 i = g->first_box[s]; i < g->first_box[s + 1]; i++) {
			__u64 h = hash_key(g->boxes->box[g->boxes_of[i]].key, mask);
			__u32 at = h >> 8 & (g->seen_slots - 1);

			while (g->seen[at] && g->seen[at] != h)
				at = (at + 1) & (g->seen_slots - 1);
			g->seen[at] = h;
			*squares += 2 * g->seen_cnt[at] + 1;
			if (++g->seen_cnt[at] > *chain)
				*chain = g->seen_cnt[at];
		}
	}
}

/* Finds the longest chain and the squares of one or two groups under `mask`. */
static void weigh(struct grouping *g, const struct group *a, const struct group *b,
		  const __u64 *mask, __u32 *chain, __u64 *squares)
{
	__u64 cnt = a->box_cnt + (b ? b->box_cnt : 0);

	g->seen_slots = 16;
	while (g->seen_slots < 2 * cnt)
		g->seen_slots *= 2;
	memset(g->seen, 0, g->seen_slots * sizeof(*g->seen));
	memset(g->seen_cnt, 0, g->seen_slots * sizeof(*g->seen_cnt));
	*chain = 0;
	*squares = 0;
	count_keys(g, a, mask, chain, squares);
	if (b)
		count_keys(g, b, mask, chain, squares);
}

/* Shortens each 32 bits of an address mask to a multiple of `step` leading ones. */
static void coarsen(__u64 *mask, __u32 step)
{
	for (int i = XS_KEY_addr0; i <= XS_KEY_addr3; i++) {
		for (int half = 0; half < 64; half += 32) {
			__u32 bits = __builtin_popcountll(mask[i] >> half & 0xffffffff);
			__u64 keep = bits / step * step;

			keep = keep ? 0xffffffffULL << (32 - keep) & 0xffffffff : 0;
			mask[i] &= keep << half | ~(0xffffffffULL << half);
		}
	}
	if (step >= 4) { /* parts of ports tell least */
		__u64 port = (1ULL << XS_KEY_sport_bits) - 1;

		if ((mask[XS_KEY_l4] >> XS_KEY_sport_shift & port) != port)
			mask[XS_KEY_l4] &= ~(port << XS_KEY_sport_shift);
		if ((mask[XS_KEY_l4] >> XS_KEY_dport_shift & port) != port)
			mask[XS_KEY_l4] &= ~(port << XS_KEY_dport_shift);
	}
}

static int by_mask(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order = memcmp(x->mask, y->mask, sizeof(x->mask));

	return order ?: x->first < y->first ? -1 : x->first > y->first;
}

static void join_guest(struct grouping *g, struct group *host, const struct group *guest)
{
	g->next_signature[host->last] = guest->first;
	host->last = guest->last;
	host->box_cnt += guest->box_cnt;
}

/*
 * Makes one group for each signature, or for each signature made coarser. Returns
 * whether they were made coarser: then some boxes may be left over.
 */
static bool start_groups(struct grouping *g)
{
	const struct xs_boxes *boxes = g->boxes;
	bool coarser = false;

	g->cnt = 0;
	for (__u32 s = 0; s < boxes->signature_cnt; s++) {
		struct group *group = &g->group[g->cnt++];

		*group = (struct group){ 0 };
		memcpy(group->mask, boxes->signature[s], sizeof(group->mask));
		group->first = s;
		group->last = s;
		group->box_cnt = g->first_box[s + 1] - g->first_box[s];
		g->next_signature[s] = NO_SIGNATURE;
		if (!group->box_cnt)
			g->cnt--;
	}
	for (__u32 step = 2; g->cnt > SIGNATURES_MAX && step <= 32; step *= 2) {
		__u32 cnt = 0;

		coarser = true;
		for (__u32 i = 0; i < g->cnt; i++)
			coarsen(g->group[i].mask, step);
		qsort(g->group, g->cnt, sizeof(*g->group), by_mask);
		for (__u32 i = 0; i < g->cnt; i++) {
			if (cnt && !memcmp(g->group[cnt - 1].mask, g->group[i].mask,
					   sizeof(g->group[i].mask)))
				join_guest(g, &g->group[cnt - 1], &g->group[i]);
			else
				g->group[cnt++] = g->group[i];
		}
		g->cnt = cnt;
	}
	return coarser;
}

struct candidate {
	__u32 host;
	__u64 loss;
};

/* Keeps the `max` candidates with the least loss, sorted. */
static void note_candidate(struct candidate *list, __u32 *cnt, __u32 max, struct candidate one)
{
	__u32 at = *cnt;

	if (at == max && list[max - 1].loss <= one.loss)
		return;
	if (at < max)
		(*cnt)++;
	else
		at--;
	for (; at && list[at - 1].loss > one.loss; at--)
		list[at] = list[at - 1];
	list[at] = one;
}

/* Joins group `guest` to the best of the others. */
static void join_best_host(struct grouping *g, __u32 guest_at)
{
	struct candidate same[TRIES_SAME], coarser[TRIES_COARSER];
	__u32 same_cnt = 0, coarser_cnt = 0, best = NO_SIGNATURE, best_chain = 0;
	const struct group *guest = &g->group[guest_at];
	__u32 guest_bits = mask_bits(guest->mask);
	__u64 best_cost = 0, best_squares = 0, mask[XS_KEY_WORDS];

	for (__u32 i = 0; i < g->cnt; i++) {
		struct group *host = &g->group[i];
		struct candidate one = { .host = i };
		__u32 host_bits, bits;

		if (i == guest_at)
			continue;
		host_bits = mask_bits(host->mask);
		bits = common_mask(mask, guest->mask, host->mask);
		one.loss = (__u64)guest->box_cnt * (guest_bits - bits) +
			   (__u64)host->box_cnt * (host_bits - bits);
		if (host_bits == bits)
			note_candidate(same, &same_cnt, TRIES_SAME, one);
		else
			note_candidate(coarser, &coarser_cnt, TRIES_COARSER, one);
	}
	for (__u32 i = 0; i < same_cnt + coarser_cnt; i++) {
		const struct candidate *one = i < same_cnt ? &same[i] : &coarser[i - same_cnt];
		const struct group *host = &g->group[one->host];
		__u64 squares, cost;
		__u32 chain, was;

		if (i >= same_cnt && best != NO_SIGNATURE && best_chain <= XS_CHAIN_GOOD &&
		    host->box_cnt > COARSER_COST_MAX)
			continue;
		common_mask(mask, guest->mask, host->mask);
		weigh(g, guest, host, mask, &chain, &squares);
		was = host->chain > guest->chain ? host->chain : guest->chain;
		cost = squares - host->squares - guest->squares;
		if (chain > XS_CHAIN_GOOD && chain > was)
			cost += (__u64)(chain - was) << 40;
		if (best == NO_SIGNATURE || cost < best_cost) {
			best = one->host;
			best_cost = cost;
			best_chain = chain;
			best_squares = squares;
		}
	}
	common_mask(mask, guest->mask, g->group[best].mask);
	join_guest(g, &g->group[best], guest);
	memcpy(g->group[best].mask, mask, sizeof(mask));
	g->group[best].chain = best_chain;
	g->group[best].squares = best_squares;
	g->group[guest_at] = g->group[--g->cnt];
}

static void join_groups(struct grouping *g, __u32 max)
{
	for (__u32 i = 0; i < g->cnt; i++) {
		struct group *group = &g->group[i];

		weigh(g, group, NULL, group->mask, &group->chain, &group->squares);
	}
	while (g->cnt > max) {
		__u32 smallest = 0;

		for (__u32 i = 1; i < g->cnt; i++)
			if (g->group[i].box_cnt < g->group[smallest].box_cnt)
				smallest = i;
		join_best_host(g, smallest);
	}
}

/* The boxes to be grouped, by signature. */
static void sort_boxes(struct grouping *g)
{
	const struct xs_box *box = g->boxes->box;
	__u32 signatures = g->boxes->signature_cnt;

	memset(g->first_box, 0, (signatures + 2) * sizeof(*g->first_box));
	for (__u32 i = 0; i < g->box_cnt; i++)
		g->first_box[box[g->box[i]].signature + 2]++;
	for (__u32 s = 2; s < signatures + 2; s++)
		g->first_box[s] += g->first_box[s - 1];
	for (__u32 i = 0; i < g->box_cnt; i++)
		g->boxes_of[g->first_box[box[g->box[i]].signature + 1]++] = g->box[i];
}

struct keyed {
	__u64 key;
	__u32 box;
	__u32 spare; /* bits of the box's signature that the group does not hash */
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->spare != y->spare)
		return x->spare < y->spare ? -1 : 1;
	return x->box < y->box ? -1 : x->box > y->box;
}

/*
 * Puts a group's boxes into group `number` of *out. Boxes beyond XS_CHAIN_GOOD of a
 * chain that a finer mask would separate are appended to `left` instead.
 */
static void take_group(struct grouping *g, struct xs_groups *out, const struct group *group,
		       __u32 number, bool all, __u32 *left, __u32 *left_cnt, struct keyed *keyed)
{
	__u32 bits = mask_bits(group->mask), cnt = 0, chain = 0;

	memcpy(out->mask[number], group->mask, sizeof(group->mask));
	for (__u32 s = group->first; s != NO_SIGNATURE; s = g->next_signature[s]) {
		__u32 spare = mask_bits(g->boxes->signature[s]) - bits;

		for (__u32 i = g->first_box[s]; i < g->first_box[s + 1]; i++) {
			__u32 box = g->boxes_of[i];
			__u64 key = hash_key(g->boxes->box[box].key, group->mask);

			keyed[cnt++] = (struct keyed){ key, box, spare };
		}
	}
	if (group->chain > XS_CHAIN_GOOD)
		qsort(keyed, cnt, sizeof(*keyed), by_key);
	for (__u32 i = 0; i < cnt; i++) {
		chain = i && keyed[i].key == keyed[i - 1].key ? chain + 1 : 1;
		if (!all && group->chain > XS_CHAIN_GOOD && chain > XS_CHAIN_GOOD && keyed[i].spare)
			left[(*left_cnt)++] = keyed[i].box;
		else
			out->of_box[keyed[i].box] = number;
	}
}

/* One round: groups the boxes at g->box and puts the numbers of the rest into `left`. */
static __u32 group_round(struct grouping *g, struct xs_groups *out, bool last, __u32 *left,
			 struct keyed *keyed)
{
	__u32 max = XS_TABLES_MAX - out->cnt, left_cnt = 0;
	__u32 share = max * ROUND_SHARE_NUM / ROUND_SHARE_DEN;
	bool coarser;

	sort_boxes(g);
	coarser = start_groups(g);
	last |= max == 1; /* no table would be left for the rest */
	if (!last && g->cnt > (coarser ? share : max))
		max = share;
	join_groups(g, max);
	for (__u32 i = 0; i < g->cnt; i++)
		take_group(g, out, &g->group[i], out->cnt++, last, left, &left_cnt, keyed);
	return left_cnt;
}

static int prepare(struct grouping *g)
{
	const struct xs_boxes *boxes = g->boxes;
	__u32 signatures = boxes->signature_cnt;
	size_t slots = 16;

	while (slots < 2 * (size_t)boxes->cnt)
		slots *= 2;
	g->boxes_of = malloc((boxes->cnt + 1) * sizeof(*g->boxes_of));
	g->first_box = calloc(signatures + 2, sizeof(*g->first_box));
	g->next_signature = malloc((signatures + 1) * sizeof(*g->next_signature));
	g->group = calloc(signatures + 1, sizeof(*g->group));
	g->seen = malloc(slots * sizeof(*g->seen));
	g->seen_cnt = malloc(slots * sizeof(*g->seen_cnt));
	if (!g->boxes_of || !g->first_box || !g->next_signature || !g->group || !g->seen ||
	    !g->seen_cnt)
		return -ENOMEM;
	return 0;
}

int xs_groups_make(struct xs_groups *groups, const struct xs_boxes *boxes)
{
	struct grouping g = { .boxes = boxes };
	__u32 *box = malloc((boxes->cnt + 1) * sizeof(*box));
	__u32 *left = malloc((boxes->cnt + 1) * sizeof(*left));
	struct keyed *keyed = malloc((boxes->cnt + 1) * sizeof(*keyed));
	__u32 left_cnt;
	int err = -ENOMEM;

	groups->cnt = 0;
	groups->of_box = malloc(boxes->cnt + 1);
	if (!box || !left || !keyed || !groups->of_box)
		goto out;
	err = prepare(&g);
	if (err)
		goto out;
	for (__u32 i = 0; i < boxes->cnt; i++)
		box[i] = i;
	g.box_cnt = boxes->cnt;
	for (int round = 0; round < ROUNDS && g.box_cnt; round++) {
		__u32 *done = box;

		g.box = box;
		left_cnt = group_round(&g, groups, round == ROUNDS - 1, left, keyed);
		box = left;
		left = done;
		g.box_cnt = left_cnt;
	}
out:
	free(box);
	free(left);
	free(keyed);
	free(g.boxes_of);
	free(g.first_box);
	free(g.next_signature);
	free(g.group);
	free(g.seen);
	free(g.seen_cnt);
	return err;
}

void xs_groups_free(struct xs_groups *groups)
{
	free(groups->of_box);
	*groups = (struct xs_groups){ 0 };
}
