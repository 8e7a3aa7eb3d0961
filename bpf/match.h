/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the first rule that matches a struct xs_packet, its action, and where it is
 * counted. Touches no byte of the frame, but through inner.h. maps/rule_set.h describes how
 * the rules lie in memory.
 *
 * Offsets come from a map, so each is masked to stay within its chunk. The verifier
 * needs no more than this, and a wrong offset cannot leave the chunk.
 */
#ifndef XSTEER_MATCH_H
#define XSTEER_MATCH_H

#include "connection.h"
#include "inner.h"
#include "member.h"
#include "packet.h"
#include "../maps/rule_set.h"

/* What will be done with a frame. */
struct xs_match_result {
	struct xs_action action;
	__u32 rule; /* 0-based; XS_RULE_NONE: default or malformed */
	__u32 refused; /* enum xs_reason: over_limit if the rule's limit was reached; else none */
	struct xs_rule_stats *rule_stats; /* the counters of this rule on this CPU; NULL: none */
#ifdef XS_TRACE
	/*
	 * Of the set that was searched; 0: none. Without a trace nobody reads it, and the
	 * verifier would walk a tenth more with one more value to follow.
	 */
	__u64 generation;
#endif
};

/* The object at an offset. Its size must be a power of two. */
#define XS_AT(chunk, offset, type) \
	((type *)((chunk) + ((__u64)(offset) & (XS_CHUNK_BYTES - sizeof(type)))))

/* The basic program has no room for a second way to search; it gets sets without. */
#define XS_PACKED(index) (XS_REMEMBERING && (index)->cut == XS_CUT_PACKED)

/* The set that one frame is searched in. */
struct xs_search {
	void *set; /* inner map */
	void *first; /* chunk 0 of it */
	__u64 tables;
	/*
	 * Source | destination << 32, and above each, from XS_RANK_BITS on, a bit for each
	 * dynamic set that holds the address.
	 */
	__u64 ranks;
	__u64 zero; /* that of the packet */
};

/* Chunk 0 is at hand; every other one costs a call. NULL: it is not there. */
static __always_inline void *chunk_at(const struct xs_search *search, __u32 chunk)
{
	if (!chunk)
		return search->first;
	return bpf_map_lookup_elem(search->set, &chunk);
}

/*
 * Comparisons without branches, since a branch would be mispredicted about half of the
 * time. The difference of both numbers must keep its sign.
 */
static __always_inline __u64 less_mask(__u64 a, __u64 b)
{
	return (__s64)(a - b) >> 63; /* all ones, or 0 */
}

/* How many of the eight numbers starting at `first` are > key. `first` has their size. */
#define XS_COUNT_ABOVE(first, key) \
	({ \
		__u64 _k = (key); \
		__u64 _a = (_k - (first)[0]) >> 63, _b = (_k - (first)[1]) >> 63; \
		__u64 _c = (_k - (first)[2]) >> 63, _d = (_k - (first)[3]) >> 63; \
		_a += (_k - (first)[4]) >> 63; \
		_b += (_k - (first)[5]) >> 63; \
		_c += (_k - (first)[6]) >> 63; \
		_d += (_k - (first)[7]) >> 63; \
		(_a + _b) + (_c + _d); \
	})

