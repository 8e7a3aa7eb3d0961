/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The bytes of a compiled rule set: written by user/lib/rules/compile/compile.c,
 * searched by bpf/match.h, read back by `xsteer-rules show`. A set is one inner map of
 * rule_sets: an array of chunks, contiguous when mapped. Chunk 0 starts with struct
 * xs_set_header.
 *
 * A search has these steps. The value of each field of the frame has a class, which
 * gives 64 bits: one for each table that may hold a match. All of these are ANDed. For
 * each bit that is left, in the order of the best rule: hash of the key under the
 * table's mask -> slot -> entry -> chain.
 *
 * "Offset" is in bytes from the start of the chunk named beside it. What the data path
 * reads never crosses a chunk. "Position" is in bytes from the start of the set, and
 * may cross chunks: only the tools read it.
 */
#ifndef XSTEER_RULE_SET_H
#define XSTEER_RULE_SET_H

#include "xsteer.h"
#include "limit.h"
#include "packet_key.h"

#define XS_SET_MAGIC 0x7465732e7378ULL /* "xs.set" as bytes in memory */
#define XS_SET_LAYOUT 9 /* incremented with any change in this file, or new fields in the key */
/*
 * A set has the lowest layout that says what its rules ask for, so that programs from before
 * the rest search it: layout 3 brought fields of the key, layout 5 addresses in blocks and more
 * actions than 13 bits number, layout 6 limits and dynamic sets, layout 7 the words `inner` and
 * `tunnel` of the key, and sets of CPUs. What layout 8 brought says nothing new: a set for a program from before is
 * compiled without (struct xs_rule_target). Layout 9 brought the state of connections, which not
 * every kernel tells: where it does not, the program searches sets up to layout 8.
 */
#define XS_SET_LAYOUT_BEFORE_FIELDS 2
#define XS_SET_LAYOUT_BEFORE_SIZES 3
#define XS_SET_LAYOUT_SIZES 5
#define XS_SET_LAYOUT_BEFORE_LIMITS 5
#define XS_SET_LAYOUT_LIMITS 6
#define XS_SET_LAYOUT_INNER 7
#define XS_SET_LAYOUT_SPREAD 7
#define XS_SET_LAYOUT_PACKED 8
#define XS_SET_LAYOUT_BEFORE_CT 8
#define XS_SET_LAYOUT_CT 9
/* Never released: limits and dynamic sets without what layout 5 brought. */
#define XS_SET_LAYOUT_LIMITS_ALONE 4
/*
 * Since this layout nothing that the data path reads has moved, so each program since
 * then can search each set since then. In layout 1 the tools had other numbers before
 * compile_ns.
 */
#define XS_SET_LAYOUT_OLDEST 1
#define XS_SET_COMPILE_NS_AT_1 1192 /* where compile_ns is in layout 1 */

/*
 * The largest array value before Linux 6.0. It is a power of two because offsets are
 * masked with it.
 */
#define XS_CHUNK_BYTES (4U << 20)
#define XS_CHUNK_BITS 22

/* Slots of rule_sets. */
#define XS_SET_IN_FORCE 0
#define XS_SET_FALLBACK 1 /* in force once the other one's deadline is past */
#define XS_SET_SLOTS 2
#define XS_SET_CONFIRMED (~0ULL) /* a deadline that never comes */
/* Slots of rule_stats. header.stats_slot says which one. */
#define XS_STATS_SLOTS 4

#define XS_TABLES_MAX 64
/*
 * Most entries, conditions and search steps for one frame. It bounds the data path's
 * loop, so the compiler must prove it. A larger bound would only help rule sets that no
 * longer have a flat cost. `make torture` builds with a smaller one, since nearly all
 * of its time is the verifier's.
 */
#ifndef XS_STEPS_MAX
#define XS_STEPS_MAX 256
#endif
#define XS_RULES_MAX ((1U << 20) - 1) /* as many as an entry's bits can number */
#define XS_RULE_NONE 0xffffffffU

