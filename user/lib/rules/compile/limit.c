// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Limits as the data path reads them: a number for each rule that has one, costs, masks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "steps.h"

#define SHIFT_MAX 30 /* a billionth of a nanosecond: no rate is so high that it needs more */
/* A product of cost and units must fit into 64 bits: of packets few are taken at a time. */
#define COST_MAX_PACKETS (1ULL << 57)
#define COST_MAX_BYTES XS_LIMIT_UNIT_NS_MAX
/*
 * A CPU takes at most so much in advance: what others miss meanwhile, and what it may have
 * kept for later, stays a small part of the burst and of what the rate gives in a moment.
 */
#define LEASE_PACKETS_MAX 64U /* as many as a driver hands over at once */
#define LEASE_BYTES_MAX 65536U
#define LEASES_IN_BURST 16
#define LEASE_NS 500000

static __u32 lease_of(const struct xs_limit *limit)
{
	__u64 lease = (__u64)((xs_u128)limit->rate * LEASE_NS / limit->per_ns);
	__u64 most = limit->by_bytes ? LEASE_BYTES_MAX : LEASE_PACKETS_MAX;

	if (most > limit->burst / LEASES_IN_BURST)
		most = limit->burst / LEASES_IN_BURST;
	if (lease > most)
		lease = most;
	return lease ? (__u32)lease : 1;
}

static void write_cost(const struct xs_limit *limit, struct xs_set_limit *to)
{
	__u64 max = limit->by_bytes ? COST_MAX_BYTES : COST_MAX_PACKETS;

	to->shift = SHIFT_MAX;
	while (to->shift && ((xs_u128)limit->per_ns << to->shift) / limit->rate >= max)
		to->shift--;
	to->cost = (__u64)(((xs_u128)limit->per_ns << to->shift) / limit->rate);
	to->burst_ns = (__u64)((xs_u128)limit->burst * limit->per_ns / limit->rate);
	to->lease = lease_of(limit);
	if (to->lease > 1)
		to->lease_ns = (__u64)((xs_u128)to->lease * limit->per_ns / limit->rate);
}

/* The leading bits of an address, in two words from `word` on. */
static void mask_ipv6(struct xs_limit_key *mask, int word, __u8 prefix)
{
	mask->addr[word] = prefix >= 64 ? ~0ULL : ~(~0ULL >> prefix);
	mask->addr[word + 1] = prefix == 128 ? ~0ULL : prefix > 64 ? ~(~0ULL >> (prefix - 64)) : 0;
}

static void write_masks(const struct xs_limit *limit, struct xs_limit_key *ipv4,
			struct xs_limit_key *ipv6)
{
	const __u32 leading = limit->prefix ? ~0U << (32 - (limit->prefix & 31)) % 32 : 0;
	const __u64 l4 = XS_KEY(sport, (1ULL << XS_KEY_sport_bits) - 1) |
			 XS_KEY(dport, (1ULL << XS_KEY_dport_bits) - 1) | XS_KEY(l4proto, 0xff);

	switch ((enum xs_limit_per)limit->per) {
	case XS_LIMIT_PER_RULE:
		return;
	case XS_LIMIT_PER_ip_saddr:
		*ipv4 = (struct xs_limit_key){ { (__u64)leading << 32 }, XS_LIMIT_FAMILY };
		return;
	case XS_LIMIT_PER_ip_daddr:
		*ipv4 = (struct xs_limit_key){ { leading }, XS_LIMIT_FAMILY };
		return;
	case XS_LIMIT_PER_ip6_saddr:
	case XS_LIMIT_PER_ip6_daddr:
		mask_ipv6(ipv6, limit->per == XS_LIMIT_PER_ip6_saddr ? 0 : 2, limit->prefix);
		ipv6->l4 = XS_LIMIT_FAMILY;
		return;
	case XS_LIMIT_PER_flow:
		*ipv4 = (struct xs_limit_key){ { ~0ULL }, l4 | XS_LIMIT_FAMILY };
		*ipv6 = (struct xs_limit_key){ { ~0ULL, ~0ULL, ~0ULL, ~0ULL },
					       l4 | XS_LIMIT_FAMILY };
		return;
	}
}

static void write_limit(const struct xs_limit *limit, struct xs_set_limit *to)
{
	write_cost(limit, to);
	to->otherwise = limit->otherwise;
	to->by_bytes = limit->by_bytes;
	to->by_key = limit->per != XS_LIMIT_PER_RULE;
	to->size = limit->size;
	write_masks(limit, &to->mask[0], &to->mask[1]);
}

static __u32 count_limits(const struct xs_ruleset *rules, __u32 *beyond)
{
	__u32 cnt = 0;

	*beyond = XS_RULE_NONE;
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		if (rules->rules[i].limit.rate && ++cnt == XS_LIMITS_MAX + 1)
			*beyond = i;
	return cnt;
}

int xs_limits_number(struct xs_compiler *c)
{
	__u32 beyond, cnt = count_limits(c->rules, &beyond);
	__u32 offset;
	int err;

	c->limit_cnt = cnt;
	if (!cnt)
		return 0;
	if (beyond != XS_RULE_NONE)
		return xs_refuse(
			c->report, c->rules, beyond,
			"more than %u rules have a limit; one rule with `per` has a bucket "
			"for each address or flow",
			XS_LIMITS_MAX);
	err = xs_chunks_place_first(&c->chunks, (cnt + 1) * sizeof(struct xs_set_limit),
				    sizeof(struct xs_set_limit), &offset);
	if (err)
		return err;
	xs_header(c)->limits = offset;
	xs_header(c)->limit_cnt = cnt;
	xs_header(c)->flags |= XS_SET_LIMITED;
	cnt = 0;
	for (__u32 i = 0; i < c->rules->rule_cnt; i++)
		if (c->rules->rules[i].limit.rate)
			write_limit(&c->rules->rules[i].limit,
				    (struct xs_set_limit *)xs_chunks_at(&c->chunks, 0, offset) +
					    ++cnt);
	return 0;
}
