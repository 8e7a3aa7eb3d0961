// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rule compiler: boxes -> groups -> ranks, classes and hash tables -> bytes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rule_compile.h"
#include "rule_group.h"
#include "rule_index.h"

#define ENTRY_BYTES sizeof(struct xs_set_entry)
#define CHUNK_SLOTS (XS_CHUNK_BYTES / ENTRY_BYTES)
#define PORT_VALUES (XS_KEY_NO_PORT + 1)
/* Share of slots that keys fill: fuller means longer to place, emptier means more memory. */
#define FILL_NUM 4
#define FILL_DEN 5
#define KEYS_PER_DISPLACEMENT 4U
#define SEEDS_MAX 32
/* Pairs of classes looked at for the bounds; beyond, each side alone bounds them. */
#define BOUND_PAIRS_MAX 1000000
#define SLOT_EMPTY 0xffffffffU
#define CLASSES_MAX 65536 /* of an address field: 16 bits */

/* The set as it grows. */
struct blob {
	__u8 *bytes;
	__u32 *used; /* of each chunk */
	__u32 chunk_cnt;
};

/* One hash table: a group of boxes under one mask. */
struct table {
	struct xs_set_table record;
	__u32 *box; /* its boxes, by rule */
	__u32 box_cnt;
	__u32 group;
	__u32 chain_max;
	__u32 step_max;
	__u32 step_rule; /* the first rule of the dearest chain */
};

struct action_table {
	struct xs_action action[XS_ACTIONS_MAX];
	__u32 cnt;
	__u16 *of_rule;
};

/* The sets of conditions: a bit for each value. */
struct bit_sets {
	__u64 *word;
	size_t cnt, room;
	const struct xs_cond **known; /* hash of those with a set of their own */
	__u32 known_cnt, known_slots;
};

struct compiler {
	const struct xs_ruleset *rules;
	struct xs_rule_report *report;
	struct xs_boxes boxes;
	struct xs_groups groups;
	struct xs_ranks ranks;
	struct table table[XS_TABLES_MAX];
	__u32 table_cnt;
	__u8 *table_of_group;
	struct action_table actions;
	struct bit_sets bits;
	struct blob blob;
	__u64 *classes[2]; /* of source and destination, all families, for the bounds */
	__u32 class_cnt[2];
};

/* ---- errors ---- */

__attribute__((format(printf, 3, 4))) static int refuse(struct compiler *c, __u32 rule,
							const char *fmt, ...)
{
	struct xs_rule_report *report = c->report;
	size_t at = 0;
	va_list args;

	report->rule = rule;
	if (rule < c->rules->rule_cnt) {
		const struct xs_rule *r = &c->rules->rules[rule];
		const char *file = r->file < c->rules->file_cnt ? c->rules->files[r->file] : "-";

		snprintf(report->error, sizeof(report->error), "%s:%u: ", file, r->line);
		at = strlen(report->error);
	}
	va_start(args, fmt);
	vsnprintf(report->error + at, sizeof(report->error) - at, fmt, args);
	va_end(args);
	return -E2BIG;
}

/* ---- memory of the set ---- */

static int add_chunks(struct blob *blob, __u32 cnt)
{
	__u32 all = blob->chunk_cnt + cnt;
	__u8 *bytes = realloc(blob->bytes, (size_t)all * XS_CHUNK_BYTES);
	__u32 *used;

	if (!bytes)
		return -ENOMEM;
	blob->bytes = bytes;
	used = realloc(blob->used, all * sizeof(*used));
	if (!used)
		return -ENOMEM;
	blob->used = used;
	memset(bytes + (size_t)blob->chunk_cnt * XS_CHUNK_BYTES, 0, (size_t)cnt * XS_CHUNK_BYTES);
	memset(used + blob->chunk_cnt, 0, cnt * sizeof(*used));
	blob->chunk_cnt = all;
	return 0;
}

/* Room within one chunk; -E2BIG if it is more than one. */
static int place(struct blob *blob, size_t bytes, __u32 align, __u32 *chunk, __u32 *offset)
{
	int err;

	if (bytes > XS_CHUNK_BYTES)
		return -E2BIG;
	for (__u32 i = 0; i < blob->chunk_cnt; i++) {
		size_t at = ((size_t)blob->used[i] + align - 1) / align * align;

		if (at + bytes > XS_CHUNK_BYTES)
			continue;
		blob->used[i] = at + bytes;
		*chunk = i;
		*offset = at;
		return 0;
	}
	err = add_chunks(blob, 1);
	if (err)
		return err;
	*chunk = blob->chunk_cnt - 1;
	*offset = 0;
	blob->used[*chunk] = bytes;
	return 0;
}

/* Room in chunk 0, for what the data path reads of every frame. */
static int place_first(struct blob *blob, size_t bytes, __u32 align, __u32 *offset)
{
	__u32 chunk;
	int err = place(blob, bytes, align, &chunk, offset);

	return err ?: chunk ? -E2BIG : 0;
}

static void *at(const struct blob *blob, __u32 chunk, __u64 offset)
{
	return blob->bytes + (size_t)chunk * XS_CHUNK_BYTES + offset;
}

static struct xs_set_header *header(const struct compiler *c)
{
	return (struct xs_set_header *)c->blob.bytes;
}

/* ---- actions ---- */

static int number_actions(struct compiler *c)
{
	struct action_table *t = &c->actions;
	__u32 offset;
	int err;

	t->of_rule = malloc((c->rules->rule_cnt + 1) * sizeof(*t->of_rule));
	if (!t->of_rule)
		return -ENOMEM;
	t->cnt = 1; /* 0 is for the data path's "no entry" */
	for (__u32 i = 0; i < c->rules->rule_cnt; i++) {
		const struct xs_action *action = &c->rules->rules[i].action;
		__u32 n = i ? t->of_rule[i - 1] : t->cnt;

		if (n >= t->cnt || memcmp(&t->action[n], action, sizeof(*action)))
			for (n = 1; n < t->cnt; n++)
				if (!memcmp(&t->action[n], action, sizeof(*action)))
					break;
		if (n == XS_ACTIONS_MAX)
			return refuse(c, i, "more than %u different verdicts", XS_ACTIONS_MAX - 1);
		if (n == t->cnt)
			t->action[t->cnt++] = *action;
		t->of_rule[i] = n;
	}
	err = place_first(&c->blob, (t->cnt + 1) * sizeof(*t->action), 8, &offset);
	if (err)
		return err;
	memcpy(at(&c->blob, 0, offset), t->action, t->cnt * sizeof(*t->action));
	header(c)->actions = offset;
	return 0;
}

