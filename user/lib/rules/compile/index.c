// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Computes intervals, ranks and classes of fields by sorting and sweeping. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "lib/base/grow.h"

static int by_addr(const void *a, const void *b)
{
	xs_u128 x = *(const xs_u128 *)a, y = *(const xs_u128 *)b;

	return x < y ? -1 : x > y;
}

/* The starts that are being collected; or, with first_rule, found again. */
struct starts {
	xs_u128 *start;
	__u32 cnt, room;
	const struct xs_axis *axis; /* has all of them */
	__u32 *first_rule; /* by their place there */
	__u32 rule; /* of the box that is looked at */
};

static void note_rule(struct starts *g, xs_u128 start)
{
	__u32 at = xs_rank_of(g->axis, start) - g->axis->first;

	if (g->first_rule[at] == XS_RULE_NONE && start)
		g->first_rule[at] = g->rule;
}

static int add_start(struct starts *g, xs_u128 start)
{
	xs_u128 *more;

	if (g->first_rule) {
		note_rule(g, start);
		return 0;
	}
	more = xs_grow(g->start, g->cnt, &g->room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	g->start = more;
	more[g->cnt++] = start;
	return 0;
}

static int add_range_starts(struct starts *g, const struct xs_range *range, xs_u128 max)
{
	int err = add_start(g, range->lo);

	if (!err && range->hi < max)
		err = add_start(g, range->hi + 1);
	return err;
}

static void sort_starts(struct starts *g)
{
	size_t cnt = 0;

	qsort(g->start, g->cnt, sizeof(*g->start), by_addr);
	for (size_t i = 0; i < g->cnt; i++)
		if (!cnt || g->start[i] != g->start[cnt - 1])
			g->start[cnt++] = g->start[i];
	g->cnt = cnt;
}

/* Adds all starts that boxes and conditions make on one side in one family. */
static int add_side_starts(struct starts *g, const struct xs_boxes *boxes, int side, int family,
			   xs_u128 max)
{
	const struct xs_cond *done = NULL;
	int err = add_start(g, 0);

	for (__u32 i = 0; !err && i < boxes->cnt; i++) {
		const struct xs_box *box = &boxes->box[i];

		if (box->families != XS_FAMILY_BIT(family))
			continue;
		g->rule = box->rule;
		if (box->addr_set[side])
			err = add_range_starts(g, &box->addr[side], max);
		for (const struct xs_cond *c = box->cond; !err && c; c = c->next) {
			if (c->dim != (enum xs_dim)side)
				continue;
			/* Boxes of one rule mostly share the set. */
			if (done && done->ranges.range == c->ranges.range)
				break;
			done = c;
			for (__u32 r = 0; !err && r < c->ranges.cnt; r++)
				err = add_range_starts(g, &c->ranges.range[r], max);
		}
	}
	return err;
}

static xs_u128 last_addr(int family)
{
	return family == XS_FAMILY_ipv4 ? 0xffffffffU : ~(xs_u128)0;
}

int xs_ranks_first_rules(const struct xs_axis *axis, const struct xs_boxes *boxes, int side,
			 int family, __u32 *first_rule)
{
	struct starts g = { .axis = axis, .first_rule = first_rule };

	memset(first_rule, 0xff, axis->cnt * sizeof(*first_rule));
	return add_side_starts(&g, boxes, side, family, last_addr(family));
}

static int make_axis(struct xs_axis *axis, const struct xs_boxes *boxes, int side, int family)
{
	struct starts g = { 0 };
	int err = add_side_starts(&g, boxes, side, family, last_addr(family));

	if (err)
		goto out;
	sort_starts(&g);
	/* Each of the two trees over IPv6 addresses needs a first key. */
	if (g.cnt > 1 && family == XS_FAMILY_ipv6) {
		err = add_start(&g, (xs_u128)1 << 127);
		if (err)
			goto out;
		sort_starts(&g);
	}
	axis->start = g.start;
	axis->cnt = g.cnt;
	g.start = NULL;
out:
	free(g.start);
	return err;
}

__u32 xs_rank_of(const struct xs_axis *axis, xs_u128 addr)
{
	__u32 lo = 0, cnt = axis->cnt;

	while (cnt > 1) {
		__u32 half = cnt / 2;

		if (axis->start[lo + half] <= addr)
			lo += half;
		cnt -= half;
	}
	return axis->first + lo;
}

static void set_ranks(const struct xs_ranks *ranks, struct xs_box *box, int side)
{
	int low = __builtin_ctz(box->families), high = 31 - __builtin_clz(box->families);
	const struct xs_axis *first = &ranks->axis[side][low], *last = &ranks->axis[side][high];

	if (box->addr_set[side]) {
		box->rank_lo[side] = xs_rank_of(first, box->addr[side].lo);
		box->rank_hi[side] = xs_rank_of(first, box->addr[side].hi);
		return;
	}
	box->rank_lo[side] = first->first;
	box->rank_hi[side] = last->first + last->cnt - 1;
}

int xs_ranks_make(struct xs_ranks *ranks, struct xs_boxes *boxes)
{
	for (int side = 0; side < 2; side++) {
		__u32 rank = 0;

		for (int family = 0; family < XS_FAMILY_MAX; family++) {
			struct xs_axis *axis = &ranks->axis[side][family];
			int err = make_axis(axis, boxes, side, family);

			if (err)
				return err;
			axis->first = rank;
			rank += axis->cnt;
		}
		for (__u32 i = 0; i < boxes->cnt; i++)
			set_ranks(ranks, &boxes->box[i], side);
	}
	return 0;
}

void xs_ranks_free(struct xs_ranks *ranks)
{
	for (int side = 0; side < 2; side++)
		for (int family = 0; family < XS_FAMILY_MAX; family++)
			free(ranks->axis[side][family].start);
	*ranks = (struct xs_ranks){ 0 };
}

int xs_spans_sweep(__u64 *tables, __u32 cnt, const struct xs_span *spans, __u32 span_cnt)
{
	__u32 open[XS_TABLES_MAX] = { 0 };
	__u32 *at = calloc(cnt + 2, sizeof(*at)); /* value -> its events */
	__u8 *event = malloc(2 * (size_t)span_cnt + 1); /* table, upper bit: it ends */
	__u64 now = 0;
	int err = -ENOMEM;

	if (!at || !event)
		goto out;
	for (__u32 i = 0; i < span_cnt; i++) {
		at[spans[i].lo + 1]++;
		at[spans[i].hi + 2]++;
	}
	for (__u32 v = 1; v < cnt + 2; v++)
		at[v] += at[v - 1];
	/* at[v] is the first event of v. Filling moves it to the first of v + 1. */
	for (__u32 i = 0; i < span_cnt; i++) {
		event[at[spans[i].lo]++] = spans[i].table;
		event[at[spans[i].hi + 1]++] = spans[i].table | 0x80;
	}
	for (__u32 v = 0, e = 0; v < cnt; v++) {
		for (; e < at[v]; e++) {
			__u32 table = event[e] & 0x7f;

			open[table] += event[e] & 0x80 ? -1 : 1;
			now &= ~(1ULL << table);
			now |= (__u64) !!open[table] << table;
		}
		tables[v] = now;
	}
	err = 0;
out:
	free(at);
	free(event);
	return err;
}

struct class_count {
	__u64 tables;
	__u32 cnt;
	__u32 number;
};

static int by_count(const void *a, const void *b)
{
	const struct class_count *x = a, *y = b;

	if (x->cnt != y->cnt)
		return x->cnt > y->cnt ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static __u32 class_slot(const __u32 *slot, __u32 slots, const struct class_count *class,
			__u64 tables)
{
	__u32 at = (tables * XS_HASH_A0) >> 32 & (slots - 1);

	while (slot[at] && class[slot[at] - 1].tables != tables)
		at = (at + 1) & (slots - 1);
	return at;
}

long xs_classes_make(__u32 *of_value, __u64 *classes, __u32 max, const __u64 *tables, __u32 cnt)
{
	struct class_count *class = calloc(cnt + 1, sizeof(*class));
	__u32 slots = 16, class_cnt = 0, *slot;
	long made = -ENOMEM;

	while (slots < 2 * cnt)
		slots *= 2;
	slot = calloc(slots, sizeof(*slot));
	if (!class || !slot)
		goto out;
	for (__u32 i = 0; i < cnt; i++) {
		__u32 at = class_slot(slot, slots, class, tables[i]);

		if (!slot[at]) {
			class[class_cnt].tables = tables[i];
			class[class_cnt].number = class_cnt;
			slot[at] = ++class_cnt;
		}
		class[slot[at] - 1].cnt++;
		of_value[i] = slot[at] - 1;
	}
	qsort(class, class_cnt, sizeof(*class), by_count);
	made = class_cnt < max ? class_cnt : max;
	memset(classes, 0, made * sizeof(*classes));
	memset(slot, 0, slots * sizeof(*slot));
	for (__u32 i = 0; i < class_cnt; i++) {
		__u32 number = i < max ? i : max - 1;

		classes[number] |= class[i].tables;
		slot[class[i].number] = number; /* now: first number -> last */
	}
	for (__u32 i = 0; i < cnt; i++)
		of_value[i] = slot[of_value[i]];
out:
	free(class);
	free(slot);
	return made;
}