/* 64 bits in which any six neighbours differ: lowest bit -> 0..63 by one multiplication. */
#define XS_DE_BRUIJN 0x03f79d71b4cb0a89ULL
#define XS_TABLE_OF_BIT(bit) (((bit)*XS_DE_BRUIJN) >> 58)

#define XS_NODE 8 /* keys compared at once */
#define XS_ADDR6_LEVELS 6
#define XS_ADDR6_MAX (1U << 3 * XS_ADDR6_LEVELS) /* most distinct upper halves of a tree */
#define XS_GROUP_DEEP 0x80000000U

/*
 * An address field cut into intervals, numbered upwards from rank_first. Ranks of both
 * families and of "no IP" share one number space, so a rank also tells the family.
 * Offsets are in `chunk`.
 *
 * IPv4: the leading bits of the address select a cell. It holds the number of the
 * interval that it starts in, how many more start in it, and the class of the first.
 * IPv6: a tree over the distinct upper halves of the starts leads to a group, which is
 * the intervals that start within one upper half. There is one tree for each value of
 * the highest bit, so that differences keep their sign.
 *
 * Packed, since layout 8, without blocks: neighbouring groups lie in leaves, which are one cache
 * line each with all that is asked of them, unless a lower half decides. In a large set each line
 * comes from memory, and lines that name one another come one after the other.
 */
struct xs_addr_index {
	__u64 tables; /* of every rank, if there is only one interval */
	__u32 rank_first; /* of this family */
	__u32 cut; /* enum xs_cut */
	__u32 chunk;
	__u32 classes; /* __u64[]: class -> tables */
	__u32 of_interval; /* __u16[]: interval -> class */
	__u32 shift; /* IPv4: address >> this is the number of the cell */
	__u32 cells; /* IPv4: __u64[], XS_CELL */
	__u32 starts; /* IPv4: __u32[], padded with XS_NODE ones */
	union {
		/* IPv6: __u32[cnt + 1]: first interval; XS_GROUP_DEEP: there are more */
		__u32 groups;
		__u32 leaves; /* packed: struct xs_addr6_leaf[] */
	};
	__u32 group_first[2]; /* IPv6: number of the first group, or leaf, of each tree */
	/*
	 * IPv6: for each tree and level, from the top, __u64[] nodes: the first upper
	 * half of each child. Packed: the lowest ones' children are leaves.
	 */
	__u32 level_first[2]; /* levels before it are not used */
	__u32 level[2][XS_ADDR6_LEVELS];
	__u32 level_cnt[2][XS_ADDR6_LEVELS]; /* keys */
	__u32 lower_chunk;
	__u32 lower; /* IPv6: __u64[]: interval -> lower half of its start */
	/*
	 * Since layout 5: the intervals lie in blocks, in chunks from `chunk` on. Offset in
	 * chunk 0 of struct xs_cell_blocks, or struct xs_tree_block_list; 0: there are none.
	 */
	__u32 blocks;
};

enum xs_cut {
	XS_CUT_NONE, /* there is only one interval */
	XS_CUT,
	XS_CUT_PACKED,
};

/*
 * Groups of an IPv6 index. Places behind the last one have the highest upper half that a tree may
 * have.
 */
#define XS_LEAF6 5 /* as many as a cache line holds */
struct xs_addr6_leaf {
	__u64 upper[XS_LEAF6];
	__u32 first; /* interval of its first group */
	__u16 end[XS_LEAF6]; /* that behind the group's last, from `first` on; XS_LEAF6_DEEP */
	__u16 class[XS_LEAF6]; /* of the group's last interval */
};

#define XS_LEAF6_DEEP 0x8000U /* as XS_GROUP_DEEP */
#define XS_LEAF6_END 0x7fffU

/*
 * First interval, how many start within, block, class. A cell has less than 2^17 starts: there
 * are at least half as many cells, or 2^16 of 2^16 addresses each.
 */
#define XS_CELL(first, cnt, block, class) \
	((__u64)(first) | (__u64)(cnt) << XS_CELL_CNT_SHIFT | \
	 (__u64)(block) << XS_CELL_BLOCK_SHIFT | (__u64)(class) << XS_CELL_CLASS_SHIFT)