/* ---- tables ---- */

static int by_best(const void *a, const void *b)
{
	const struct table *x = a, *y = b;

	return x->record.best < y->record.best ? -1 : x->record.best > y->record.best;
}

/* Groups, in the order of their best rule, as tables with their boxes. */
static int make_tables(struct compiler *c)
{
	const struct xs_boxes *boxes = &c->boxes;

	c->table_cnt = c->groups.cnt;
	for (__u32 i = 0; i < c->table_cnt; i++)
		c->table[i] = (struct table){ .group = i, .record.best = XS_RULES_MAX };
	for (__u32 i = boxes->cnt; i-- > 0;) {
		struct table *t = &c->table[c->groups.of_box[i]];

		t->box_cnt++;
		if (boxes->box[i].rule < t->record.best)
			t->record.best = boxes->box[i].rule;
	}
	qsort(c->table, c->table_cnt, sizeof(*c->table), by_best);
	c->table_of_group = malloc(c->table_cnt + 1);
	if (!c->table_of_group)
		return -ENOMEM;
	for (__u32 i = 0; i < c->table_cnt; i++) {
		struct table *t = &c->table[i];
		__u64 *mask = t->record.mask;

		c->table_of_group[t->group] = i;
		memcpy(mask, c->groups.mask[t->group], sizeof(t->record.mask));
		if (mask[XS_KEY_addr1] | mask[XS_KEY_addr2] | mask[XS_KEY_addr3])
			t->record.words |= XS_TABLE_ADDR6;
		if (mask[XS_KEY_ether_s] | mask[XS_KEY_ether_d] | mask[XS_KEY_misc])
			t->record.words |= XS_TABLE_RARE;
		t->box = malloc((t->box_cnt + 1) * sizeof(*t->box));
		if (!t->box)
			return -ENOMEM;
		t->box_cnt = 0;
	}
	for (__u32 i = 0; i < boxes->cnt; i++) {
		__u32 group = c->groups.of_box[i];
		struct table *t = &c->table[c->table_of_group[group]];

		t->box[t->box_cnt++] = i;
	}
	return 0;
}

static __u32 table_of_box(const struct compiler *c, const struct xs_box *box)
{
	return c->table_of_group[c->groups.of_box[box - c->boxes.box]];
}

/* ---- conditions ---- */

static struct xs_range cond_range(const struct compiler *c, const struct xs_cond *cond, __u32 i)
{
	struct xs_range range = cond->ranges.range[i];

	if (cond->dim <= XS_DIM_daddr) {
		const struct xs_axis *axis = &c->ranks.axis[cond->dim][cond->family];

		range.lo = xs_rank_of(axis, range.lo);
		range.hi = xs_rank_of(axis, range.hi);
	}
	return range;
}

/* Values that a bit is kept for. */
static __u64 cond_values(const struct compiler *c, const struct xs_cond *cond)
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

static int add_bits(struct compiler *c, struct xs_cond *cond)
{
	struct bit_sets *bits = &c->bits;
	size_t words = (cond_values(c, cond) + 63) / 64;
	__u32 slot;

	if (2 * (bits->known_cnt + 1) > bits->known_slots && grow_known(bits))
		return -ENOMEM;
	slot = hash_set(cond) & (bits->known_slots - 1);
	while (bits->known[slot] && !same_set(bits->known[slot], cond))
		slot = (slot + 1) & (bits->known_slots - 1);
	if (bits->known[slot]) {
		cond->bits = bits->known[slot]->bits;
		return 0;
	}
	if (bits->cnt + words > bits->room) {
		size_t room = 2 * (bits->room + words);
		void *more = realloc(bits->word, room * sizeof(*bits->word));

		if (!more)
			return -ENOMEM;
		bits->word = more;
		bits->room = room;
	}
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

/* The sets that conditions look into, in one chunk. */
static int make_bits(struct compiler *c)
{
	const struct xs_cond *last = NULL;
	__u32 chunk, offset;
	int err = 0;

	for (__u32 i = 0; i < c->boxes.cnt && !err; i++) {
		for (struct xs_cond *cond = c->boxes.box[i].cond; cond && !err; cond = cond->next) {
			if (cond->ranges.cnt == 1)
				continue;
			if (last && last->ranges.range == cond->ranges.range)
				cond->bits = last->bits;
			else
				err = add_bits(c, cond);
			last = cond;
		}
		if (err == -E2BIG)
			return refuse(c, c->boxes.box[i].rule,
				      "the sets of values up to this rule take more than %u bytes; "
				      "use fewer or smaller sets",
				      XS_CHUNK_BYTES);
	}
	if (err || !c->bits.cnt)
		return err;
	err = place(&c->blob, c->bits.cnt * sizeof(__u64), 64, &chunk, &offset);
	if (err)
		return err;
	memcpy(at(&c->blob, chunk, offset), c->bits.word, c->bits.cnt * sizeof(__u64));
	header(c)->bits_chunk = chunk;
	header(c)->bits = offset;
	return 0;
}

static void write_atom(const struct compiler *c, struct xs_set_atom *atom,
		       const struct xs_cond *cond)
{
	static const __u8 words[XS_KEY_WORDS] = {
		[XS_KEY_l4] = XS_ATOM_l4,
		[XS_KEY_ether_s] = XS_ATOM_ether_s,
		[XS_KEY_ether_d] = XS_ATOM_ether_d,
		[XS_KEY_misc] = XS_ATOM_misc,
	};
	const struct xs_dim_place *place_of = &xs_dim_places[cond->dim];
	struct xs_range range = cond_range(c, cond, 0);

	*atom = (struct xs_set_atom){ .word = words[place_of->word],
				      .shift = place_of->shift,
				      .bits = place_of->bits,
				      .kind = cond->other ? XS_ATOM_OTHER : XS_ATOM_RANGE,
				      .lo = range.lo,
				      .hi = range.hi };
	if (cond->dim <= XS_DIM_daddr) {
		atom->word = XS_ATOM_ranks;
		atom->shift = cond->dim == XS_DIM_daddr ? 32 : 0;
		atom->bits = 32;
	}
	if (cond->ranges.cnt > 1) {
		atom->kind = XS_ATOM_BITS;
		atom->lo = header(c)->bits + cond->bits;
	}
}

static __u32 cond_cnt(const struct xs_box *box)
{
	__u32 cnt = 0;

	for (const struct xs_cond *cond = box->cond; cond; cond = cond->next)
		cnt++;
	return cnt;
}

/* ---- hash tables ---- */

struct hashed {
	__u64 hash;
	__u32 box;
	__u32 part;
};

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->box < y->box ? -1 : x->box > y->box;
}