/* *chunk becomes that of the address's block. So does it in find_addr6(). */
static __always_inline __u64 find_addr4(const struct xs_search *search,
					const struct xs_addr_index *index, void **chunk, __u32 addr,
					__u32 *class)
{
	__u64 cell = *XS_AT(*chunk, index->cells + (addr >> (index->shift & 31)) * 8, __u64);
	__u64 first = cell & XS_CELL_MASK, cnt = cell >> XS_CELL_CNT_SHIFT & XS_CELL_CNT_MASK;
	__u64 before = fresh_zero(search->zero), offset, there;
	__u32 block = cell >> XS_CELL_BLOCK_SHIFT & XS_CELL_BLOCK_MASK;
	void *block_chunk;

	if (!cnt) {
		*class = cell >> XS_CELL_CLASS_SHIFT;
		return first;
	}
	if (block) {
		before = *XS_AT(search->first, index->blocks + block * 4, __u32);
		block += index->chunk;
		block_chunk = bpf_map_lookup_elem(search->set, &block);
		if (!block_chunk)
			return 0;
		*chunk = block_chunk;
		first -= before;
	}
	XS_FORGET(first, search->zero);
	XS_FORGET(before, search->zero);
	for (int i = 0; i < 14 && cnt > XS_NODE; i++) {
		__u64 half = cnt >> 1;

		there = *XS_AT(*chunk, index->starts + (first + half) * 4, __u32);
		first += half & ~less_mask(addr, there);
		cnt -= half;
	}
	XS_FORGET(first, search->zero);
	offset = (index->starts + (first + 1) * 4) & (XS_CHUNK_BYTES - 4);
	if (offset > XS_CHUNK_BYTES - 4 * XS_NODE)
		offset = 0;
	there = XS_NODE - XS_COUNT_ABOVE((const __u32 *)(*chunk + offset), addr);
	first += there < cnt ? there
			     : cnt; /* the padding at the end is not above the last address */
	*class = *XS_AT(*chunk, index->of_interval + first * 2, __u16);
	return first + before;
}

/*
 * Index of the last of `cnt` (at least 1) ascending numbers that is <= key; first - 1
 * if there is none.
 */
static __always_inline __u64 last_not_above(void *chunk, __u32 offset, __u64 first, __u64 cnt,
					    __u64 key, __u64 zero)
{
	for (int i = 0; i < 20 && cnt > 1; i++) {
		__u64 half = cnt >> 1;

		if (*XS_AT(chunk, offset + (first + half) * 8, __u64) <= key)
			first += half;
		cnt -= half;
	}
	XS_FORGET(first, zero);
	return *XS_AT(chunk, offset + first * 8, __u64) <= key ? first : first - 1;
}

/* The place of the last upper half that is <= key. The first one is. */
static __always_inline __u64 place_in_leaf(const struct xs_addr6_leaf *leaf, __u64 key)
{
	__u64 place = 0;

#pragma unroll
	for (int i = 1; i < XS_LEAF6; i++)
		place += 1 + less_mask(key, leaf->upper[i]);
	return place;
}

/* The intervals of one upper half, and where that and the class of the last of them are. */
struct xs_found_group {
	__u64 first, next, deep;
	__u64 upper_at, class_at; /* 0: by interval */
};

static __always_inline struct xs_found_group group_in_leaf(const struct xs_addr_index *index,
							   void *chunk, __u64 number, __u64 upper)
{
	__u64 leaf_at = index->leaves + number * 64, end_at;
	const struct xs_addr6_leaf *leaf = XS_AT(chunk, leaf_at, struct xs_addr6_leaf);
	__u64 place = place_in_leaf(leaf, upper), first = leaf->first;
	struct xs_found_group group = {
		.first = first,
		.upper_at = leaf_at + place * 8,
		.class_at = leaf_at + offsetof(struct xs_addr6_leaf, class) + place * 2,
	};

	end_at = leaf_at + offsetof(struct xs_addr6_leaf, end) + place * 2;
	group.next = *XS_AT(chunk, end_at, __u16);
	group.deep = group.next & XS_LEAF6_DEEP;
	group.next = first + (group.next & XS_LEAF6_END);
	if (group.deep && place)
		group.first = first + (*XS_AT(chunk, end_at - 2, __u16) & XS_LEAF6_END);
	return group;
}