#define XS_CELL_MASK 0xffffffU
#define XS_CELL_CNT_SHIFT 24
#define XS_CELL_CNT_MASK 0x1ffffU
#define XS_CELL_BLOCK_SHIFT 41
#define XS_CELL_BLOCK_MASK 0x7fU
#define XS_CELL_BLOCKS (XS_CELL_BLOCK_MASK + 1)
#define XS_CELL_CLASS_SHIFT 48
#define XS_CELLS_MAX (1U << 16) /* with more, their cache misses would cost more than they save */
#define XS_CELLS_MIN (1U << 8)

/*
 * Blocks hold the intervals that a chunk has no room for, in the order of their addresses. Each
 * has the same offsets in its chunk. Within it, intervals are counted from the one before the
 * block's first, which a search may fall back to.
 *
 * IPv4: all intervals that start in a cell are in the block that it names.
 */
struct xs_cell_blocks {
	__u32 first[XS_CELL_BLOCKS]; /* number of its interval 0; not used for block 0 */
};

/* IPv6: a block has one tree, and all intervals of its upper halves. */
struct xs_tree_block_list {
	__u64 upper[2][XS_NODE]; /* first upper half of each block; padded with the highest */
	__u64 where[2][XS_NODE]; /* XS_BLOCK; padded with that of the last block */
};

/* What is added to `chunk` and `lower_chunk`, and the number of its interval 0. */
#define XS_BLOCK(number, first) ((__u64)(number) | (__u64)(first) << 8)
#define XS_BLOCK_NUMBER 0xffU
#define XS_BLOCK_FIRST_SHIFT 8

/* Which class lookups the rules need. */
#define XS_SET_SPORT 1U
#define XS_SET_DPORT 2U
#define XS_SET_PROTO 4U
/* Dynamic sets are declared, and `members` says which; since layout 6. */
#define XS_SET_MEMBERS 8U
/* The set has limits: `limits` and `limit_cnt` are there, and counters behind those of the rules. */
#define XS_SET_LIMITED 16U
/* Rules ask for a field of the key's words `inner` and `tunnel`; since layout 7. */
#define XS_SET_INNER 32U
/* Actions name sets of CPUs: `spreads` and `spread_cnt` are there; since layout 7. */
#define XS_SET_SPREAD 64U
/* Rules ask for the state of a connection: `ct_tables` is there; since layout 9. */
#define XS_SET_CT 128U

struct xs_set_header {
	__u64 magic;
	__u32 layout;
	__u32 chunk_cnt;
	__u64 generation;
	/*
	 * CLOCK_MONOTONIC. If it is past and not 0, XS_SET_FALLBACK is in force. When
	 * the set is confirmed it becomes XS_SET_CONFIRMED and not 0: a frame may read
	 * it twice, and the second comparison would take 0 for a time long past.
	 */
	__u64 deadline_ns;
	__u32 stats_slot; /* in rule_stats */
	__u32 rule_cnt;
	struct xs_action default_action;
	struct xs_action malformed_action;
	__u32 flags; /* XS_SET_* */
	__u32 tables; /* offset in chunk 0 of struct xs_set_table[64], by XS_TABLE_OF_BIT */
	struct xs_addr_index addr[2][XS_FAMILY_MAX]; /* source, destination */
	__u32 ports[2]; /* offset in chunk 0 of __u8[65537] -> class */
	__u32 port_classes[2]; /* offset in chunk 0 of __u64[256] */
	__u32 proto_classes; /* offset in chunk 0 of __u64[256], by protocol */
	__u32 actions; /* offset in chunk 0 of struct xs_action[] by entry's action; [0] is unused */
	__u32 bits_chunk; /* the chunk with the sets of conditions */
	__u32 bits; /* their offset in it */
	/* Only for the tools. */
	__u64 bytes; /* of the whole set */
	__u64 rules; /* position of struct xs_set_rule[rule_cnt] */
	__u64 text; /* position of the strings */
	__u64 text_bytes; /* strings end with '\0'; the first is "", then the files' names */
	__u32 file_cnt;
	__u32 default_text; /* in the strings; 0: the file does not say */
	__u32 malformed_text; /* likewise */
	char default_ifname[16];
	__u32 members; /* offset in chunk 0 of struct xs_set_members, if XS_SET_MEMBERS */
	__u64 compile_ns; /* how long compiling took */
	/* Since layout 6, if XS_SET_LIMITED. */
	__u32 limits; /* offset in chunk 0 of struct xs_set_limit[limit_cnt + 1] */
	__u32 limit_cnt;
	/* Since layout 7, if XS_SET_SPREAD. */
	__u32 spreads; /* offset in chunk 0 of struct xs_set_spread[spread_cnt] */
	__u32 spread_cnt;
	/* Since layout 9, if XS_SET_CT. */
	__u64 ct_tables; /* those with a rule that asks: other frames need no answer */
};