/* Boxes with one key, by rule. */
struct chain {
	__u64 hash;
	__u32 first, cnt; /* in the hashed boxes */
	__u32 part;
	__u32 slot; /* of its first entry */
};

struct build {
	struct hashed *hashed;
	__u32 hashed_cnt;
	struct chain *chain;
	__u32 chain_cnt;
	__u32 part_cnt; /* chunks that it takes, a power of two */
	__u32 displace_bits;
	__u32 extra_max; /* slots beyond the hashed ones, of the part with most */
	__u32 *part_first; /* part -> its first chain; one more */
	__u16 *displacement; /* by part and hash */
	__u32 *taken; /* by part and slot: chain + 1 */
};

static bool covers(const struct xs_box *a, const struct xs_box *b)
{
	for (int side = 0; side < 2; side++) {
		if (a->rank_lo[side] > b->rank_lo[side] || a->rank_hi[side] < b->rank_hi[side])
			return false;
		if (a->port_lo[side] > b->port_lo[side] || a->port_hi[side] < b->port_hi[side])
			return false;
	}
	return a->proto_lo <= b->proto_lo && a->proto_hi >= b->proto_hi && !a->cond;
}

/* Takes out of a chain what an earlier entry of it always hides. */
static __u32 prune_chain(const struct compiler *c, struct hashed *chain, __u32 cnt)
{
	__u32 left = 0;

	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_box *box = &c->boxes.box[chain[i].box];
		bool hidden = false;

		for (__u32 j = 0; j < left && j < 64 && !hidden; j++)
			hidden = covers(&c->boxes.box[chain[j].box], box);
		if (!hidden)
			chain[left++] = chain[i];
	}
	return left;
}

static int hash_boxes(struct compiler *c, struct table *t, struct build *b)
{
	__u32 i, j;

	for (i = 0; i < t->box_cnt; i++) {
		__u64 hash = xs_hash(c->boxes.box[t->box[i]].key, &t->record);

		b->hashed[i] = (struct hashed){ hash, t->box[i], hash & (b->part_cnt - 1) };
	}
	qsort(b->hashed, t->box_cnt, sizeof(*b->hashed), by_hash);
	b->chain_cnt = 0;
	t->chain_max = 0;
	t->step_max = 0;
	for (i = 0; i < t->box_cnt; i = j) {
		struct chain *chain = &b->chain[b->chain_cnt++];
		__u32 steps = 0;

		for (j = i + 1; j < t->box_cnt && b->hashed[j].hash == b->hashed[i].hash;)
			j++;
		*chain = (struct chain){ .hash = b->hashed[i].hash,
					 .first = i,
					 .part = b->hashed[i].part };
		chain->cnt = prune_chain(c, &b->hashed[i], j - i);
		for (__u32 k = 0; k < chain->cnt; k++)
			steps += 1 + cond_cnt(&c->boxes.box[b->hashed[i + k].box]);
		if (chain->cnt > t->chain_max)
			t->chain_max = chain->cnt;
		if (steps > t->step_max) {
			t->step_max = steps;
			t->step_rule = c->boxes.box[b->hashed[i].box].rule;
		}
	}
	return 0;
}

/* Sizes all parts alike: the data path knows one layout for a table. */
static void size_parts(const struct compiler *c, struct table *t, struct build *b)
{
	__u32 chains_max = 0, part = 0;

	b->extra_max = 0;
	for (__u32 i = 0; i <= b->chain_cnt; i++)
		for (; part <= (i < b->chain_cnt ? b->chain[i].part : b->part_cnt); part++)
			b->part_first[part] = i;
	for (part = 0; part < b->part_cnt; part++) {
		__u32 chains = b->part_first[part + 1] - b->part_first[part], extra = 0;

		for (__u32 i = b->part_first[part]; i < b->part_first[part + 1]; i++) {
			extra += b->chain[i].cnt - 1;
			for (__u32 k = 0; k < b->chain[i].cnt; k++)
				extra += cond_cnt(
					&c->boxes.box[b->hashed[b->chain[i].first + k].box]);
		}
		if (chains > chains_max)
			chains_max = chains;
		if (extra > b->extra_max)
			b->extra_max = extra;
	}
	t->record.slot_cnt = chains_max * FILL_DEN / FILL_NUM + 1;
	b->displace_bits = 4; /* 32 bytes: slots start behind it, and never with number 0 */
	while (KEYS_PER_DISPLACEMENT << b->displace_bits < chains_max)
		b->displace_bits++;
	t->record.displace_shift = 64 - b->displace_bits;
}

struct bucket {
	__u32 at, cnt, first;
};

static int by_bucket(const void *a, const void *b)
{
	const struct bucket *x = a, *y = b;

	return x->cnt > y->cnt ? -1 : x->cnt < y->cnt;
}

/* A displacement under which all chains of a bucket find slots of their own. */
static bool place_bucket(const struct table *t, struct build *b, const struct bucket *bucket,
			 __u16 *displacement, __u32 *taken)
{
	for (__u32 d = 0; d <= 0xffff; d++) {
		__u32 i;

		for (i = 0; i < bucket->cnt; i++) {
			struct chain *chain = &b->chain[bucket->first + i];

			chain->slot = xs_hash_slot(chain->hash, d, t->record.slot_cnt);
			if (taken[chain->slot] != SLOT_EMPTY)
				break;
			taken[chain->slot] = bucket->first + i;
		}
		if (i == bucket->cnt) {
			displacement[bucket->at] = d;
			return true;
		}
		while (i-- > 0)
			taken[b->chain[bucket->first + i].slot] = SLOT_EMPTY;
	}
	return false;
}

