// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random rules from a pool of nested networks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rulegen.h"

const char *const rulegen_names[RULEGEN_MAX] = { "acl", "fw", "ipc" };

enum { TCP = 6, UDP = 17 };
#define MATCHES_MAX 5

struct generator {
	struct rng rng;
	enum rulegen_kind kind;
	bool ipv6;
	__u32 nets; /* networks that the rules name */
};

static xs_u128 low_bits(__u32 cnt)
{
	return cnt >= 128 ? ~(xs_u128)0 : ((xs_u128)1 << cnt) - 1;
}

/* Address number n of the pool: few large networks, many small ones in each. */
static xs_u128 pool_addr(const struct generator *g, __u32 n)
{
	struct rng of_net = { .state = n / 16 % (g->nets / 16 + 1) };
	struct rng of_addr = { .state = n + 0x5eedULL };
	__u64 net = rng_next(&of_net), addr = rng_next(&of_addr);

	if (g->ipv6) /* as many networks and parts as in IPv4, 32 bits further down */
		return (xs_u128)(0x2001000000000000ULL | (net & 0x3f) << 24 << 8 |
				 (net >> 8 & 0x3ff) << 14 | (addr & 0x3fff))
			       << 64 |
		       (addr >> 16 & 0xffff);
	return (net & 0x3f) << 24 | (net >> 8 & 0x3ff) << 14 | (addr & 0x3fff);
}

/* A prefix of `bits` bits around a pool address; NULL: none. */
static struct xs_range *add_prefix(struct xs_match *match, enum xs_field field, xs_u128 addr,
				   __u32 bits, __u32 width)
{
	xs_u128 host = low_bits(width - bits);
	struct xs_range *range = malloc(sizeof(*range));

	*match = (struct xs_match){ .field = field, .range_cnt = 1, .ranges = range };
	if (range)
		*range = (struct xs_range){ addr & ~host, addr | host };
	return range;
}

static struct xs_range *add_range(struct xs_match *match, enum xs_field field, __u32 lo, __u32 hi)
{
	struct xs_range *range = malloc(sizeof(*range));

	*match = (struct xs_match){ .field = field, .range_cnt = 1, .ranges = range };
	if (range)
		*range = (struct xs_range){ lo, hi };
	return range;
}

/*
 * Prefix length of one side; 0: any address. Networks have one length and their parts
 * another, so that prefixes are nested as deeply as in reality, about three levels.
 */
static __u32 prefix_bits(struct generator *g, bool source, __u32 n)
{
	static const __u8 any_percent[RULEGEN_MAX][2] = { { 10, 25 }, { 15, 30 }, { 3, 5 } };
	static const __u8 host_percent[RULEGEN_MAX][2] = { { 55, 25 }, { 35, 30 }, { 45, 40 } };
	struct rng of_net = { .state = n / 16 % (g->nets / 16 + 1) + 1 };
	struct rng of_part = { .state = n / 4 + 0x9a97ULL };

	if (rng_chance(&g->rng, any_percent[g->kind][source]))
		return 0;
	if (rng_chance(&g->rng, host_percent[g->kind][source]))
		return !g->ipv6 ? 32 : rng_chance(&of_part, 50) ? 128 : 64;
	if (rng_chance(&g->rng, 65))
		return (g->ipv6 ? 56 : 24) + rng_below(&of_part, 6);
	return (g->ipv6 ? 46 : 14) + rng_below(&of_net, 9);
}

static __u32 service(struct generator *g)
{
	static const __u16 known[] = { 80,  443,  22,	53,   25,   21,	  23,	110,  143,  123,
				       161, 389,  445,	636,  993,  1433, 1521, 3306, 3389, 5060,
				       179, 8080, 8443, 6379, 5432, 514,  873,	2049, 5900, 9200 };

	if (rng_chance(&g->rng, 80))
		return known[rng_below(&g->rng, 1 + rng_below(&g->rng, 30))];
	return 1024 + rng_below(&g->rng, 400) * 61;
}

static bool add_port(struct generator *g, struct xs_match *match, enum xs_field field,
		     __u32 range_percent)
{
	__u32 lo;

	if (!rng_chance(&g->rng, range_percent)) {
		lo = service(g);
		return add_range(match, field, lo, lo);
	}
	if (rng_chance(&g->rng, 50))
		return add_range(match, field, 1024, 65535);
	lo = 1024 + rng_below(&g->rng, 200) * 250;
	return add_range(match, field, lo, lo + rng_below(&g->rng, 4) * 100 + 9);
}

/* Whether a rule names a port of this side. */
static bool says_port(struct generator *g, bool source)
{
	static const __u8 percent[RULEGEN_MAX][2] = { { 75, 2 }, { 70, 20 }, { 60, 35 } };

	return rng_chance(&g->rng, percent[g->kind][source]);
}