/* What of a frame chooses a member; `flow`: addresses, protocol and ports. */
enum xs_spread_by {
	XS_SPREAD_flow,
	XS_SPREAD_ip_saddr,
	XS_SPREAD_ip_daddr,
	XS_SPREAD_ip6_saddr,
	XS_SPREAD_ip6_daddr,
};

/* A set of CPUs; 512 bytes, since a set may have 256 of them, and 2 MB are enough. */
#define XS_SPREAD_MEMBERS 248
#define XS_SPREADS_MAX 256
struct xs_set_spread {
	__u32 src, dst, l4; /* all ones, or 0: what of these chooses */
	__u16 families; /* 1 << enum xs_family of frames that have it; others go to member[0] */
	__u16 cnt; /* at least 1 */
	__u16 member[XS_SPREAD_MEMBERS]; /* ascending */
};

/* Rows that one CPU's counters of a set have. */
static inline __attribute__((always_inline)) __u32 xs_set_counters(const struct xs_set_header *set)
{
	__u32 limits = set->flags & XS_SET_LIMITED ? set->limit_cnt : 0;

	return set->rule_cnt + limits * XS_LIMIT_COUNTERS;
}

/* The row of a limit's counter, among those of one CPU. `limit` as in xs_action. */
static inline __attribute__((always_inline)) __u32 xs_set_limit_counter(
	const struct xs_set_header *set, __u32 limit, enum xs_limit_counter counter)
{
	return set->rule_cnt + (limit - 1) * XS_LIMIT_COUNTERS + counter;
}

/*
 * The dynamic sets that rules ask for an address of one family: slot | number << 16. A set's
 * number is its place among those of its family, in the order of their declarations.
 */
struct xs_set_asked {
	__u32 cnt;
	__u32 each[XS_MEMBER_SETS_OF_FAMILY];
};

/* Where the answer of a set is in the word XS_ATOM_ranks; side 0: source, 1: destination. */
#define XS_MEMBER_SHIFT(side, number) ((side)*32 + XS_RANK_BITS + (number))

/* One dynamic set as declared. Only for the tools, except that `asked` has its slot, too. */
struct xs_declared_set {
	char name[XS_MEMBER_NAME_MAX];
	__u32 slot; /* in member_sets */
	__u32 family; /* enum xs_family */
	__u32 size; /* members, at most */
	__u32 pad;
	__u64 timeout_ns; /* of a member that is added without one; 0: it stays */
	__u64 pad2;
};

struct xs_set_members {
	__u64 tables; /* those with a rule that asks a set: other frames need no answer */
	struct xs_set_asked asked[2][2]; /* source, destination; IPv4, IPv6 */
	__u32 set_cnt;
	__u32 pad;
	struct xs_declared_set set[XS_MEMBER_SETS_MAX];
};

/* What the tools need about a rule. `text` and `comment` are in the strings. */
struct xs_set_rule {
	struct xs_action action;
	__u32 line;
	__u32 file; /* number of the file */
	__u32 text;
	__u32 comment; /* 0: none */
	char ifname[16];
};

/* Words of the key that a table hashes besides addr[0] and l4. */
#define XS_TABLE_ADDR6 1U
#define XS_TABLE_RARE 2U
#define XS_TABLE_INNER 4U /* since layout 7, with XS_TABLE_RARE: those that few rules ask for */