/* Places the chains of one part; -EAGAIN: not with this seed. */
static int place_part(const struct table *t, struct build *b, __u32 part)
{
	__u32 bucket_cnt = 1U << b->displace_bits, end = b->part_first[part + 1];
	__u16 *displacement = b->displacement + ((size_t)part << b->displace_bits);
	__u32 *taken = b->taken + (size_t)part * t->record.slot_cnt;
	struct bucket *bucket = calloc(bucket_cnt, sizeof(*bucket));
	int err = 0;

	if (!bucket)
		return -ENOMEM;
	memset(taken, 0xff, t->record.slot_cnt * sizeof(*taken));
	for (__u32 i = 0; i < bucket_cnt; i++)
		bucket[i].at = i;
	for (__u32 i = end; i-- > b->part_first[part];) {
		struct bucket *one = &bucket[b->chain[i].hash >> t->record.displace_shift];

		one->cnt++;
		one->first = i; /* chains are sorted by hash, and so by bucket */
	}
	qsort(bucket, bucket_cnt, sizeof(*bucket), by_bucket);
	for (__u32 i = 0; i < bucket_cnt && bucket[i].cnt && !err; i++)
		if (!place_bucket(t, b, &bucket[i], displacement, taken))
			err = -EAGAIN;
	free(bucket);
	return err;
}

static void write_box(const struct compiler *c, struct xs_set_entry *entry,
		      const struct xs_box *box)
{
	__u64 action = c->actions.of_rule[box->rule];

	entry->low_a = XS_ENTRY_A(box->rank_lo[0], box->rank_lo[1], box->proto_lo) |
		       action >> 8 << XS_A_ACTION_SHIFT;
	entry->high_a = XS_ENTRY_A(box->rank_hi[0], box->rank_hi[1], box->proto_hi) | XS_A_GUARDS;
	entry->low_b = XS_ENTRY_B(box->port_lo[0], box->port_lo[1]) |
		       (__u64)box->rule << XS_B_RULE_SHIFT | (action & 0xff) << XS_B_ACTION_SHIFT;
	entry->high_b = XS_ENTRY_B(box->port_hi[0], box->port_hi[1]) | XS_B_GUARDS;
}

/* What no frame matches, and what ends a chain. */
static void write_empty(struct xs_set_entry *entry)
{
	*entry = (struct xs_set_entry){
		.low_a = XS_ENTRY_A(0, 0, 1),
		.high_a = XS_A_GUARDS,
		.low_b = (__u64)XS_RULES_MAX << XS_B_RULE_SHIFT,
		.high_b = XS_B_GUARDS,
	};
}

/* A box's conditions, in slots from *extra on; the first of them. */
static __u32 write_conds(const struct compiler *c, const struct xs_box *box,
			 struct xs_set_entry *slots, __u32 next, __u32 *extra)
{
	__u32 first = *extra;

	for (const struct xs_cond *cond = box->cond; cond; cond = cond->next) {
		struct xs_set_atom *atom = (struct xs_set_atom *)&slots[(*extra)++];

		write_atom(c, atom, cond);
		atom->more = cond->next ? *extra : 0;
		atom->next = next;
	}
	return first;
}

/* One chain: its first entry in its slot, the rest and conditions from *extra on. */
static void write_chain(const struct compiler *c, const struct build *b, const struct chain *chain,
			struct xs_set_entry *slots, __u32 slot, __u32 *extra)
{
	for (__u32 k = 0; k < chain->cnt; k++) {
		const struct xs_box *box = &c->boxes.box[b->hashed[chain->first + k].box];
		struct xs_set_entry *entry = &slots[slot];
		__u64 next = k + 1 < chain->cnt ? (*extra)++ : 0;

		slot = next;
		write_box(c, entry, box);
		if (box->cond) {
			next = write_conds(c, box, slots, next, extra);
			entry->high_b |= XS_ENTRY_COND;
		}
		entry->high_b |= next << XS_B_NEXT_SHIFT;
	}
}

/* Copies a table whose chains are placed into its chunk or chunks. */
static int write_table(struct compiler *c, struct table *t, struct build *b)
{
	__u32 displace_bytes = 2U << b->displace_bits, offset, chunk;
	__u32 slots = t->record.slot_cnt + b->extra_max;
	size_t bytes = displace_bytes + slots * ENTRY_BYTES;
	int err;

	if (b->part_cnt == 1) {
		err = place(&c->blob, bytes, ENTRY_BYTES, &chunk, &offset);
	} else {
		chunk = c->blob.chunk_cnt;
		offset = 0;
		err = add_chunks(&c->blob, b->part_cnt);
	}
	if (err)
		return err;
	t->record.chunk = chunk;
	t->record.chunk_mask = b->part_cnt - 1;
	t->record.displace = offset;
	t->record.slot_first = (offset + displace_bytes) / ENTRY_BYTES;
	for (__u32 part = 0; part < b->part_cnt; part++, chunk++) {
		__u32 *taken = b->taken + (size_t)part * t->record.slot_cnt;
		__u32 extra = t->record.slot_first + t->record.slot_cnt;
		struct xs_set_entry *first = at(&c->blob, chunk, 0);

		if (b->part_cnt > 1)
			c->blob.used[chunk] = bytes;
		memcpy(at(&c->blob, chunk, offset),
		       b->displacement + ((size_t)part << b->displace_bits), displace_bytes);
		for (__u32 i = 0; i < t->record.slot_cnt; i++) {
			__u32 slot = t->record.slot_first + i;

			if (taken[i] == SLOT_EMPTY)
				write_empty(&first[slot]);
			else
				write_chain(c, b, &b->chain[taken[i]], first, slot, &extra);
		}
	}
	return 0;
}

static void free_build(struct build *b)
{
	free(b->hashed);
	free(b->chain);
	free(b->part_first);
	free(b->displacement);
	free(b->taken);
	*b = (struct build){ 0 };
}

/* Tries one seed. -EAGAIN: another one; -E2BIG: it needs more parts. */
static int try_table(struct compiler *c, struct table *t, struct build *b)
{
	int err = hash_boxes(c, t, b);

	if (err)
		return err;
	size_parts(c, t, b);
	if ((2U << b->displace_bits) + (t->record.slot_cnt + b->extra_max) * ENTRY_BYTES >
	    XS_CHUNK_BYTES)
		return -E2BIG;
	b->displacement = calloc((size_t)b->part_cnt << b->displace_bits, sizeof(__u16));
	b->taken = malloc((size_t)b->part_cnt * t->record.slot_cnt * sizeof(*b->taken));
	if (!b->displacement || !b->taken)
		return -ENOMEM;
	for (__u32 part = 0; part < b->part_cnt && !err; part++)
		err = place_part(t, b, part);
	return err;
}

