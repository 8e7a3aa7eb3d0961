/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One hash table without collisions. Boxes with the same key make a chain. Each chain
 * gets a slot of its own by a displacement, which its hash selects. This file finds the
 * places; tables.c writes what is there.
 */
#ifndef XS_RULE_HASH_H
#define XS_RULE_HASH_H

#include "box.h"

#include "maps/rule_set.h"

#define XS_SLOT_EMPTY 0xffffffffU

/* A table to be built: a group of boxes under one mask. */
struct xs_table_plan {
	struct xs_set_table record; /* the caller sets mask, best and words */
	__u32 *box; /* numbers of its boxes, in rule order; the caller's */
	__u32 box_cnt;
	__u32 group;
	__u32 chain_max; /* entries of its longest chain */
	__u32 step_max; /* most entries and conditions of any of its chains */
	__u32 step_rule; /* the first rule of that chain */
};

/* A box with the hash of its key. */
struct xs_hashed {
	__u64 hash;
	__u32 box;
	__u32 part;
};

/* Boxes with the same key, in rule order. */
struct xs_chain {
	__u64 hash;
	__u32 first, cnt; /* in the hashed boxes */
	__u32 steps; /* entries and conditions */
	__u32 part;
	__u32 slot; /* of its first entry */
};

/* Where the boxes of a table go. A part is what one chunk holds. */
struct xs_placing {
	struct xs_hashed *hashed; /* sorted by part and hash */
	struct xs_chain *chain; /* likewise */
	__u32 chain_cnt;
	__u32 part_cnt; /* a power of two */
	__u32 displace_bits;
	__u32 extra_max; /* most slots beyond the hashed ones, over all parts */
	__u32 *part_first; /* part -> its first chain; one entry more than parts */
	__u16 *displacement; /* sorted by part and hash */
	__u32 *taken; /* by part and slot: the chain's number, or XS_SLOT_EMPTY */
};

/* Bytes that the displacements of one part take. */
static inline __u32 xs_displace_bytes(const struct xs_placing *p)
{
	return 2U << p->displace_bits;
}

/* Bytes of one part: displacements, then slots. */
static inline size_t xs_part_bytes(const struct xs_table_plan *t, const struct xs_placing *p)
{
	__u32 slots = t->record.slot_cnt + p->extra_max;

	return xs_displace_bytes(p) + slots * sizeof(struct xs_set_entry);
}

/*
 * Finds a seed and displacements. Sets seed, slot_cnt and displace_shift of t->record,
 * and chain_max, step_max, step_rule. The caller zeroes *p before, and frees it with
 * xs_placing_free() in either case. 0; -ENOMEM; -EAGAIN or -E2BIG: none was found;
 * -EOVERFLOW: step_max is above XS_STEPS_MAX, so places were not searched for.
 */
int xs_table_place(struct xs_table_plan *t, const struct xs_boxes *boxes, struct xs_placing *p);
void xs_placing_free(struct xs_placing *p);

#endif