static __always_inline __u64 find_addr6(const struct xs_search *search,
					const struct xs_addr_index *index, void **chunk,
					__u64 upper, __u64 lower, __u32 *class)
{
	__u32 tree = upper >> 63, offset, block = 0;
	__u64 at = search->zero, interval, before = fresh_zero(search->zero);
	struct xs_found_group group;

	if (index->blocks) {
		const __u64 *first;
		void *block_chunk;
		__u32 number;

		offset = index->blocks + tree * sizeof(__u64[XS_NODE]);
		first = search->first + (offset & (XS_CHUNK_BYTES - sizeof(__u64[XS_NODE])));
		offset += (XS_NODE - 1 - XS_COUNT_ABOVE(first, upper)) * 8;
		before = *XS_AT(search->first, offset + offsetof(struct xs_tree_block_list, where),
				__u64);
		block = before & XS_BLOCK_NUMBER;
		before >>= XS_BLOCK_FIRST_SHIFT;
		number = index->chunk + block;
		block_chunk = bpf_map_lookup_elem(search->set, &number);
		if (!block_chunk)
			return 0;
		*chunk = block_chunk;
	}
	XS_FORGET(before, search->zero);
	for (__u32 i = 0; i < XS_ADDR6_LEVELS; i++) {
		if (i < index->level_first[tree])
			continue;
		offset = (index->level[tree][i] + at * 64) & (XS_CHUNK_BYTES - 64);
		at = at * 8 + XS_NODE - 1 - XS_COUNT_ABOVE((const __u64 *)(*chunk + offset), upper);
		if (at >= index->level_cnt[tree][i]) /* the last node is padded with ones */
			at = index->level_cnt[tree][i] - 1;
		XS_FORGET(at, search->zero);
	}
	if (XS_PACKED(index)) {
		group = group_in_leaf(index, *chunk, index->group_first[tree] + at, upper);
	} else {
		offset = index->groups + (index->group_first[tree] + at) * 4;
		group.first = *XS_AT(*chunk, offset, __u32);
		group.next = *XS_AT(*chunk, offset + 4, __u32) & ~XS_GROUP_DEEP;
		group.deep = group.first & XS_GROUP_DEEP;
		group.first &= ~XS_GROUP_DEEP;
		group.upper_at = index->level[tree][XS_ADDR6_LEVELS - 1] + at * 8;
		group.class_at = 0;
	}
	interval = group.next - 1;
	if (XS_REMEMBERING) {
		XS_FORGET(interval, search->zero);
		XS_FORGET(group.deep, search->zero);
		XS_FORGET(group.first, search->zero);
		XS_FORGET(group.next, search->zero);
		XS_FORGET(group.upper_at, search->zero);
		XS_FORGET(group.class_at, search->zero);
	}
	if (group.deep && upper == *XS_AT(*chunk, group.upper_at, __u64)) {
		void *lowers = chunk_at(search, index->lower_chunk + block);

		if (lowers)
			interval = last_not_above(lowers, index->lower, group.first,
						  group.next - group.first, lower, search->zero);
		group.class_at = 0;
	}
	XS_FORGET(interval, search->zero);
	if (XS_REMEMBERING)
		XS_FORGET(group.class_at, search->zero);
	if (!group.class_at)
		group.class_at = index->of_interval + interval * 2;
	*class = *XS_AT(*chunk, group.class_at, __u16);
	return interval + before;
}

/* Returns the rank of an address. Removes from search->tables those that cannot match it. */
static __always_inline __u64 find_addr(struct xs_search *search, const struct xs_addr_index *index,
				       bool is_ipv6, __u64 upper, __u64 lower)
{
	__u32 class = 0;
	__u64 rank;
	void *chunk;

	if (!index->cut) {
		search->tables &= index->tables;
		return index->rank_first;
	}
	chunk = chunk_at(search, index->chunk);
	if (!chunk)
		return index->rank_first;
	if (is_ipv6)
		rank = find_addr6(search, index, &chunk, upper, lower, &class);
	else
		rank = find_addr4(search, index, &chunk, upper, &class);
	search->tables &= *XS_AT(chunk, index->classes + class * 8, __u64);
	XS_FORGET(search->tables, search->zero);
	rank += index->rank_first;
	XS_FORGET(rank, search->zero);
	return rank;
}

