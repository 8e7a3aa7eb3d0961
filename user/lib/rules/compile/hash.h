/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One hash table without collisions: boxes with the same key make a chain, and
 * each chain gets a slot of its own by a displacement that its hash selects.
 * Finds the places; tables.c writes what is there.
 */
#ifndef XS_RULE_HASH_H
#define XS_RULE_HASH_H

#include "box.h"

#include "maps/rule_set.h"

#define XS_SLOT_EMPTY 0xffffffffU

/* A table to be: a group of boxes under one mask. */
struct xs_table_plan {
	struct xs_set_table record; /* mask, best and words are the caller's */
	__u32 *box; /* numbers of its boxes, by rule; the caller's */
	__u32 box_cnt;
	__u32 group;
	__u32 chain_max; /* entries of its longest chain */
	__u32 step_max; /* entries and conditions of its dearest chain */
	__u32 step_rule; /* the first rule of that chain */
};

/* A box by the hash of its key. */
struct xs_hashed {
	__u64 hash;
	__u32 box;
	__u32 part;
};

/* Boxes with one key, by rule. */
struct xs_chain {
	__u64 hash;
	__u32 first, cnt; /* in the hashed boxes */
	__u32 steps; /* entries and conditions */
	__u32 part;
	__u32 slot; /* of its first entry */
};

/* Where the boxes of a table go. A part is what lies in one chunk. */
struct xs_placing {
	struct xs_hashed *hashed; /* by part and hash */
	struct xs_chain *chain; /* likewise */
	__u32 chain_cnt;
	__u32 part_cnt; /* a power of two */
	__u32 displace_bits;
	__u32 extra_max; /* slots beyond the hashed ones, of the part with most */
	__u32 *part_first; /* part -> its first chain; one more */
	__u16 *displacement; /* by part and hash */
	__u32 *taken; /* by part and slot: number of the chain, or XS_SLOT_EMPTY */
};

/* Bytes that the displacements of a part take. */
static inline __u32 xs_displace_bytes(const struct xs_placing *p)
{
	return 2U << p->displace_bits;
}

/* Bytes of a part: displacements, then slots. */
static inline size_t xs_part_bytes(const struct xs_table_plan *t, const struct xs_placing *p)
{
	__u32 slots = t->record.slot_cnt + p->extra_max;

	return xs_displace_bytes(p) + slots * sizeof(struct xs_set_entry);
}

/*
 * Finds a seed and displacements. Sets seed, slot_cnt and displace_shift of
 * t->record, and chain_max, step_max, step_rule. The caller zeroes *p, and frees
 * it with xs_placing_free() in either case. 0; -ENOMEM; -EAGAIN or -E2BIG: none
 * found; -EOVERFLOW: step_max is above XS_STEPS_MAX, so no place was looked for.
 */
int xs_table_place(struct xs_table_plan *t, const struct xs_boxes *boxes, struct xs_placing *p);
void xs_placing_free(struct xs_placing *p);

#endif
