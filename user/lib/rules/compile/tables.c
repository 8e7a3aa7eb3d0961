// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns groups into tables, and writes their bytes: entries, chains, displacements. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "steps.h"

static int by_best(const void *a, const void *b)
{
	const struct xs_table_plan *x = a, *y = b;

	if (x->record.best != y->record.best)
		return x->record.best < y->record.best ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

/* Groups in the order of their best rule, with the number of their boxes. */
static void order_tables(struct xs_compiler *c)
{
	const struct xs_boxes *boxes = &c->boxes;

	c->table_cnt = c->groups.cnt;
	for (__u32 i = 0; i < c->table_cnt; i++)
		c->table[i] = (struct xs_table_plan){ .group = i, .record.best = XS_RULES_MAX };
	for (__u32 i = boxes->cnt; i-- > 0;) {
		struct xs_table_plan *t = &c->table[c->groups.of_box[i]];

		t->box_cnt++;
		if (boxes->box[i].rule < t->record.best)
			t->record.best = boxes->box[i].rule;
	}
	qsort(c->table, c->table_cnt, sizeof(*c->table), by_best);
}

/* What the data path must read to hash a frame for this table. */
static void set_mask(struct xs_set_table *record, const __u64 *mask)
{
	memcpy(record->mask, mask, sizeof(record->mask));
	memcpy(record->inner_mask, mask + XS_TABLE_WORDS, sizeof(record->inner_mask));
	if (mask[XS_KEY_addr1] | mask[XS_KEY_addr2] | mask[XS_KEY_addr3])
		record->words |= XS_TABLE_ADDR6;
	if (mask[XS_KEY_ether_s] | mask[XS_KEY_ether_d] | mask[XS_KEY_misc])
		record->words |= XS_TABLE_RARE;
	if (mask[XS_KEY_inner] | mask[XS_KEY_tunnel])
		record->words |= XS_TABLE_RARE | XS_TABLE_INNER;
}

int xs_tables_make(struct xs_compiler *c)
{
	order_tables(c);
	c->table_of_group = malloc(c->table_cnt + 1);
	if (!c->table_of_group)
		return -ENOMEM;
	for (__u32 i = 0; i < c->table_cnt; i++) {
		struct xs_table_plan *t = &c->table[i];

		c->table_of_group[t->group] = i;
		set_mask(&t->record, c->groups.mask[t->group]);
		t->box = malloc((t->box_cnt + 1) * sizeof(*t->box));
		if (!t->box)
			return -ENOMEM;
		t->box_cnt = 0;
	}
	for (__u32 i = 0; i < c->boxes.cnt; i++) {
		struct xs_table_plan *t = &c->table[xs_table_of_box(c, &c->boxes.box[i])];

		t->box[t->box_cnt++] = i;
	}
	return 0;
}

__u32 xs_table_of_box(const struct xs_compiler *c, const struct xs_box *box)
{
	return c->table_of_group[c->groups.of_box[box - c->boxes.box]];
}

static void write_box(const struct xs_compiler *c, struct xs_set_entry *entry,
		      const struct xs_box *box)
{
	__u64 action = c->action_of_rule[box->rule];

	entry->low_a = XS_ENTRY_A(box->rank_lo[0], box->rank_lo[1], box->proto_lo) |
		       (action >> 8 & 0x1f) << XS_A_ACTION_SHIFT;
	entry->high_a = XS_ENTRY_A(box->rank_hi[0], box->rank_hi[1], box->proto_hi) | XS_A_GUARDS;
	entry->low_b = XS_ENTRY_B(box->port_lo[0], box->port_lo[1]) |
		       (__u64)box->rule << XS_B_RULE_SHIFT | (action & 0xff) << XS_B_ACTION_SHIFT;
	entry->high_b = XS_ENTRY_B(box->port_hi[0], box->port_hi[1]) | XS_B_GUARDS |
			action >> 13 << XS_B_ACTION_UPPER_SHIFT;
}

/* An entry that no frame matches, and that ends a chain. */
static void write_empty(struct xs_set_entry *entry)
{
	*entry = (struct xs_set_entry){
		.low_a = XS_ENTRY_A(0, 0, 1),
		.high_a = XS_A_GUARDS,
		.low_b = (__u64)XS_RULES_MAX << XS_B_RULE_SHIFT,
		.high_b = XS_B_GUARDS,
	};
}

/* Writes a box's conditions into slots from *extra on. Returns the first of them. */
static __u32 write_conds(const struct xs_compiler *c, const struct xs_box *box,
			 struct xs_set_entry *slots, __u32 next, __u32 *extra)
{
	__u32 first = *extra;

	for (const struct xs_cond *cond = box->cond; cond; cond = cond->next) {
		struct xs_set_atom *atom = (struct xs_set_atom *)&slots[(*extra)++];

		xs_atom_write(c, atom, cond);
		atom->more = cond->next ? *extra : 0;
		atom->next = next;
	}
	return first;
}

/* Writes one chain: its first entry into its slot, the rest and the conditions from *extra on. */
static void write_chain(const struct xs_compiler *c, const struct xs_placing *p,
			const struct xs_chain *chain, struct xs_set_entry *slots, __u32 slot,
			__u32 *extra)
{
	for (__u32 k = 0; k < chain->cnt; k++) {
		const struct xs_box *box = &c->boxes.box[p->hashed[chain->first + k].box];
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

/* One part in its chunk: displacements, then slots, hashed ones first. */
static void write_part(const struct xs_compiler *c, const struct xs_table_plan *t,
		       const struct xs_placing *p, __u32 part)
{
	const __u32 *taken = p->taken + (size_t)part * t->record.slot_cnt;
	__u32 extra = t->record.slot_first + t->record.slot_cnt;
	__u32 chunk = t->record.chunk + part;
	struct xs_set_entry *first = xs_chunks_at(&c->chunks, chunk, 0);

	memcpy(xs_chunks_at(&c->chunks, chunk, t->record.displace),
	       p->displacement + ((size_t)part << p->displace_bits), xs_displace_bytes(p));
	for (__u32 i = 0; i < t->record.slot_cnt; i++) {
		__u32 slot = t->record.slot_first + i;

		if (taken[i] == XS_SLOT_EMPTY)
			write_empty(&first[slot]);
		else
			write_chain(c, p, &p->chain[taken[i]], first, slot, &extra);
	}
}

/* Puts a table whose chains are placed into room of one chunk, or into chunks of its own. */
static int write_parts(struct xs_compiler *c, struct xs_table_plan *t, const struct xs_placing *p)
{
	size_t bytes = xs_part_bytes(t, p);
	__u32 offset = 0, chunk = c->chunks.cnt;
	int err;

	if (p->part_cnt == 1)
		err = xs_chunks_place(&c->chunks, bytes, sizeof(struct xs_set_entry), &chunk,
				      &offset);
	else
		err = xs_chunks_add(&c->chunks, p->part_cnt);
	if (err)
		return err;
	t->record.chunk = chunk;
	t->record.chunk_mask = p->part_cnt - 1;
	t->record.displace = offset;
	t->record.slot_first = (offset + xs_displace_bytes(p)) / sizeof(struct xs_set_entry);
	for (__u32 part = 0; part < p->part_cnt; part++) {
		if (p->part_cnt > 1)
			c->chunks.used[chunk + part] = bytes;
		write_part(c, t, p, part);
	}
	return 0;
}

static int write_table(struct xs_compiler *c, struct xs_table_plan *t)
{
	struct xs_placing p = { 0 };
	int err = xs_table_place(t, &c->boxes, &p);

	if (!err)
		err = write_parts(c, t, &p);
	else if (err == -EOVERFLOW)
		err = 0; /* the bounds will refuse it when the steps of all tables are known */
	else if (err == -EAGAIN || err == -E2BIG)
		err = xs_refuse(c->report, c->rules, t->record.best,
				"no hash function found for the table of this rule");
	xs_placing_free(&p);
	return err;
}

int xs_tables_write(struct xs_compiler *c)
{
	struct xs_set_table *records;

	for (__u32 i = 0; i < c->table_cnt; i++) {
		int err = write_table(c, &c->table[i]);

		if (err)
			return err;
	}
	records = xs_chunks_at(&c->chunks, 0, xs_header(c)->tables);
	for (__u32 i = 0; i < c->table_cnt; i++)
		records[XS_TABLE_OF_BIT(1ULL << i)] = c->table[i].record;
	return 0;
}