/* Words of the key before layout 7. */
#define XS_TABLE_WORDS XS_KEY_inner

/* 128 bytes, so that a shift turns an index into an offset. */
struct xs_set_table {
	__u64 mask[XS_TABLE_WORDS];
	__u64 seed;
	__u32 best; /* its lowest rule */
	__u32 words; /* XS_TABLE_* */
	__u32 chunk; /* plus the hash's low bits under chunk_mask */
	__u32 chunk_mask;
	__u32 displace; /* offset of __u16[] */
	__u32 displace_shift; /* hash >> this: its index */
	__u32 slot_first;
	__u32 slot_cnt;
	__u64 inner_mask[XS_KEY_WORDS - XS_TABLE_WORDS];
	__u64 pad;
};

/*
 * A box of the key, with its rule. A chain is sorted by rule. Each compared field has
 * one more bit above it, the guard, so that one subtraction compares all fields of a
 * word: the guard stays set where there was no borrow.
 */
struct xs_set_entry {
	__u64 low_a;
	__u64 high_a; /* guards set */
	__u64 low_b; /* above the fields: rule, action */
	__u64 high_b; /* guards set; above the fields: next or the atom, XS_ENTRY_COND */
};

/* Word a: ranks and protocol. */
#define XS_A_SRC_SHIFT 0
#define XS_A_DST_SHIFT 25
#define XS_A_PROTO_SHIFT 50
#define XS_A_ACTION_SHIFT 59 /* low: 5 bits of the action, from bit 8 on */
#define XS_RANK_BITS 24
#define XS_RANK_MAX 0xffffffULL
#define XS_A_GUARDS (1ULL << 24 | 1ULL << 49 | 1ULL << 58)
/* Word b: ports with XS_KEY_NO_PORT. */
#define XS_B_SPORT_SHIFT 0
#define XS_B_DPORT_SHIFT 18
#define XS_B_GUARDS (1ULL << 17 | 1ULL << 35)
#define XS_B_RULE_SHIFT 36 /* low: 20 bits */
#define XS_B_ACTION_SHIFT 56 /* low: lower 8 bits of the action */
#define XS_B_NEXT_SHIFT 36 /* high: 24 bits, a slot of the same chunk; 0: the last */
#define XS_SLOT_MAX 0xffffffU
#define XS_ENTRY_COND (1ULL << 60)
#define XS_B_ACTION_UPPER_SHIFT 61 /* high: upper 3 bits of the action; since layout 5 */
#define XS_ACTIONS_MAX (1U << 16)
#define XS_ACTIONS_BEFORE_SIZES (1U << 13) /* up to this number, older programs find them */

#define XS_ENTRY_A(src, dst, proto) \
	((__u64)(src) << XS_A_SRC_SHIFT | (__u64)(dst) << XS_A_DST_SHIFT | \
	 (__u64)(proto) << XS_A_PROTO_SHIFT)
#define XS_ENTRY_B(sport, dport) \
	((__u64)(sport) << XS_B_SPORT_SHIFT | (__u64)(dport) << XS_B_DPORT_SHIFT)

/* The value that an atom tests. */
enum xs_atom_word {
	XS_ATOM_l4,
	XS_ATOM_ether_s,
	XS_ATOM_ether_d,
	XS_ATOM_misc,
	/*
	 * source rank | destination rank << 32; since layout 6 with XS_MEMBER_SHIFT of each
	 * dynamic set that holds the address
	 */
	XS_ATOM_ranks,
	XS_ATOM_addr1, /* since layout 3 */
	XS_ATOM_inner, /* this one and the next: since layout 7 */
	XS_ATOM_tunnel,
};

enum xs_atom_kind {
	XS_ATOM_RANGE, /* lo <= value <= hi */
	XS_ATOM_OTHER, /* the opposite */
	XS_ATOM_BITS, /* bit `value` of the __u64[] at offset lo of bits_chunk */
};

/*
 * One condition that an entry cannot hold: a slot beside the chain. The entry's `next`
 * names the first condition. Each says where to go on if it matches and if it does not.
 */