static int build_table(struct compiler *c, struct table *t)
{
	struct build b = { 0 };
	__u32 parts = 1;
	int err = -EAGAIN;

	for (__u32 seed = 1; seed < SEEDS_MAX && (err == -EAGAIN || err == -E2BIG); seed++) {
		free_build(&b);
		t->record.seed = seed * XS_HASH_A7;
		if (err == -E2BIG)
			parts *= 2;
		b.part_cnt = parts;
		b.hashed = malloc((t->box_cnt + 1) * sizeof(*b.hashed));
		b.chain = malloc((t->box_cnt + 1) * sizeof(*b.chain));
		b.part_first = malloc((parts + 2) * sizeof(*b.part_first));
		if (b.hashed && b.chain && b.part_first)
			err = try_table(c, t, &b);
		else
			err = -ENOMEM;
	}
	if (!err)
		err = write_table(c, t, &b);
	else if (err == -EAGAIN || err == -E2BIG)
		err = refuse(c, t->record.best,
			     "no hash function found for the table of this rule");
	free_build(&b);
	return err;
}

static int build_tables(struct compiler *c)
{
	for (__u32 i = 0; i < c->table_cnt; i++) {
		int err = build_table(c, &c->table[i]);

		if (err)
			return err;
	}
	for (__u32 i = 0; i < c->table_cnt; i++)
		memcpy(at(&c->blob, 0,
			  header(c)->tables +
				  XS_TABLE_OF_BIT(1ULL << i) * sizeof(struct xs_set_table)),
		       &c->table[i].record, sizeof(c->table[i].record));
	return 0;
}

/* ---- classes of the small fields ---- */

typedef struct xs_span (*span_fn)(const struct xs_box *box);

static struct xs_span sport_span(const struct xs_box *box)
{
	return (struct xs_span){ box->port_lo[0], box->port_hi[0], 0 };
}

static struct xs_span dport_span(const struct xs_box *box)
{
	return (struct xs_span){ box->port_lo[1], box->port_hi[1], 0 };
}

static struct xs_span proto_span(const struct xs_box *box)
{
	return (struct xs_span){ box->proto_lo, box->proto_hi, 0 };
}

/* tables[value] of a field that is not an address; *differ: whether it tells any apart. */
static int sweep_field(const struct compiler *c, span_fn span_of, __u32 cnt, __u64 *tables,
		       bool *differ)
{
	struct xs_span *spans = malloc((c->boxes.cnt + 1) * sizeof(*spans));
	int err;

	if (!spans)
		return -ENOMEM;
	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		spans[i] = span_of(&c->boxes.box[i]);
		spans[i].table = table_of_box(c, &c->boxes.box[i]);
	}
	err = xs_spans_sweep(tables, cnt, spans, c->boxes.cnt);
	free(spans);
	*differ = false;
	for (__u32 i = 1; !err && i < cnt; i++)
		*differ |= tables[i] != tables[0];
	return err;
}

static int index_proto(struct compiler *c)
{
	__u32 offset;
	bool differ;
	int err = place_first(&c->blob, 256 * sizeof(__u64), 64, &offset);

	if (!err)
		err = sweep_field(c, proto_span, 256, at(&c->blob, 0, offset), &differ);
	if (err)
		return err;
	header(c)->proto_classes = offset;
	if (differ)
		header(c)->flags |= XS_SET_PROTO;
	return 0;
}

static int index_port(struct compiler *c, int side)
{
	__u64 *tables = malloc(PORT_VALUES * sizeof(*tables));
	__u32 *class = malloc(PORT_VALUES * sizeof(*class));
	__u32 offset;
	__u8 *to;
	bool differ;
	int err = -ENOMEM;

	if (!tables || !class)
		goto out;
	err = sweep_field(c, side ? dport_span : sport_span, PORT_VALUES, tables, &differ);
	if (err || !differ)
		goto out;
	err = place_first(&c->blob, 256 * sizeof(__u64), 64, &offset);
	if (err)
		goto out;
	header(c)->port_classes[side] = offset;
	if (xs_classes_make(class, at(&c->blob, 0, offset), 256, tables, PORT_VALUES) < 0)
		err = -ENOMEM;
	if (!err)
		err = place_first(&c->blob, PORT_VALUES, 64, &offset);
	if (err)
		goto out;
	header(c)->ports[side] = offset;
	to = at(&c->blob, 0, offset);
	for (__u32 i = 0; i < PORT_VALUES; i++)
		to[i] = class[i];
	header(c)->flags |= side ? XS_SET_DPORT : XS_SET_SPORT;
out:
	free(tables);
	free(class);
	return err;
}

/* ---- the address fields ---- */

/* tables[interval] of an axis. */
static int sweep_axis(const struct compiler *c, int side, const struct xs_axis *axis, __u64 *tables)
{
	struct xs_span *spans = malloc((c->boxes.cnt + 1) * sizeof(*spans));
	__u32 last = axis->first + axis->cnt - 1, cnt = 0;
	int err;

	if (!spans)
		return -ENOMEM;
	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		const struct xs_box *box = &c->boxes.box[i];
		__u32 lo = box->rank_lo[side] > axis->first ? box->rank_lo[side] : axis->first;
		__u32 hi = box->rank_hi[side] < last ? box->rank_hi[side] : last;

		if (lo <= hi)
			spans[cnt++] = (struct xs_span){ lo - axis->first, hi - axis->first,
							 table_of_box(c, box) };
	}
	err = xs_spans_sweep(tables, axis->cnt, spans, cnt);
	free(spans);
	return err;
}

/* Leading bits that lead to a cell: two starts a cell on average. */
static __u32 cell_bits(const struct xs_axis *axis)
{
	__u32 cells = XS_CELLS_MIN;

	while (cells < XS_CELLS_MAX && cells < axis->cnt / 2)
		cells *= 2;
	return __builtin_ctz(cells);
}

static void write_cells(const struct xs_axis *axis, __u64 *cell, __u32 bits, const __u32 *class)
{
	__u32 first = 0;

	for (__u64 i = 0; i < 1ULL << bits; i++) {
		xs_u128 start = i << (32 - bits), end = (i + 1) << (32 - bits);
		__u32 last;

		while (first + 1 < axis->cnt && axis->start[first + 1] <= start)
			first++;
		for (last = first; last + 1 < axis->cnt && axis->start[last + 1] < end;)
			last++;
		cell[i] = XS_CELL(first, last - first, class[first]);
		first = last;
	}
}

