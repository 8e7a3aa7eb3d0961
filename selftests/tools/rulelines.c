// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Walks compiled sets as bpf/match.h does, over the frames of rulebench, and says what memory
 * each step of the search touches: cache lines a frame, and bytes of all frames together (in
 * lines, and in pages for the TLB). It knows the layout and no kernel, so it answers the same
 * on every machine.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rules/compile/compile.h"
#include "../progs/rulebench.h"
#include "../rulegen.h"

#define LINE 64
#define PAGE 4096

#define STEPS(X) \
	X(cells) \
	X(starts) \
	X(levels) \
	X(leaves) \
	X(groups) \
	X(lowers) \
	X(interval_class) \
	X(class_tables) \
	X(ports) \
	X(tables) \
	X(displacement) \
	X(entry) \
	X(chain) \
	X(action) \
	X(counter)

enum step {
#define X(name) STEP_##name,
	STEPS(X)
#undef X
		STEP_MAX
};

static const char *const step_names[STEP_MAX] = {
#define X(name) #name,
	STEPS(X)
#undef X
};

#define FRAME_LINES 512

struct walk {
	const __u8 *bytes;
	size_t lines;
	__u8 *seen[STEP_MAX]; /* a byte for each line of the set, or of the counters */
	__u64 frame[FRAME_LINES]; /* lines of this frame: step << 56 | line */
	__u32 frame_cnt;
	__u64 sum[STEP_MAX];
};

static void touch(struct walk *w, enum step step, size_t at, size_t bytes)
{
	for (size_t line = at / LINE; line <= (at + bytes - 1) / LINE; line++) {
		__u64 mark = (__u64)step << 56 | line;
		__u32 i;

		w->seen[step][line] = 1;
		for (i = 0; i < w->frame_cnt && w->frame[i] != mark; i++)
			;
		if (i < w->frame_cnt || w->frame_cnt == FRAME_LINES)
			continue;
		w->frame[w->frame_cnt++] = mark;
		w->sum[step]++;
	}
}

static const void *look(struct walk *w, enum step step, __u32 chunk, __u64 offset, size_t bytes)
{
	size_t at = (size_t)chunk * XS_CHUNK_BYTES + (offset & (XS_CHUNK_BYTES - 1));

	touch(w, step, at, bytes);
	return w->bytes + at;
}