static __always_inline void find_addrs(struct xs_search *search, const struct xs_set_header *set,
				       const struct xs_packet *pkt)
{
	__u64 src, dst;

	if (pkt->family == XS_FAMILY_ipv4) {
		src = find_addr(search, &set->addr[0][XS_FAMILY_ipv4], false,
				pkt->key[XS_KEY_addr0] >> 32, 0);
		dst = find_addr(search, &set->addr[1][XS_FAMILY_ipv4], false,
				(__u32)pkt->key[XS_KEY_addr0], 0);
	} else if (pkt->family == XS_FAMILY_ipv6) {
		src = find_addr(search, &set->addr[0][XS_FAMILY_ipv6], true, pkt->key[XS_KEY_addr0],
				pkt->key[XS_KEY_addr1]);
		dst = find_addr(search, &set->addr[1][XS_FAMILY_ipv6], true, pkt->key[XS_KEY_addr2],
				pkt->key[XS_KEY_addr3]);
	} else {
		src = set->addr[0][XS_FAMILY_none].rank_first;
		dst = set->addr[1][XS_FAMILY_none].rank_first;
		search->tables &= set->addr[0][XS_FAMILY_none].tables;
	}
	XS_FORGET(src, pkt->zero);
	XS_FORGET(dst, pkt->zero);
	XS_FORGET(search->tables, pkt->zero);
	search->ranks = src | dst << 32;
}

static __always_inline __u32 key_field(const struct xs_packet *pkt, int word, int shift, int bits)
{
	return pkt->key[word] >> shift & ((1ULL << bits) - 1);
}