static int add_matches(struct generator *g, struct xs_rule *rule)
{
	struct xs_match *match = calloc(MATCHES_MAX, sizeof(*match));
	__u32 width = g->ipv6 ? 128 : 32;
	bool tcp = rng_chance(&g->rng, 75), ported = false;

	if (!match)
		return -ENOMEM;
	rule->matches = match;
	for (int source = 1; source >= 0; source--) {
		enum xs_field v4 = source ? XS_FIELD_ip_saddr : XS_FIELD_ip_daddr;
		enum xs_field v6 = source ? XS_FIELD_ip6_saddr : XS_FIELD_ip6_daddr;
		__u32 n = rng_below(&g->rng, g->nets * 16), bits = prefix_bits(g, source, n);
		xs_u128 addr = pool_addr(g, n);

		/* in reality, a rule without addresses stands last, once or twice */
		if (!source && !rule->match_cnt && !bits && !rng_chance(&g->rng, 1))
			bits = g->ipv6 ? 64 : 32;
		if (bits &&
		    !add_prefix(&match[rule->match_cnt++], g->ipv6 ? v6 : v4, addr, bits, width))
			return -ENOMEM;
	}
	for (int source = 1; source >= 0; source--) {
		enum xs_field of_tcp = source ? XS_FIELD_tcp_sport : XS_FIELD_tcp_dport;
		enum xs_field of_udp = source ? XS_FIELD_udp_sport : XS_FIELD_udp_dport;

		if (!says_port(g, source))
			continue;
		ported = true;
		if (!add_port(g, &match[rule->match_cnt++], tcp ? of_tcp : of_udp,
			      g->kind == RULEGEN_fw ? 30 : 12))
			return -ENOMEM;
	}
	if (!ported && rng_chance(&g->rng, 80))
		match[rule->match_cnt++] =
			(struct xs_match){ .field = tcp ? XS_FIELD_tcp : XS_FIELD_udp };
	return 0;
}

int rulegen_make(struct xs_ruleset *out, enum rulegen_kind kind, bool ipv6, __u32 cnt, __u64 seed)
{
	struct generator g = {
		.rng = { .state = seed }, .kind = kind, .ipv6 = ipv6, .nets = cnt + 16
	};
	int err = 0;

	*out = (struct xs_ruleset){
		.rules = calloc(cnt + 1, sizeof(*out->rules)),
		.default_action = { .verdict = XS_VERDICT_pass },
		.malformed_action = { .verdict = XS_VERDICT_pass },
	};
	if (!out->rules)
		return -ENOMEM;
	for (; out->rule_cnt < cnt && !err; out->rule_cnt++) {
		struct xs_rule *rule = &out->rules[out->rule_cnt];

		rule->line = out->rule_cnt + 1;
		rule->action.verdict = rng_chance(&g.rng, 50) ? XS_VERDICT_drop : XS_VERDICT_pass;
		/* a rule that hides all later ones is left out, unless it is the last */
		do {
			for (__u32 i = 0; i < rule->match_cnt; i++)
				free(rule->matches[i].ranges);
			free(rule->matches);
			rule->match_cnt = 0;
			err = add_matches(&g, rule);
		} while (!err && rule->match_cnt < 2 && out->rule_cnt + 1 < cnt);
	}
	if (err)
		rulegen_free(out);
	return err;
}

void rulegen_free(struct xs_ruleset *rules)
{
	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		for (__u32 k = 0; k < rules->rules[i].match_cnt; k++)
			free(rules->rules[i].matches[k].ranges);
		free(rules->rules[i].matches);
	}
	free(rules->rules);
	*rules = (struct xs_ruleset){ 0 };
}

static xs_u128 within(struct rng *rng, const struct xs_range *range)
{
	xs_u128 size = range->hi - range->lo + 1;
	xs_u128 any = (xs_u128)rng_next(rng) << 64 | rng_next(rng);

	return range->lo + (size ? any % size : any);
}

void rulegen_pick(const struct xs_ruleset *rules, bool ipv6, struct rng *rng,
		  struct rulegen_header *header)
{
	const struct xs_rule *rule = &rules->rules[rng_below(rng, rules->rule_cnt)];
	xs_u128 mask = ipv6 ? ~(xs_u128)0 : 0xffffffffU;

	*header = (struct rulegen_header){
		.saddr = ((xs_u128)rng_next(rng) << 64 | rng_next(rng)) & mask,
		.daddr = ((xs_u128)rng_next(rng) << 64 | rng_next(rng)) & mask,
		.sport = rng_next(rng),
		.dport = rng_next(rng),
		.proto = rng_chance(rng, 75) ? TCP : UDP,
	};
	if (rng_chance(rng, 10))
		return;
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		enum xs_field field = match->field;
		xs_u128 value = match->range_cnt ? within(rng, match->ranges) : 0;

		if (field == XS_FIELD_ip_saddr || field == XS_FIELD_ip6_saddr)
			header->saddr = value;
		else if (field == XS_FIELD_ip_daddr || field == XS_FIELD_ip6_daddr)
			header->daddr = value;
		else if (field == XS_FIELD_tcp_sport || field == XS_FIELD_udp_sport)
			header->sport = value;
		else if (field == XS_FIELD_tcp_dport || field == XS_FIELD_udp_dport)
			header->dport = value;
		header->proto = field == XS_FIELD_tcp || field == XS_FIELD_tcp_sport ||
						field == XS_FIELD_tcp_dport
					? TCP
				: match->range_cnt == 0 || field == XS_FIELD_udp_sport ||
						field == XS_FIELD_udp_dport
					? UDP
					: header->proto;
	}
}
