// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Writes the bytes that a rule asks of one kind of frames; see frame.h. */
#include <string.h>

#include <netinet/in.h>
#include <linux/if_ether.h>

#include "frame.h"
#include "kind.h"
#include "tuples.h"

#define L4_BYTES 20 /* a TCP header, the longest we write */
#define EXTENSION_BYTES 8
#define OPTIONS_BYTES 40 /* of IPv4, at most */
#define PARTS_TRIED \
	16 /* parts of a rule with != before a concatenation that a frame is drawn from */
#define ORDINARY_BYTES 98 /* length of a frame if the rule does not restrict it */

struct draw {
	struct xs_meaning meaning;
	enum xs_kind kind;
	__u64 state;
};

/* SplitMix64: a sequence that looks random and can be repeated. */
static __u64 next_random(struct draw *draw)
{
	__u64 z = draw->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A value that the rule accepts, or `otherwise` if the rule does not restrict it. */
static xs_u128 pick_value(struct draw *draw, enum xs_dim dim, xs_u128 otherwise)
{
	struct xs_ranges set = draw->meaning.dim[dim];
	const struct xs_range *range;
	xs_u128 value, span;

	if (!set.cnt)
		return otherwise;
	range = &set.range[next_random(draw) % set.cnt];
	value = (xs_u128)next_random(draw) << 64 | next_random(draw);
	span = range->hi - range->lo + 1;
	return span ? range->lo + value % span : value;
}

static unsigned char *put_number(unsigned char *at, xs_u128 value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		at[i] = (unsigned char)value;
		value >>= 8;
	}
	return at + bytes;
}

/* What follows UDP's header, or a GRE header with a key. */
static void put_tunnel(struct draw *draw, unsigned char *at, __u32 proto, __u32 dport)
{
	xs_u128 id = pick_value(draw, XS_DIM_tunnel_id, 0);

	if (proto == IPPROTO_GRE) {
		put_number(at, 0x2000, 2);
		put_number(at + 4, id, 4);
	} else if (dport == XS_PORT_VXLAN) {
		at[8] = 0x08;
		put_number(at + 12, id, 3);
	} else if (dport == XS_PORT_GENEVE) {
		put_number(at + 12, id, 3);
	}
}

static void put_l4(struct draw *draw, unsigned char *at, __u32 proto)
{
	__u32 dport;

	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		at[0] = (unsigned char)pick_value(draw, XS_DIM_l4_type,
						  proto == IPPROTO_ICMP ? 8 : 128);
		at[1] = (unsigned char)pick_value(draw, XS_DIM_l4_code, 0);
		return;
	}
	put_number(at, pick_value(draw, XS_DIM_sport, 1024 + next_random(draw) % 64512), 2);
	dport = (__u32)pick_value(draw, XS_DIM_dport, 1024 + next_random(draw) % 64512);
	put_number(at + 2, dport, 2);
	if (draw->meaning.dim[XS_DIM_tunnel_id].range)
		put_tunnel(draw, at, proto, dport);
	if (proto == IPPROTO_TCP) {
		at[12] = 5 << 4;
		at[13] = (unsigned char)pick_value(draw, XS_DIM_l4_type, 0x10);
	}
}

static __u32 pick_proto(struct draw *draw)
{
	const struct xs_range udp = { IPPROTO_UDP, IPPROTO_UDP };

	/* The set contains everything that the kind allows. An ordinary frame is UDP. */
	if (xs_ranges_within((struct xs_ranges){ &udp, 1 }, draw->meaning.dim[XS_DIM_l4proto]))
		return IPPROTO_UDP;
	return (__u32)pick_value(draw, XS_DIM_l4proto, IPPROTO_UDP);
}

/* IPv4's flags and fragment offset. */
static __u32 fragment_bits(__u32 fragment)
{
	return fragment == XS_FRAGMENT_first ? 0x2000 : fragment == XS_FRAGMENT_later;
}

static __u32 clamp(xs_u128 value, __u32 lowest, __u32 highest)
{
	return value < lowest ? lowest : value > highest ? highest : (__u32)value;
}