struct xs_set_atom {
	__u8 word;
	__u8 shift;
	__u8 bits;
	__u8 kind;
	__u32 more; /* slot of the next condition; 0: all matched, so the rule does */
	__u64 lo, hi;
	__u32 next; /* slot of the entry after this one; 0: none */
	__u32 pad;
};

/* Mixing constants of the hash: odd numbers without structure. */
#define XS_HASH_A0 0x9e3779b97f4a7c15ULL
#define XS_HASH_A1 0xbf58476d1ce4e5b9ULL
#define XS_HASH_A2 0x94d049bb133111ebULL
#define XS_HASH_A3 0xd6e8feb86659fd93ULL
#define XS_HASH_A4 0xff51afd7ed558ccdULL
#define XS_HASH_A5 0xc4ceb9fe1a85ec53ULL
#define XS_HASH_A6 0xa0761d6478bd642fULL
#define XS_HASH_A7 0xe7037ed1a0b428dbULL
#define XS_HASH_A8 0x8cb92ba72f3d8dd7ULL
#define XS_HASH_A9 0x9fb21c651e98df25ULL
#define XS_HASH_B 0x8ebc6af09c88c6e3ULL

static inline __attribute__((always_inline)) __u64 xs_hash_word(__u64 word, __u64 factor)
{
	word *= factor;
	return (word ^ word >> 32) * (factor ^ XS_HASH_B << 1);
}

/* Words that the table does not mask in add nothing that differs between frames. */
static inline __attribute__((always_inline)) __u64 xs_hash(const __u64 *key,
							   const struct xs_set_table *table)
{
	__u64 h = xs_hash_word((key[0] & table->mask[0]) ^ table->seed, XS_HASH_A0);

	h += xs_hash_word(key[4] & table->mask[4], XS_HASH_A4);
	if (table->words & XS_TABLE_ADDR6) {
		h += xs_hash_word(key[1] & table->mask[1], XS_HASH_A1);
		h += xs_hash_word(key[2] & table->mask[2], XS_HASH_A2);
		h += xs_hash_word(key[3] & table->mask[3], XS_HASH_A3);
	}
	if (table->words & XS_TABLE_RARE) {
		h += xs_hash_word(key[5] & table->mask[5], XS_HASH_A5);
		h += xs_hash_word(key[6] & table->mask[6], XS_HASH_A6);
		h += xs_hash_word(key[7] & table->mask[7], XS_HASH_A7);
#ifndef XS_BASIC
		/* Behind the other test, so that other tables are not asked. */
		if (table->words & XS_TABLE_INNER) {
			h += xs_hash_word(key[8] & table->inner_mask[0], XS_HASH_A8);
			h += xs_hash_word(key[9] & table->inner_mask[1], XS_HASH_A9);
		}
#endif
	}
	return h ^ h >> 32;
}

/* The slot of a hash after its displacement. Every displacement gives a different one. */
static inline __attribute__((always_inline)) __u32 xs_hash_slot(__u64 hash, __u32 displacement,
								__u32 slot_cnt)
{
	return ((hash * (2 * (__u64)displacement + 1)) >> 32) * slot_cnt >> 32;
}

XS_ASSERT_SIZE(xs_addr_index, 168);
XS_ASSERT_SIZE(xs_addr6_leaf, 64);
XS_ASSERT_SIZE(xs_cell_blocks, 512);
XS_ASSERT_SIZE(xs_tree_block_list, 256);
XS_ASSERT_SIZE(xs_set_header, 1200);
XS_ASSERT_SIZE(xs_set_spread, 512);
XS_ASSERT_SIZE(xs_set_table, 128);
XS_ASSERT_SIZE(xs_set_entry, 32);
XS_ASSERT_SIZE(xs_set_atom, 32);
XS_ASSERT_SIZE(xs_set_rule, 40);
XS_ASSERT_SIZE(xs_declared_set, 64);
XS_ASSERT_SIZE(xs_set_members, 1184);
_Static_assert(XS_MEMBER_SHIFT(0, XS_MEMBER_SETS_OF_FAMILY) == 32,
	       "bits above a rank are a set each");

#endif
