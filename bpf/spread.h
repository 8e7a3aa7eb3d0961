/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which member of a set of CPUs gets a frame. What chooses it has no seed and no state, so it
 * is the same after an apply; and both directions of a flow are one sum.
 */
#ifndef XSTEER_SPREAD_H
#define XSTEER_SPREAD_H

/* The number of an address. */
static __always_inline __u64 mix_addr(__u64 upper, __u64 lower)
{
	return xs_hash_word(upper ^ xs_hash_word(lower, XS_HASH_A1), XS_HASH_A2) >> 32;
}

/*
 * Protocol and ports. Of a packet in fragments only the first has ports: then none. What has no
 * ports at all counts as the same, so that its fragments go where whole packets go.
 */
static __always_inline __u64 mix_l4(__u64 l4)
{
	__u64 whole = -(((l4 >> XS_KEY_fragment_shift & 3) - 1) >> 63);
	__u64 sport = l4 >> XS_KEY_sport_shift & 0xffff & whole;
	__u64 dport = l4 >> XS_KEY_dport_shift & 0xffff & whole;

	l4 = xs_hash_word(sport, XS_HASH_A4) + xs_hash_word(dport, XS_HASH_A4) +
	     (l4 >> XS_KEY_l4proto_shift & 0xff) * XS_HASH_A5;
	return l4 >> 32;
}

/* What of the frame chooses, as 64 bits of which each is as good; 0: the frame lacks it. */
static __always_inline __u64 mix(const struct behind *frame, const struct xs_set_spread *spread)
{
	const __u64 *addr = frame->key.addr;
	__u64 is_ipv6 = -(frame->family >> 1 & 1), hash;

	hash = mix_addr(pick(addr[0] >> 32, addr[0], is_ipv6), addr[1] & is_ipv6) & spread->src;
	hash += mix_addr(pick((__u32)addr[0], addr[2], is_ipv6), addr[3] & is_ipv6) & spread->dst;
	hash += mix_l4(frame->key.l4) & spread->l4;
	return xs_hash_word(hash, XS_HASH_A3) & -(spread->families >> (frame->family & 3) & 1ULL);
}

/* The frame's member of set `number`; the lowest one if the frame lacks what chooses. */
static __always_inline __u32 member_of(const struct xs_set_header *set, struct behind *frame,
				       __u32 number)
{
	__u64 offset = set->spreads + (__u64)number * sizeof(struct xs_set_spread), place;
	const struct xs_set_spread *spread = XS_AT((void *)set, offset, struct xs_set_spread);

	/*
	 * Half of it, through memory: so the verifier does not know where it comes from. Of what
	 * an offset comes from it would tell all values apart, as far back as it is parsed.
	 */
	frame->mixed.word = mix(frame, spread);
	__asm__ volatile("" : : : "memory");
	place = (__u64)frame->mixed.half[1] * spread->cnt >> 32;
	offset += offsetof(struct xs_set_spread, member) + place * sizeof(spread->member[0]);
	return *XS_AT((void *)set, offset, __u16);
}

#endif