static void put_ipv4(struct draw *draw, unsigned char *at, const unsigned char *end, __u32 proto)
{
	__u32 fragment = (__u32)draw->meaning.dim[XS_DIM_fragment].range[0].lo;
	__u32 words = clamp(pick_value(draw, XS_DIM_ip_hdrlength, 5), 5, 15);
	__u32 bytes = (__u32)(end - at);
	const xs_u128 net = 0x0a000000;

	at[0] = (unsigned char)(0x40 | words);
	at[1] = (unsigned char)(pick_value(draw, XS_DIM_dscp, 0) << 2 |
				pick_value(draw, XS_DIM_ecn, 0));
	put_number(at + 2, clamp(pick_value(draw, XS_DIM_ip_length, bytes), words * 4, bytes), 2);
	put_number(at + 4, pick_value(draw, XS_DIM_ip_id, 0), 2);
	put_number(at + 6, pick_value(draw, XS_DIM_ip_frag_off, fragment_bits(fragment)), 2);
	at[8] = (unsigned char)pick_value(draw, XS_DIM_ttl, 64);
	at[9] = (unsigned char)proto;
	put_number(at + 12, pick_value(draw, XS_DIM_saddr, net | (next_random(draw) & 0xffffff)),
		   4);
	put_number(at + 16, pick_value(draw, XS_DIM_daddr, net | (next_random(draw) & 0xffffff)),
		   4);
	put_l4(draw, at + words * 4, proto);
}

/* Writes the header that nexthdr names, and also a fragment header if one is needed. */
static unsigned char *put_extensions(unsigned char *at, __u32 nexthdr, __u32 fragment, __u32 proto)
{
	if (fragment != XS_FRAGMENT_none && nexthdr != IPPROTO_FRAGMENT) {
		at[0] = IPPROTO_FRAGMENT;
		at += EXTENSION_BYTES;
	}
	at[0] = (unsigned char)proto;
	if (fragment != XS_FRAGMENT_none) /* offset in units of 8 bytes, two bits, "more" */
		put_number(at + 2, fragment == XS_FRAGMENT_first ? 1 : 8, 2);
	return at + EXTENSION_BYTES;
}

static void put_ipv6(struct draw *draw, unsigned char *at, const unsigned char *end, __u32 proto)
{
	__u32 fragment = (__u32)draw->meaning.dim[XS_DIM_fragment].range[0].lo, nexthdr = proto;
	__u32 traffic_class = (__u32)pick_value(draw, XS_DIM_dscp, 0) << 2 |
			      (__u32)pick_value(draw, XS_DIM_ecn, 0);
	const xs_u128 net = (xs_u128)0x20010db8 << 96;

	if (draw->kind != XS_KIND_ip6_direct)
		nexthdr = (__u32)pick_value(draw, XS_DIM_nexthdr,
					    fragment ? IPPROTO_FRAGMENT : IPPROTO_HOPOPTS);
	put_number(at, 6U << 28 | traffic_class << 20 | pick_value(draw, XS_DIM_flowlabel, 0), 4);
	put_number(at + 4, end - at - 40, 2);
	at[6] = (unsigned char)nexthdr;
	at[7] = (unsigned char)pick_value(draw, XS_DIM_ttl, 64);
	put_number(at + 8, pick_value(draw, XS_DIM_saddr, net | next_random(draw)), 16);
	put_number(at + 24, pick_value(draw, XS_DIM_daddr, net | next_random(draw)), 16);
	at += 40;
	if (draw->kind != XS_KIND_ip6_direct)
		at = put_extensions(at, nexthdr, fragment, proto);
	put_l4(draw, at, proto);
}

static void put_arp(struct draw *draw, unsigned char *at)
{
	put_number(at, pick_value(draw, XS_DIM_dport, 1), 2);
	put_number(at + 2, ETH_P_IP, 2);
	at[4] = (unsigned char)pick_value(draw, XS_DIM_l4_type, ETH_ALEN);
	at[5] = (unsigned char)pick_value(draw, XS_DIM_l4_code, 4);
	put_number(at + 6, pick_value(draw, XS_DIM_sport, 1), 2);
	put_number(at + 14, pick_value(draw, XS_DIM_arp_saddr, 0x0a000001), 4);
	put_number(at + 24, pick_value(draw, XS_DIM_arp_daddr, 0x0a000002), 4);
}

static unsigned char *put_ethernet(struct draw *draw, unsigned char *at)
{
	struct xs_meaning *meaning = &draw->meaning;

	at = put_number(at, pick_value(draw, XS_DIM_ether_daddr, 0x020000000001ULL), ETH_ALEN);
	at = put_number(at, pick_value(draw, XS_DIM_ether_saddr, 0x020000000002ULL), ETH_ALEN);
	if (meaning->tag_bytes) {
		at = put_number(at, ETH_P_8021Q, 2);
		at = put_number(at,
				pick_value(draw, XS_DIM_vlan_pcp, 0) << 13 |
					pick_value(draw, XS_DIM_vlan_dei, 0) << 12 |
					pick_value(draw, XS_DIM_vlan_id, 1),
				2);
	}
	if (meaning->tag_bytes > 4) {
		at = put_number(at, ETH_P_8021Q, 2);
		at = put_number(at,
				pick_value(draw, XS_DIM_vlan_inner_pcp, 0) << 13 |
					pick_value(draw, XS_DIM_vlan_inner_id, 1),
				2);
	}
	return put_number(at, pick_value(draw, XS_DIM_ether_type, ETH_P_IP), 2);
}