/* Classes of intervals, and what the classes stand for; `offset` moves on behind them. */
static void write_classes(struct compiler *c, const struct xs_axis *axis,
			  struct xs_addr_index *index, __u32 offset, const __u32 *class,
			  const __u64 *classes, long class_cnt)
{
	__u16 *to;

	index->classes = offset;
	memcpy(at(&c->blob, index->chunk, offset), classes, class_cnt * sizeof(*classes));
	index->of_interval = offset + class_cnt * sizeof(*classes);
	to = at(&c->blob, index->chunk, index->of_interval);
	for (__u32 i = 0; i < axis->cnt; i++)
		to[i] = class[i];
}

static int write_axis4(struct compiler *c, const struct xs_axis *axis, struct xs_addr_index *index,
		       const __u32 *class, const __u64 *classes, long class_cnt)
{
	__u32 bits = cell_bits(axis), offset, *to;
	size_t cells = sizeof(__u64) << bits, starts = (axis->cnt + XS_NODE + 1) * sizeof(__u32);
	int err;

	starts = (starts + 7) & ~(size_t)7;
	err = place(&c->blob,
		    cells + starts + class_cnt * sizeof(__u64) + axis->cnt * sizeof(__u16), 64,
		    &index->chunk, &offset);
	if (err)
		return err;
	index->shift = 32 - bits;
	index->cells = offset;
	write_cells(axis, at(&c->blob, index->chunk, offset), bits, class);
	index->starts = offset + cells;
	to = at(&c->blob, index->chunk, index->starts);
	memset(to, 0xff, starts);
	for (__u32 i = 0; i < axis->cnt; i++)
		to[i] = axis->start[i];
	write_classes(c, axis, index, index->starts + starts, class, classes, class_cnt);
	return 0;
}

/* Distinct upper halves, each with the first of its intervals. */
struct uppers {
	__u64 *upper;
	__u32 *group;
	__u32 cnt;
	bool deep;
};

static int find_uppers(const struct xs_axis *axis, struct uppers *u)
{
	u->upper = malloc((axis->cnt + 1) * sizeof(*u->upper));
	u->group = malloc((axis->cnt + 2) * sizeof(*u->group));
	if (!u->upper || !u->group)
		return -ENOMEM;
	for (__u32 i = 0; i < axis->cnt; i++) {
		__u64 upper = axis->start[i] >> 64;

		if (!u->cnt || u->upper[u->cnt - 1] != upper) {
			u->upper[u->cnt] = upper;
			u->group[u->cnt++] = i;
		}
		if ((__u64)axis->start[i]) {
			u->group[u->cnt - 1] |= XS_GROUP_DEEP;
			u->deep = true;
		}
	}
	u->group[u->cnt] = axis->cnt;
	return 0;
}

/*
 * The nodes of one tree over `cnt` upper halves: the lowest level holds them
 * all, each other one the first of every node below. Where they end.
 */
static __u32 write_tree(struct compiler *c, struct xs_addr_index *index, int tree,
			const __u64 *upper, __u32 cnt, __u32 offset)
{
	__u32 stride = 1, level = XS_ADDR6_LEVELS;

	do {
		__u32 padded = (cnt + XS_NODE - 1) / XS_NODE * XS_NODE;
		__u64 *to = at(&c->blob, index->chunk, offset);

		level--;
		for (__u32 i = 0; i < padded; i++)
			to[i] = i < cnt ? upper[(size_t)i * stride] : ~0ULL >> !tree;
		index->level[tree][level] = offset;
		index->level_cnt[tree][level] = cnt;
		offset += padded * sizeof(*to);
		stride *= XS_NODE;
		cnt = padded / XS_NODE;
	} while (cnt > 1);
	index->level_first[tree] = level;
	return offset;
}

static int write_lowers(struct compiler *c, const struct xs_axis *axis, struct xs_addr_index *index)
{
	__u64 *to;
	int err =
		place(&c->blob, axis->cnt * sizeof(__u64), 64, &index->lower_chunk, &index->lower);

	if (err)
		return err;
	to = at(&c->blob, index->lower_chunk, index->lower);
	for (__u32 i = 0; i < axis->cnt; i++)
		to[i] = axis->start[i];
	return 0;
}

static int write_axis6(struct compiler *c, const struct xs_axis *axis, struct xs_addr_index *index,
		       const __u32 *class, const __u64 *classes, long class_cnt)
{
	struct uppers u = { 0 };
	size_t trees, groups;
	__u32 offset, middle = 0;
	int err = find_uppers(axis, &u);

	if (err)
		goto out;
	while (!(u.upper[middle] >> 63))
		middle++;
	err = -E2BIG;
	if (middle > XS_ADDR6_MAX || u.cnt - middle > XS_ADDR6_MAX)
		goto out;
	trees = (u.cnt + u.cnt / (XS_NODE - 1) + 2 * XS_ADDR6_LEVELS * XS_NODE) * sizeof(__u64);
	trees = (trees + 63) & ~(size_t)63;
	groups = ((u.cnt + 1) * sizeof(__u32) + 7) & ~(size_t)7;
	err = place(&c->blob,
		    trees + groups + class_cnt * sizeof(__u64) + axis->cnt * sizeof(__u16), 64,
		    &index->chunk, &offset);
	if (!err && u.deep)
		err = write_lowers(c, axis, index);
	if (err)
		goto out;
	index->group_first[1] = middle;
	write_tree(c, index, 1, u.upper + middle, u.cnt - middle,
		   write_tree(c, index, 0, u.upper, middle, offset));
	index->groups = offset + trees;
	memcpy(at(&c->blob, index->chunk, index->groups), u.group, (u.cnt + 1) * sizeof(__u32));
	write_classes(c, axis, index, index->groups + groups, class, classes, class_cnt);
out:
	free(u.upper);
	free(u.group);
	return err;
}

