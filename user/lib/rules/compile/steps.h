/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The steps of the compiler and what they pass on. Each reads what earlier steps left
 * here, adds its own part, and writes its bytes into `chunks`. compile.c defines the
 * order. Only the steps include this.
 */
#ifndef XS_RULE_STEPS_H
#define XS_RULE_STEPS_H

#include "box.h"
#include "chunks.h"
#include "compile.h"
#include "group.h"
#include "hash.h"
#include "index.h"

struct xs_compiler {
	/* The caller's. */
	const struct xs_ruleset *rules;
	struct xs_rule_report *report;
	__u32 layout_most; /* that the program can search */
	__u32 packed_from; /* so many intervals are packed */
	/* Owned. */
	struct xs_boxes boxes; /* box.c; ranks by index.c, bits by atom.c */
	struct xs_groups groups; /* group.c */
	struct xs_table_plan table[XS_TABLES_MAX]; /* tables.c; in the order of their best rule */
	__u32 table_cnt;
	__u8 *table_of_group;
	struct xs_ranks ranks; /* index.c */
	__u16 *action_of_rule; /* actions.c; numbers in header.actions */
	__u32 limit_cnt; /* limit.c */
	__u64 *classes[2]; /* addrs.c; of source and destination, all families */
	__u32 class_cnt[2];
	struct xs_chunks chunks; /* chunk 0 begins with the header */
};

/*
 * Unless said otherwise, a step returns 0; -ENOMEM; or -E2BIG: a limit is exceeded.
 * report->error is then set if a rule or the whole set is the cause.
 */

/* tables.c: turns groups into tables with their boxes, in the order of their best rule. */
int xs_tables_make(struct xs_compiler *c);
/* The number of a box's table, once the tables are made. */
__u32 xs_table_of_box(const struct xs_compiler *c, const struct xs_box *box);
/*
 * tables.c: finds a slot for each key, then writes entries, chains and header.tables.
 * Skips a table that xs_bounds_check() will refuse.
 */
int xs_tables_write(struct xs_compiler *c);

/* spread.c: writes the sets of CPUs, and header.spreads. */
int xs_spreads_write(struct xs_compiler *c);

/* actions.c: numbers the different actions, and writes header.actions. */
int xs_actions_write(struct xs_compiler *c);

/* ports.c: the index from a protocol or a port to the tables that may hold a match. */
int xs_protocols_index(struct xs_compiler *c);
int xs_ports_index(struct xs_compiler *c);

/* addrs.c: the same from an address, which also gets its rank. */
int xs_addrs_index(struct xs_compiler *c);

/* members.c: writes which dynamic sets are declared, and which of them rules ask. */
int xs_members_write(struct xs_compiler *c);

/* atom.c: writes the sets that conditions look into, a bit for each value, in one chunk. */
int xs_bits_write(struct xs_compiler *c);
/* Writes one condition as the data path reads it. Links to other conditions stay 0. */
void xs_atom_write(const struct xs_compiler *c, struct xs_set_atom *atom,
		   const struct xs_cond *cond);

/* limit.c: writes header.limits, for the rules that have one from 1 on in their order. */
int xs_limits_number(struct xs_compiler *c);

/* bounds.c: reports the most that one frame can cost, and refuses a set that costs too much. */
int xs_bounds_check(struct xs_compiler *c);

/* Says that older programs than those of this layout cannot search the set. */
void xs_need_layout(struct xs_compiler *c, __u32 layout);

/* The header of the set. The pointer is valid until the next chunk is added. */
static inline struct xs_set_header *xs_header(const struct xs_compiler *c)
{
	return xs_chunks_at(&c->chunks, 0, 0);
}

#endif