/* The parts of a rule that some kind of frames can match, of which one is drawn. */
struct choice {
	struct draw *draw;
	struct xs_arena *arena;
	__u32 met;
};

enum { ENOUGH = 2 }; /* what no errno and no XS_TUPLES_OVERLAP is */

/* Chooses the first kind that can match the part. */
static int try_part(void *arg, struct xs_meaning *part)
{
	struct choice *choice = arg;

	for (int kind = 0; kind < XS_KIND_MAX; kind++) {
		struct xs_meaning meaning = *part;
		int unmet = xs_kind_meet(choice->arena, &meaning, (enum xs_kind)kind);

		if (unmet < 0)
			return unmet;
		if (unmet > XS_MET)
			continue;
		if (++choice->met == 1 || !(next_random(choice->draw) % choice->met)) {
			choice->draw->meaning = meaning;
			choice->draw->kind = (enum xs_kind)kind;
		}
		return choice->met == PARTS_TRIED ? ENOUGH : 0;
	}
	return 0;
}

/* Chooses a part and a kind that can match the rule, and sides that leave it ports. */
static int choose_kind(struct xs_arena *arena, struct draw *draw, const struct xs_rule *rule)
{
	struct choice choice = { .draw = draw, .arena = arena };
	struct xs_meaning asked, one;
	__u32 first = (__u32)next_random(draw);
	int err = xs_meaning_find(arena, &asked, rule);

	for (__u32 i = 0; i < 1U << asked.either_cnt && err == 0 && !choice.met; i++) {
		one = asked;
		err = xs_meaning_choose(arena, &one, (first + i) & ((1U << asked.either_cnt) - 1));
		if (err == 0 && !one.never)
			err = xs_tuples_cut(arena, rule, &one, try_part, &choice);
		err = err < 0 ? err : 0;
	}
	if (choice.met || err)
		return err;
	/* a contradiction: make any IPv4 frame */
	draw->meaning = (struct xs_meaning)XS_MEANING_ANY;
	draw->kind = XS_KIND_ip4;
	return xs_kind_meet(arena, &draw->meaning, draw->kind);
}

/* The frame's length: the one that the rule wants, if the headers fit. */
static size_t frame_bytes(struct draw *draw)
{
	struct xs_ranges length = draw->meaning.dim[XS_DIM_length];
	__u32 headers = xs_kind_bytes(draw->kind) + draw->meaning.tag_bytes;
	const struct xs_range ordinary = { ORDINARY_BYTES, ORDINARY_BYTES };
	xs_u128 wanted = ORDINARY_BYTES;

	if (draw->kind != XS_KIND_other)
		headers += L4_BYTES;
	if (draw->meaning.dim[XS_DIM_ip_hdrlength].range)
		headers += OPTIONS_BYTES;
	if (draw->kind == XS_KIND_ip6_walked || draw->kind == XS_KIND_ip6_later)
		headers += 2 * EXTENSION_BYTES;
	if (!xs_ranges_within((struct xs_ranges){ &ordinary, 1 }, length))
		wanted = length.range[0].lo;
	if (wanted < headers)
		wanted = headers;
	return wanted > XS_RULE_FRAME_BYTES ? XS_RULE_FRAME_BYTES : (size_t)wanted;
}

size_t xs_rule_frame(const struct xs_rule *rule, __u64 seed,
		     unsigned char frame[XS_RULE_FRAME_BYTES])
{
	struct draw draw = { .state = seed };
	struct xs_arena arena = {};
	unsigned char *at;
	size_t bytes = 0;

	if (choose_kind(&arena, &draw, rule))
		goto out;
	memset(frame, 0, XS_RULE_FRAME_BYTES);
	bytes = frame_bytes(&draw);
	at = put_ethernet(&draw, frame);
	if (draw.kind == XS_KIND_ip4)
		put_ipv4(&draw, at, frame + bytes, pick_proto(&draw));
	else if (draw.kind == XS_KIND_other)
		put_arp(&draw, at);
	else
		put_ipv6(&draw, at, frame + bytes, pick_proto(&draw));
out:
	xs_arena_free(&arena);
	return bytes;
}