static int add_bound_classes(struct compiler *c, int side, const __u64 *classes, __u32 cnt)
{
	__u64 *all = realloc(c->classes[side], (c->class_cnt[side] + cnt) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	memcpy(all + c->class_cnt[side], classes, cnt * sizeof(*all));
	c->classes[side] = all;
	c->class_cnt[side] += cnt;
	return 0;
}

static int index_axis(struct compiler *c, int side, int family)
{
	const struct xs_axis *axis = &c->ranks.axis[side][family];
	__u64 *tables = malloc(axis->cnt * sizeof(*tables));
	__u64 *classes = malloc((axis->cnt + 1) * sizeof(*classes));
	__u32 *class = malloc(axis->cnt * sizeof(*class));
	struct xs_addr_index index = { .rank_first = axis->first, .cut = axis->cnt > 1 };
	long class_cnt;
	int err = -ENOMEM;

	if (!tables || !classes || !class)
		goto out;
	err = sweep_axis(c, side, axis, tables);
	if (err)
		goto out;
	index.tables = tables[0];
	class_cnt = xs_classes_make(class, classes, CLASSES_MAX, tables, axis->cnt);
	err = class_cnt < 0 ? class_cnt : add_bound_classes(c, side, classes, class_cnt);
	if (!err && index.cut)
		err = family == XS_FAMILY_ipv4
			      ? write_axis4(c, axis, &index, class, classes, class_cnt)
			      : write_axis6(c, axis, &index, class, classes, class_cnt);
	if (err == -E2BIG)
		err = refuse(c, XS_RULE_NONE,
			     "%u different IPv%c %s addresses and bounds are more than fit; "
			     "use fewer prefixes",
			     axis->cnt, family == XS_FAMILY_ipv4 ? '4' : '6',
			     side ? "destination" : "source");
	header(c)->addr[side][family] = index;
out:
	free(tables);
	free(classes);
	free(class);
	return err;
}

static int make_indexes(struct compiler *c)
{
	int err = index_proto(c);

	for (int side = 0; side < 2 && !err; side++)
		err = index_port(c, side);
	for (int side = 0; side < 2 && !err; side++)
		for (int family = 0; family < XS_FAMILY_MAX && !err; family++)
			err = index_axis(c, side, family);
	return err;
}

/* ---- bounds ---- */

static void add_bound(const struct compiler *c, __u64 tables, __u32 *probes, __u32 *steps)
{
	__u32 probe = 0, step = 0;

	for (; tables; tables &= tables - 1, probe++)
		step += c->table[__builtin_ctzll(tables)].step_max;
	if (probe > *probes)
		*probes = probe;
	if (step > *steps)
		*steps = step;
}

/* What one frame may cost at most, over all pairs of source and destination classes. */
static void find_bounds(const struct compiler *c, __u32 *probes, __u32 *steps)
{
	__u64 pairs = (__u64)c->class_cnt[0] * c->class_cnt[1];
	__u32 probe[2] = { 0 }, step[2] = { 0 };

	*probes = 0;
	*steps = 0;
	if (pairs <= BOUND_PAIRS_MAX) {
		for (__u32 i = 0; i < c->class_cnt[0]; i++)
			for (__u32 j = 0; j < c->class_cnt[1]; j++)
				add_bound(c, c->classes[0][i] & c->classes[1][j], probes, steps);
		return;
	}
	for (int side = 0; side < 2; side++)
		for (__u32 i = 0; i < c->class_cnt[side]; i++)
			add_bound(c, c->classes[side][i], &probe[side], &step[side]);
	*probes = probe[0] < probe[1] ? probe[0] : probe[1];
	*steps = step[0] < step[1] ? step[0] : step[1];
}

static int check_bounds(struct compiler *c)
{
	struct xs_rule_report *report = c->report;
	const struct table *dearest = &c->table[0];

	report->table_cnt = c->table_cnt;
	report->entry_cnt = c->boxes.cnt;
	report->chain_max = 0;
	for (__u32 i = 0; i < c->table_cnt; i++) {
		if (c->table[i].chain_max > report->chain_max)
			report->chain_max = c->table[i].chain_max;
		if (c->table[i].step_max > dearest->step_max)
			dearest = &c->table[i];
	}
	find_bounds(c, &report->probe_max, &report->step_max);
	if (report->step_max <= XS_STEPS_MAX)
		return 0;
	return refuse(
		c, dearest->step_rule,
		"too many rules overlap: one frame could cost %u steps, the limit is %u; this "
		"rule and %u more that share its addresses and ports cost most: let them "
		"overlap less, or merge them",
		report->step_max, XS_STEPS_MAX, dearest->chain_max - 1);
}

/* ---- what only the tools read ---- */

struct strings {
	char *text;
	size_t cnt, room;
};

/* Appends a string; its place, 0 for NULL. */
static int add_string(struct strings *s, const char *text, __u32 *place_of)
{
	size_t bytes;

	*place_of = 0;
	if (!text)
		return 0;
	bytes = strlen(text) + 1;
	if (s->cnt + bytes > 0xffffffff)
		return -E2BIG;
	if (s->cnt + bytes > s->room) {
		size_t room = 2 * (s->room + bytes) + 4096;
		void *more = realloc(s->text, room);

		if (!more)
			return -ENOMEM;
		s->text = more;
		s->room = room;
	}
	memcpy(s->text + s->cnt, text, bytes);
	*place_of = s->cnt;
	s->cnt += bytes;
	return 0;
}

static int add_strings(const struct xs_ruleset *rules, struct strings *s, struct xs_set_header *set,
		       struct xs_set_rule *rule)
{
	__u32 unused;
	int err = add_string(s, "", &unused);

	for (__u32 i = 0; i < rules->file_cnt && !err; i++)
		err = add_string(s, rules->files[i], &unused);
	if (!err)
		err = add_string(s, rules->default_text, &set->default_text);
	if (!err)
		err = add_string(s, rules->malformed_text, &set->malformed_text);
	for (__u32 i = 0; i < rules->rule_cnt && !err; i++) {
		const struct xs_rule *from = &rules->rules[i];

		rule[i].action = from->action;
		rule[i].line = from->line;
		rule[i].file = from->file;
		memcpy(rule[i].ifname, from->ifname, sizeof(rule[i].ifname));
		err = add_string(s, from->text, &rule[i].text);
		if (!err)
			err = add_string(s, from->comment, &rule[i].comment);
	}
	return err;
}

/* Behind all that the data path reads: rules and strings, across chunks. */
static int write_text(struct compiler *c)
{
	const struct xs_ruleset *rules = c->rules;
	size_t rule_bytes = rules->rule_cnt * sizeof(struct xs_set_rule), from, end;
	struct xs_set_rule *rule = calloc(rules->rule_cnt + 1, sizeof(*rule));
	struct blob *blob = &c->blob;
	struct strings strings = { 0 };
	struct xs_set_header *set;
	int err = -ENOMEM;

	if (!rule)
		goto out;
	err = add_strings(rules, &strings, header(c), rule);
	if (err)
		goto out;
	from = (size_t)(blob->chunk_cnt - 1) * XS_CHUNK_BYTES + blob->used[blob->chunk_cnt - 1];
	from = (from + 63) & ~(size_t)63;
	end = from + rule_bytes + strings.cnt;
	if (end > (size_t)blob->chunk_cnt * XS_CHUNK_BYTES)
		err = add_chunks(blob,
				 (end + XS_CHUNK_BYTES - 1) / XS_CHUNK_BYTES - blob->chunk_cnt);
	if (err)
		goto out;
	set = header(c);
	set->rules = from;
	set->text = from + rule_bytes;
	set->text_bytes = strings.cnt;
	set->bytes = end;
	set->file_cnt = rules->file_cnt;
	memcpy(set->default_ifname, rules->default_ifname, sizeof(set->default_ifname));
	memcpy(blob->bytes + from, rule, rule_bytes);
	memcpy(blob->bytes + set->text, strings.text, strings.cnt);
	c->report->bytes = from;
out:
	free(rule);
	free(strings.text);
	return err;
}

/* ---- all of it ---- */

static int start_blob(struct compiler *c)
{
	struct xs_set_header *set;
	__u32 offset;
	int err = add_chunks(&c->blob, 1);

	if (err)
		return err;
	c->blob.used[0] = sizeof(*set);
	err = place_first(&c->blob, XS_TABLES_MAX * sizeof(struct xs_set_table),
			  sizeof(struct xs_set_table), &offset);
	if (err)
		return err;
	set = header(c);
	set->magic = XS_SET_MAGIC;
	set->layout = XS_SET_LAYOUT;
	set->rule_cnt = c->rules->rule_cnt;
	set->default_action = c->rules->default_action;
	set->malformed_action = c->rules->malformed_action;
	set->tables = offset;
	return 0;
}

static void free_compiler(struct compiler *c)
{
	xs_boxes_free(&c->boxes);
	xs_groups_free(&c->groups);
	xs_ranks_free(&c->ranks);
	for (int i = 0; i < XS_TABLES_MAX; i++)
		free(c->table[i].box);
	free(c->table_of_group);
	free(c->actions.of_rule);
	free(c->bits.word);
	free(c->bits.known);
	free(c->classes[0]);
	free(c->classes[1]);
	free(c->blob.bytes);
	free(c->blob.used);
	free(c);
}

static int add_boxes(struct compiler *c, bool finely)
{
	__u32 rule = XS_RULE_NONE;
	int err = xs_boxes_add(&c->boxes, c->rules, finely, &rule);

	if (err == -E2BIG)
		return refuse(
			c, rule,
			"too many combinations: the rules up to this one come to more than %u "
			"entries, or this one has more than %u `port` matches; use prefixes "
			"and ranges in place of long sets",
			XS_BOXES_MAX, XS_EITHER_MAX);
	return err;
}

static int compile(struct compiler *c, bool finely)
{
	int err = start_blob(c);

	if (!err)
		err = add_boxes(c, finely);
	if (!err)
		err = xs_groups_make(&c->groups, &c->boxes);
	if (!err)
		err = make_tables(c);
	if (!err)
		err = xs_ranks_make(&c->ranks, &c->boxes);
	if (!err)
		err = number_actions(c);
	if (!err)
		err = make_indexes(c);
	if (!err)
		err = make_bits(c);
	if (!err)
		err = build_tables(c);
	if (!err)
		err = check_bounds(c);
	return err ?: write_text(c);
}

static int compile_once(const struct xs_ruleset *rules, bool finely, struct xs_rule_blob *out,
			struct xs_rule_report *report)
{
	struct compiler *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	*report = (struct xs_rule_report){ .rule = XS_RULE_NONE };
	c->rules = rules;
	c->report = report;
	err = compile(c, finely);
	if (!err) {
		header(c)->chunk_cnt = c->blob.chunk_cnt;
		header(c)->table_cnt = report->table_cnt;
		header(c)->chain_max = report->chain_max;
		header(c)->probe_max = report->probe_max;
		header(c)->step_max = report->step_max;
		header(c)->entry_cnt = report->entry_cnt;
		out->bytes = c->blob.bytes;
		out->size = header(c)->bytes;
		out->chunk_cnt = c->blob.chunk_cnt;
		c->blob.bytes = NULL;
	}
	free_compiler(c);
	return err;
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

int xs_rule_compile(const struct xs_ruleset *rules, struct xs_rule_blob *out,
		    struct xs_rule_report *report)
{
	struct xs_rule_blob coarse = { 0 }, fine = { 0 };
	struct xs_rule_report coarse_report, fine_report;
	__u64 start = now_ns();
	int err;

	if (rules->rule_cnt >= XS_RULES_MAX) {
		struct compiler c = { .rules = rules, .report = &coarse_report };

		err = refuse(&c, XS_RULES_MAX - 1, "more than %u rules", XS_RULES_MAX - 1);
		goto out;
	}
	err = compile_once(rules, false, &coarse, &coarse_report);
	if (coarse_report.chain_max > XS_CHAIN_GOOD && (!err || err == -E2BIG)) {
		int fine_err = compile_once(rules, true, &fine, &fine_report);

		if (!fine_err && (err || fine_report.step_max < coarse_report.step_max)) {
			xs_rule_blob_free(&coarse);
			coarse = fine;
			coarse_report = fine_report;
			err = 0;
		} else {
			xs_rule_blob_free(&fine);
		}
	}
	coarse_report.compile_ns = now_ns() - start;
	if (err)
		goto out;
	((struct xs_set_header *)coarse.bytes)->compile_ns = coarse_report.compile_ns;
	*out = coarse;
out:
	if (report)
		*report = coarse_report;
	return err;
}

void xs_rule_blob_free(struct xs_rule_blob *blob)
{
	free(blob->bytes);
	*blob = (struct xs_rule_blob){ 0 };
}

/* ---- reading back ---- */

bool xs_set_valid(const void *bytes, size_t size)
{
	const struct xs_set_header *set = bytes;
	__u64 rules_end;

	if (size < sizeof(*set) || set->magic != XS_SET_MAGIC || set->layout != XS_SET_LAYOUT)
		return false;
	rules_end = set->rules + (__u64)set->rule_cnt * sizeof(struct xs_set_rule);
	return set->bytes <= size && set->rules <= size && rules_end <= size && set->text <= size &&
	       set->text_bytes <= size - set->text && set->text_bytes &&
	       !xs_set_string(set, set->text_bytes - 1)[0];
}

const char *xs_set_file(const struct xs_set_header *set, __u32 number)
{
	const char *name = xs_set_string(set, 1);

	if (number >= set->file_cnt)
		return NULL;
	while (number--)
		name += strlen(name) + 1;
	return name;
}