#define LOOK(step, chunk, offset, type) \
	(*(const type *)look(w, STEP_##step, chunk, offset, sizeof(type)))

static __u32 find4(struct walk *w, const struct xs_addr_index *x, __u32 addr, __u32 *class)
{
	__u64 cell = LOOK(cells, x->chunk, x->cells + (__u64)(addr >> x->shift) * 8, __u64);
	__u64 first = cell & XS_CELL_MASK, cnt = cell >> XS_CELL_CNT_SHIFT & XS_CELL_CNT_MASK;
	const __u32 *node;
	__u32 above = 0;

	if (!cnt) {
		*class = cell >> XS_CELL_CLASS_SHIFT;
		return first;
	}
	while (cnt > XS_NODE) {
		__u64 half = cnt / 2;

		if (LOOK(starts, x->chunk, x->starts + (first + half) * 4, __u32) <= addr)
			first += half;
		cnt -= half;
	}
	node = look(w, STEP_starts, x->chunk, x->starts + (first + 1) * 4, 4 * XS_NODE);
	while (above < cnt && node[above] <= addr)
		above++;
	first += above;
	*class = LOOK(interval_class, x->chunk, x->of_interval + first * 2, __u16);
	return first;
}

static __u32 find6(struct walk *w, const struct xs_addr_index *x, __u64 upper, __u64 lower,
		   __u32 *class)
{
	__u32 tree = upper >> 63, group, next, interval;
	__u64 at = 0;
	bool deep;

	for (__u32 i = x->level_first[tree]; i < XS_ADDR6_LEVELS; i++) {
		const __u64 *node = look(w, STEP_levels, x->chunk, x->level[tree][i] + at * 64, 64);
		int n = 0;

		while (n < XS_NODE && node[n] <= upper)
			n++;
		at = at * 8 + n - 1;
		if (at >= x->level_cnt[tree][i])
			at = x->level_cnt[tree][i] - 1;
	}
	at += x->group_first[tree];
	if (x->cut == XS_CUT_PACKED) {
		const struct xs_addr6_leaf *leaf = look(
			w, STEP_leaves, x->chunk, x->leaves + at * sizeof(*leaf), sizeof(*leaf));
		int n = 0;

		while (n + 1 < XS_LEAF6 && leaf->upper[n + 1] <= upper)
			n++;
		group = leaf->first + (n ? leaf->end[n - 1] & XS_LEAF6_END : 0);
		next = leaf->first + (leaf->end[n] & XS_LEAF6_END);
		deep = leaf->end[n] & XS_LEAF6_DEEP && leaf->upper[n] == upper;
		*class = leaf->class[n];
		if (!deep)
			return next - 1;
	} else {
		group = LOOK(groups, x->chunk, x->groups + at * 4, __u32);
		next = LOOK(groups, x->chunk, x->groups + (at + 1) * 4, __u32) & ~XS_GROUP_DEEP;
		at -= x->group_first[tree];
		deep = group & XS_GROUP_DEEP &&
		       LOOK(levels, x->chunk, x->level[tree][XS_ADDR6_LEVELS - 1] + at * 8,
			    __u64) == upper;
		group &= ~XS_GROUP_DEEP;
	}
	interval = next - 1;
	if (deep) {
		for (__u32 cnt = next - group; cnt > 1; cnt -= cnt / 2)
			if (LOOK(lowers, x->lower_chunk, x->lower + (group + cnt / 2) * 8ULL,
				 __u64) <= lower)
				group += cnt / 2;
		interval = group;
		if (LOOK(lowers, x->lower_chunk, x->lower + group * 8ULL, __u64) > lower)
			interval--;
	}
	*class = LOOK(interval_class, x->chunk, x->of_interval + interval * 2ULL, __u16);
	return interval;
}

static __u32 find_addr(struct walk *w, const struct xs_addr_index *x, bool is_ipv6, __u64 upper,
		       __u64 lower, __u64 *tables)
{
	__u32 class = 0, rank;

	if (!x->cut) {
		*tables &= x->tables;
		return x->rank_first;
	}
	if (x->blocks) {
		fprintf(stderr, "rulelines: an index in blocks\n");
		exit(1);
	}
	rank = is_ipv6 ? find6(w, x, upper, lower, &class) : find4(w, x, upper, &class);
	*tables &= LOOK(class_tables, x->chunk, x->classes + class * 8ULL, __u64);
	return x->rank_first + rank;
}

/* Returns the number of the first slot in the table's chunk. */
static __u32 find_slot(struct walk *w, const struct xs_set_table *table, const __u64 *key,
		       __u32 *chunk)
{
	__u64 hash = xs_hash(key, table);
	__u16 d;

	*chunk = table->chunk + (hash & table->chunk_mask);
	d = LOOK(displacement, *chunk, table->displace + (hash >> table->displace_shift) * 2,
		 __u16);
	return table->slot_first + xs_hash_slot(hash, d, table->slot_cnt);
}

static bool holds(const struct xs_set_entry *e, __u64 a, __u64 b)
{
	__u64 in_a = ((a | XS_A_GUARDS) - e->low_a) & (e->high_a - a);
	__u64 in_b = ((b | XS_B_GUARDS) - e->low_b) & (e->high_b - b);

	return !((~in_a & XS_A_GUARDS) | (~in_b & XS_B_GUARDS));
}

/* Sets of rulegen have no conditions. */
static __u32 walk_tables(struct walk *w, const struct xs_set_header *set, const __u64 *key,
			 __u64 tables, __u64 a, __u64 b)
{
	__u32 best = XS_RULE_NONE;

	for (; tables; tables &= tables - 1) {
		__u64 place = set->tables + XS_TABLE_OF_BIT(tables & -tables) * 128;
		const struct xs_set_table *t = look(w, STEP_tables, 0, place, 128);
		enum step step = STEP_entry;
		__u32 chunk, slot;

		if (t->best >= best)
			break;
		slot = find_slot(w, t, key, &chunk);
		while (slot) {
			const struct xs_set_entry *e = look(w, step, chunk, slot * 32ULL, 32);
			__u32 rule = e->low_b >> XS_B_RULE_SHIFT & XS_RULES_MAX;

			if (rule >= best)
				break;
			if (holds(e, a, b)) {
				best = rule;
				break;
			}
			slot = e->high_b >> XS_B_NEXT_SHIFT & XS_SLOT_MAX;
			step = STEP_chain;
		}
	}
	return best;
}

static void walk_frame(struct walk *w, bool is_ipv6, const struct rulegen_header *h)
{
	const struct xs_set_header *set = (const void *)w->bytes;
	int family = is_ipv6 ? XS_FAMILY_ipv6 : XS_FAMILY_ipv4;
	const __u64 upper[2] = { is_ipv6 ? h->saddr >> 64 : h->saddr,
				 is_ipv6 ? h->daddr >> 64 : h->daddr };
	const __u64 lower[2] = { is_ipv6 ? h->saddr : 0, is_ipv6 ? h->daddr : 0 };
	const __u32 port[2] = { h->sport, h->dport };
	__u64 key[XS_KEY_WORDS] = { 0 }, tables = ~0ULL;
	__u32 rank[2], rule;

	w->frame_cnt = 0;
	if (is_ipv6) {
		key[XS_KEY_addr0] = upper[0];
		key[XS_KEY_addr1] = lower[0];
		key[XS_KEY_addr2] = upper[1];
		key[XS_KEY_addr3] = lower[1];
	} else {
		key[XS_KEY_addr0] = upper[0] << 32 | upper[1];
	}
	key[XS_KEY_l4] = XS_KEY(sport, h->sport) | XS_KEY(dport, h->dport) |
			 XS_KEY(l4proto, h->proto) | XS_KEY(l4_code, XS_KEY_NO_TYPE) |
			 XS_KEY(l4_type, h->proto == 6 ? 0 : XS_KEY_NO_TYPE);
	key[XS_KEY_ether_s] = XS_KEY(ether_type, is_ipv6 ? 0x86dd : 0x800);
	for (int side = 0; side < 2; side++)
		rank[side] = find_addr(w, &set->addr[side][family], is_ipv6, upper[side],
				       lower[side], &tables);
	if (set->flags & XS_SET_PROTO)
		tables &= LOOK(ports, 0, set->proto_classes + h->proto * 8, __u64);
	for (int side = 0; side < 2; side++) {
		__u8 class;

		if (!(set->flags & (side ? XS_SET_DPORT : XS_SET_SPORT)))
			continue;
		class = LOOK(ports, 0, set->ports[side] + port[side], __u8);
		tables &= LOOK(ports, 0, set->port_classes[side] + class * 8, __u64);
	}
	rule = walk_tables(w, set, key, tables, XS_ENTRY_A(rank[0], rank[1], h->proto),
			   XS_ENTRY_B(port[0], port[1]));
	if (rule != XS_RULE_NONE)
		touch(w, STEP_counter, rule * sizeof(struct xs_rule_stats),
		      sizeof(struct xs_rule_stats));
}

static void print_step(const struct walk *w, const char *name, enum step step, __u64 *all_lines,
		       __u64 *all_pages)
{
	__u64 lines = 0, pages = 0;

	for (size_t i = 0, page = ~(size_t)0; i < w->lines; i++) {
		if (!w->seen[step][i])
			continue;
		lines++;
		pages += i / (PAGE / LINE) != page;
		page = i / (PAGE / LINE);
	}
	*all_lines += lines;
	*all_pages += pages;
	if (lines)
		printf("| %-14s | %5.2f | %6llu | %6llu |\n", name,
		       (double)w->sum[step] / RULEBENCH_TRACE,
		       (unsigned long long)lines * LINE / 1024,
		       (unsigned long long)pages * PAGE / 1024);
}

static void print_all(const struct walk *w, enum rulegen_kind kind, bool is_ipv6, __u32 cnt,
		      const struct xs_rule_report *report)
{
	__u64 lines = 0, pages = 0, sum = 0;

	printf("\n%s, ipv%c, %u rules: %llu KiB of tables, %llu entries\n\n", rulegen_names[kind],
	       is_ipv6 ? '6' : '4', cnt, (unsigned long long)report->bytes / 1024,
	       (unsigned long long)report->entry_cnt);
	puts("| step           | lines |    KiB | pages, KiB |");
	puts("| -------------- | ----: | -----: | -----: |");
	for (int step = 0; step < STEP_MAX; step++) {
		print_step(w, step_names[step], step, &lines, &pages);
		sum += w->sum[step];
	}
	printf("| %-14s | %5.2f | %6llu | %6llu |\n", "all", (double)sum / RULEBENCH_TRACE,
	       (unsigned long long)lines * LINE / 1024, (unsigned long long)pages * PAGE / 1024);
}

static int measure(enum rulegen_kind kind, bool is_ipv6, __u32 cnt,
		   const struct xs_rule_target *target)
{
	const __u64 seed = 1; /* that of rulebench */
	struct rng rng = { .state = seed };
	struct xs_rule_report report;
	struct xs_rule_blob blob = { 0 };
	struct xs_ruleset rules;
	struct walk w = { 0 };
	int err = rulegen_make(&rules, kind, is_ipv6, cnt, seed);

	if (!err)
		err = xs_rule_compile_for(&rules, target, &blob, &report);
	w.bytes = blob.bytes;
	w.lines = (size_t)blob.chunk_cnt * XS_CHUNK_BYTES / LINE;
	for (int i = 0; i < STEP_MAX && !err; i++) {
		w.seen[i] = calloc(w.lines, 1);
		err = w.seen[i] ? 0 : -ENOMEM;
	}
	for (__u32 i = 0; i < RULEBENCH_TRACE && !err; i++) {
		struct rulegen_header header;

		rulegen_pick(&rules, is_ipv6, &rng, &header);
		walk_frame(&w, is_ipv6, &header);
	}
	if (!err)
		print_all(&w, kind, is_ipv6, cnt, &report);
	for (int i = 0; i < STEP_MAX; i++)
		free(w.seen[i]);
	xs_rule_blob_free(&blob);
	rulegen_free(&rules);
	return err;
}

int main(int argc, char **argv)
{
	struct xs_rule_target target = XS_RULE_TARGET_OWN;
	__u32 cnt = 100000;
	int c, err = 0;

	while ((c = getopt(argc, argv, "n:l:h")) != -1) {
		if (c == 'n') {
			cnt = strtoul(optarg, NULL, 0);
		} else if (c == 'l') {
			target.layout = strtoul(optarg, NULL, 0);
		} else {
			fputs("usage: rulelines [-n RULES] [-l LAYOUT]\n"
			      "lines of memory a frame; LAYOUT: sets for programs that search up "
			      "to "
			      "this one\n",
			      c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	for (int kind = 0; kind < RULEGEN_MAX && !err; kind++)
		for (int is_ipv6 = 0; is_ipv6 < 2 && !err; is_ipv6++)
			err = measure(kind, is_ipv6, cnt, &target);
	if (err)
		fprintf(stderr, "rulelines: %s\n", strerror(-err));
	return err ? 1 : 0;
}