#define XS_KEY_FIELD(pkt, name) \
	key_field(pkt, XS_KEY_##name##_word, XS_KEY_##name##_shift, XS_KEY_##name##_bits)

static __always_inline __u64 port_tables(const struct xs_search *search,
					 const struct xs_set_header *set, int side, __u32 port)
{
	__u8 class = *XS_AT(search->first, set->ports[side] + port, __u8);

	return *XS_AT(search->first, set->port_classes[side] + class * 8, __u64);
}

/* Sets search->tables to the tables that may hold a match. */
static __always_inline void find_tables(struct xs_search *search, const struct xs_set_header *set,
					const struct xs_packet *pkt)
{
	find_addrs(search, set, pkt);
	if (set->flags & XS_SET_PROTO)
		search->tables &= *XS_AT(
			search->first, set->proto_classes + XS_KEY_FIELD(pkt, l4proto) * 8, __u64);
	if (set->flags & XS_SET_DPORT)
		search->tables &= port_tables(search, set, 1, XS_KEY_FIELD(pkt, dport));
	if (set->flags & XS_SET_SPORT)
		search->tables &= port_tables(search, set, 0, XS_KEY_FIELD(pkt, sport));
}

/*
 * Asks the dynamic sets, if a table is left with a rule that does. Returns a bit for each that
 * holds the source, and above 32 bits for each that holds the destination.
 */
static __always_inline __u64 find_members(const struct xs_search *search,
					  const struct xs_set_header *set,
					  const struct xs_packet *pkt)
{
	__u32 lists = set->members + offsetof(struct xs_set_members, asked), bits = 32;
	__u64 src, dst, src_lower = fresh_zero(pkt->zero), dst_lower = fresh_zero(pkt->zero);

	if (!(*XS_AT(search->first, set->members, __u64) & search->tables) ||
	    pkt->family == XS_FAMILY_none)
		return 0;
	src = pkt->key[XS_KEY_addr0] >> 32 << 32;
	dst = pkt->key[XS_KEY_addr0] << 32;
	if (pkt->family == XS_FAMILY_ipv6) {
		src = pkt->key[XS_KEY_addr0];
		src_lower = pkt->key[XS_KEY_addr1];
		dst = pkt->key[XS_KEY_addr2];
		dst_lower = pkt->key[XS_KEY_addr3];
		lists += sizeof(struct xs_set_asked);
		bits = 128;
	}
	src = sets_with(search->first, lists, src, src_lower, bits);
	dst = sets_with(search->first, lists + 2 * sizeof(struct xs_set_asked), dst, dst_lower,
			bits);
	return src | dst << 32;
}

/*
 * The position of the walk over tables, chains and conditions. It starts from values
 * that the verifier does not know, and each step computes the next ones from what it
 * loads. Knowledge that the verifier had on one path and not on another would double
 * its work in every iteration of the loop.
 */
struct xs_walk {
	__u64 packet_a, packet_b; /* the frame as the words that entries compare */
	__u64 best; /* rule << 16 | action: the lowest so far, or XS_BEST_NONE */
	__u64 held; /* likewise, of the entry whose conditions are being tested; 0: none */
	__u64 at; /* slot to look at; 0: take the next table */
	void *chunk; /* of that slot */
	__u64 tables; /* those still to be searched */
};

#define XS_BEST_NONE ((__u64)XS_RULES_MAX << 16)

static __always_inline __u64 atom_field(const __u64 *key, const struct xs_search *search,
					const struct xs_set_atom *atom)
{
	__u64 word = search->ranks;

	if (atom->word == XS_ATOM_l4)
		word = key[XS_KEY_l4];
	else if (atom->word == XS_ATOM_ether_s)
		word = key[XS_KEY_ether_s];
	else if (atom->word == XS_ATOM_ether_d)
		word = key[XS_KEY_ether_d];
	else if (atom->word == XS_ATOM_misc)
		word = key[XS_KEY_misc];
	else if (atom->word == XS_ATOM_addr1)
		word = key[XS_KEY_addr1];
	else if (XS_REMEMBERING && atom->word == XS_ATOM_inner)
		word = key[XS_KEY_inner];
	else if (XS_REMEMBERING && atom->word == XS_ATOM_tunnel)
		word = key[XS_KEY_tunnel];
	return word >> (atom->shift & 63) & ((1ULL << (atom->bits & 63)) - 1);
}

/* All ones if the atom matches; else 0. */
static __always_inline __u64 atom_mask(const __u64 *key, const struct xs_search *search,
				       const struct xs_set_atom *atom)
{
	const struct xs_set_header *set = search->first;
	__u64 field = atom_field(key, search, atom), offset;
	void *bits;

	if (atom->kind != XS_ATOM_BITS)
		return ~(less_mask(field, atom->lo) | less_mask(atom->hi, field)) ^
		       -(__u64)(atom->kind & XS_ATOM_OTHER);
	bits = chunk_at(search, set->bits_chunk);
	if (!bits)
		return 0;
	offset = atom->lo + (field >> 6) * 8;
	return -(*XS_AT(bits, offset, __u64) >> (field & 63) & 1);
}

/* One condition. Goes on to the next condition, takes the rule, or goes on to the next entry. */
static __always_inline void test_atom(struct xs_walk *walk, const struct xs_search *search,
				      const __u64 *key)
{
	const struct xs_set_atom *atom = XS_AT(walk->chunk, walk->at * 32, struct xs_set_atom);
	__u64 holds = atom_mask(key, search, atom);
	__u64 more = atom->more, take = holds & ((more - 1) >> 63) * ~0ULL;

	walk->best ^= (walk->best ^ walk->held) & take;
	walk->at = (more & holds) | (atom->next & ~holds);
	walk->held &= holds & ~take;
}

/* The first slot for the frame in a table. walk->chunk is NULL if its chunk is not there. */
static __always_inline __u64 table_slot(struct xs_walk *walk, const struct xs_search *search,
					const struct xs_set_table *table, const __u64 *key)
{
	__u64 hash = xs_hash(key, table);
	__u32 displacement;

	walk->chunk = chunk_at(search, table->chunk + (hash & table->chunk_mask));
	if (!walk->chunk)
		return 0;
	displacement = *XS_AT(walk->chunk,
			      table->displace + (hash >> (table->displace_shift & 63)) * 2, __u16);
	return table->slot_first + xs_hash_slot(hash, displacement, table->slot_cnt);
}

/* Goes to the next table's slot. False: no table is left that could hold a better rule. */
static __always_inline bool next_table(struct xs_walk *walk, const struct xs_search *search,
				       const __u64 *key)
{
	const struct xs_set_header *set = search->first;
	__u64 bit = walk->tables & -walk->tables;
	const struct xs_set_table *table;

	if (!bit)
		return false;
	walk->tables ^= bit;
	table = XS_AT(search->first, set->tables + XS_TABLE_OF_BIT(bit) * 128, struct xs_set_table);
	/* Tables are in the order of their best rule. */
	if (!less_mask((__u64)table->best << 16, walk->best))
		return false;
	walk->at = table_slot(walk, search, table, key);
	return walk->chunk;
}

/* All ones if the frame lies in the entry's box; else 0. */
static __always_inline __u64 box_mask(const struct xs_walk *walk, const struct xs_set_entry *entry)
{
	__u64 a = ((walk->packet_a | XS_A_GUARDS) - entry->low_a) &
		  (entry->high_a - walk->packet_a);
	__u64 b = ((walk->packet_b | XS_B_GUARDS) - entry->low_b) &
		  (entry->high_b - walk->packet_b);
	__u64 missing = (~a & XS_A_GUARDS) | (~b & XS_B_GUARDS);

	return (__s64)(missing - 1) >> 63;
}

/* One entry. Takes its rule, starts to test its conditions, or goes on to the next entry. */
static __always_inline void test_entry(struct xs_walk *walk)
{
	const struct xs_set_entry *entry = XS_AT(walk->chunk, walk->at * 32, struct xs_set_entry);
	__u64 low_b = entry->low_b, high_b = entry->high_b, holds = box_mask(walk, entry);
	__u64 rule = (low_b >> XS_B_RULE_SHIFT & XS_RULES_MAX) << 16 | low_b >> XS_B_ACTION_SHIFT |
		     entry->low_a >> XS_A_ACTION_SHIFT << 8 |
		     high_b >> XS_B_ACTION_UPPER_SHIFT << 13;
	__u64 better = less_mask(rule, walk->best), next;

	next = high_b >> XS_B_NEXT_SHIFT & XS_SLOT_MAX;
	if (high_b & XS_ENTRY_COND) {
		__u32 other = XS_AT(walk->chunk, next * 32, struct xs_set_atom)->next;

		holds &= better;
		walk->held = rule & holds;
		walk->at = ((next & holds) | (other & ~holds)) & better;
	} else {
		/*
		 * Chains are sorted: after a match, or after a better rule, no later
		 * entry can win.
		 */
		walk->at = next & better & ~holds;
		holds &= better;
		walk->best ^= (walk->best ^ rule) & holds;
	}
}

static __always_inline void walk_start(struct xs_walk *walk, const struct xs_search *search,
				       const struct xs_packet *pkt)
{
	/* Above a rank are the answers of dynamic sets, where there are any. */
	__u64 ranks = search->ranks;

	if (XS_REMEMBERING)
		ranks &= XS_RANK_MAX | XS_RANK_MAX << 32;

	walk->packet_a = XS_ENTRY_A((__u32)ranks, ranks >> 32, XS_KEY_FIELD(pkt, l4proto));
	walk->packet_b = XS_ENTRY_B(XS_KEY_FIELD(pkt, sport), XS_KEY_FIELD(pkt, dport));
	walk->best = XS_BEST_NONE;
	walk->held = 0;
	walk->at = 0;
	walk->chunk = search->first;
	walk->tables = search->tables;
	XS_FORGET(walk->best, pkt->zero);
	XS_FORGET(walk->held, pkt->zero);
	XS_FORGET(walk->at, pkt->zero);
	XS_FORGET(walk->tables, pkt->zero);
}

/* One entry, or one condition. False: no table is left that could hold a better rule. */
static __always_inline bool step(struct xs_walk *walk, const struct xs_search *search,
				 const __u64 *key)
{
	if (!walk->at && !next_table(walk, search, key))
		return false;
	if (walk->held)
		test_atom(walk, search, key);
	else
		test_entry(walk);
	return true;
}

#ifdef XS_BASIC
#define STEPS_IN_LINE XS_STEPS_MAX

static __always_inline void walk_on(struct xs_walk *walk, const struct xs_search *search,
				    const __u64 *key)
{
	(void)walk;
	(void)search;
	(void)key;
}
#else
#define STEPS_IN_LINE 8 /* few frames need more */

/*
 * What the other steps need. A copy where that is possible: what has its address passed on
 * would lie in memory, and not in registers, for the steps in line as well.
 */
struct xs_rest {
	struct xs_walk walk;
	void *set, *first;
	__u64 ranks;
	const __u64 *key;
};

static long rest_step(__u32 i, struct xs_rest *rest)
{
	const struct xs_search search = {
		.set = rest->set,
		.first = rest->first,
		.ranks = rest->ranks,
	};

	(void)i;
	/* The verifier does not believe that the loop ends with 1. */
	if (!rest->walk.chunk)
		return 1;
	return !step(&rest->walk, &search, rest->key);
}

/* The verifier walks a step once here. In line it would walk each of them. */
static __always_inline void walk_on(struct xs_walk *walk, const struct xs_search *search,
				    const __u64 *key)
{
	struct xs_rest rest = {
		.walk = *walk,
		.set = search->set,
		.first = search->first,
		.ranks = search->ranks,
		.key = key,
	};

	bpf_loop(XS_STEPS_MAX - STEPS_IN_LINE, rest_step, &rest, 0);
	walk->best = rest.walk.best;
}
#endif

/* Finds the lowest rule that matches. The compiler has proved that the steps suffice. */
static __always_inline void walk_tables(struct xs_walk *walk, const struct xs_search *search,
					const __u64 *key)
{
	for (int i = 0; i < STEPS_IN_LINE; i++)
		if (!step(walk, search, key))
			return;
	walk_on(walk, search, key);
}

/* The counters of this CPU for a rule. */
static __always_inline struct xs_rule_stats *rule_counter(const struct xs_set_header *set,
							  __u32 rule)
{
	__u32 slot = set->stats_slot;
	__u32 rows = XS_REMEMBERING ? xs_set_counters(set) : set->rule_cnt;
	__u32 at = bpf_get_smp_processor_id() * rows + rule;
	void *stats = bpf_map_lookup_elem(&rule_stats, &slot);

	return stats ? bpf_map_lookup_elem(stats, &at) : NULL;
}

#include "behind.h"

/*
 * The set in force. Reads it only once, so that a frame meets one set or the other.
 * NULL: there is none.
 */
static __always_inline const struct xs_set_header *open_set(struct xs_search *search)
{
	__u32 slot = XS_SET_IN_FORCE, chunk = 0;
	const struct xs_set_header *set;

	search->set = bpf_map_lookup_elem(&rule_sets, &slot);
	if (!search->set)
		return NULL;
	search->first = bpf_map_lookup_elem(search->set, &chunk);
	set = search->first;
	if (!set || !set->deadline_ns || bpf_ktime_get_ns() < set->deadline_ns)
		return set;
	slot = XS_SET_FALLBACK;
	search->set = bpf_map_lookup_elem(&rule_sets, &slot);
	if (!search->set)
		return NULL;
	search->first = bpf_map_lookup_elem(search->set, &chunk);
	return search->first;
}

static __always_inline __u64 ask_ct_state(struct xdp_md *ctx, const struct xs_packet *pkt)
{
	struct ends ends = {
		.addr = { pkt->key[0], pkt->key[1], pkt->key[2], pkt->key[3] },
		.l4 = pkt->key[XS_KEY_l4],
		.is_ipv6 = pkt->family == XS_FAMILY_ipv6,
	};

	for (int i = 0; i < 4; i++)
		XS_FORGET(ends.addr[i], pkt->zero);
	XS_FORGET(ends.l4, pkt->zero);
	XS_FORGET(ends.is_ipv6, pkt->zero);
	return ct_state(ctx, &ends);
}

/*
 * The words of the key that few rules ask for; 0 if none of this set does. The kernel is asked
 * for a connection only if one of `tables` has a rule that asks for its state.
 */
static __always_inline void fill_inner(struct xdp_md *ctx, const struct xs_set_header *set,
				       __u64 tables, struct xs_packet *pkt)
{
	__u64 inner = fresh_zero(pkt->zero), tunnel = fresh_zero(pkt->zero);
	__u64 state = fresh_zero(pkt->zero);

	if (set->flags & XS_SET_INNER) {
		inner = inner_word(ctx, pkt->where, pkt->key[XS_KEY_ether_s]);
		tunnel =
			tunnel_word(ctx, pkt->where, pkt->key[XS_KEY_ether_s], pkt->key[XS_KEY_l4]);
	}
	XS_FORGET(inner, pkt->zero);
	XS_FORGET(tunnel, pkt->zero);
	/* One test, since each is two cases for the verifier. */
	tables &= set->ct_tables & -(__u64) !!(set->flags & XS_SET_CT);
	XS_FORGET(tables, pkt->zero);
	if (tables)
		state = ask_ct_state(ctx, pkt);
	XS_FORGET(state, pkt->zero);
	tunnel |= XS_KEY(ct_state, state);
	pkt->key[XS_KEY_inner] = inner;
	pkt->key[XS_KEY_tunnel] = tunnel;
}

/*
 * Fills the result with the action of the first rule that matches, or of the default,
 * or, if parse_packet() gave a reason, of `malformed`. Returns why no rule decided, or
 * none.
 */
static __always_inline enum xs_reason find_rule(struct xdp_md *ctx, struct xs_packet *pkt,
						enum xs_reason reason,
						struct xs_match_result *match)
{
	struct xs_search search = { .tables = ~0ULL, .zero = pkt->zero };
	const struct xs_set_header *set = open_set(&search);
	struct xs_walk walk;
	__u64 members;

	match->rule = XS_RULE_NONE;
	match->refused = XS_REASON_none;
	match->rule_stats = NULL;
#ifdef XS_TRACE
	match->generation = set ? set->generation : 0;
#endif
	if (reason != XS_REASON_none) {
		match->action = (struct xs_action){ .verdict = XS_VERDICT_pass };
		if (set)
			match->action = set->malformed_action;
		return reason;
	}
	match->action = (struct xs_action){ .verdict = XS_VERDICT_xsk,
					    .otherwise = XS_VERDICT_pass,
					    .own_slot = 1 };
	if (!set)
		return XS_REASON_default;
	match->action = set->default_action;
	if (!set->rule_cnt)
		return XS_REASON_default;

	find_tables(&search, set, pkt);
	if (XS_REMEMBERING) {
		members = fresh_zero(pkt->zero);
		if (set->flags & XS_SET_MEMBERS)
			members = find_members(&search, set, pkt);
		XS_FORGET(members, pkt->zero);
		search.ranks |= members << XS_RANK_BITS;
		fill_inner(ctx, set, search.tables, pkt);
	}
	walk_start(&walk, &search, pkt);
	walk_tables(&walk, &search, pkt->key);
	if (walk.best == XS_BEST_NONE)
		return XS_REASON_default;
	match->rule = walk.best >> 16;
	match->action =
		*XS_AT(search.first, set->actions + (walk.best & 0xffff) * 8, struct xs_action);
	if (XS_REMEMBERING && has_behind(&match->action))
		apply_behind(set, pkt, match);
	match->rule_stats = rule_counter(set, match->rule);
	return XS_REASON_none;
}

#endif
