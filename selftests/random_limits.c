// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random limits behind a verdict, as text and as what the text means; see random_parts.h. The
 * rates are so low that no bucket gets anything back during a test.
 */
#include "random_parts.h"

#include "lib/rules/model/field.h"
#include "maps/limit.h"

#define DAY_NS 86400000000000ULL
#define BYTES_PER_WEEK 200 /* a byte must come back within an hour or so */
#define BURST_PACKETS 6 /* so small that no CPU takes more than it needs */
#define BURST_BYTES 1200

static __u8 families_of(const struct xs_rule *rule)
{
	__u8 families = XS_FAMILIES_ALL;

	for (__u32 i = 0; i < rule->match_cnt; i++)
		families &= xs_fields[rule->matches[i].field].header->families;
	return families;
}

static void make_rate(struct rng *rng, struct xs_limit *limit, struct random_text *t)
{
	bool week = rng_chance(rng, 50);

	limit->by_bytes = rng_chance(rng, 40);
	if (limit->by_bytes) {
		limit->rate = BYTES_PER_WEEK;
		limit->per_ns = 7 * DAY_NS;
		limit->burst = 1 + rng_below(rng, BURST_BYTES);
		random_say(t, " limit %u bytes/week burst %llu bytes", BYTES_PER_WEEK,
			   limit->burst);
		return;
	}
	limit->rate = 1 + rng_below(rng, 3);
	limit->per_ns = week ? 7 * DAY_NS : DAY_NS;
	limit->burst = 1 + rng_below(rng, BURST_PACKETS);
	random_say(t, " limit %llu/%s burst %llu%s", limit->rate, week ? "week" : "day",
		   limit->burst, rng_chance(rng, 20) ? " packets" : "");
}

static void make_address_key(struct rng *rng, struct xs_limit *limit, bool is_ipv6,
			     struct random_text *t)
{
	bool daddr = rng_chance(rng, 50);
	__u32 bits = is_ipv6 ? 128 : 32;

	if (is_ipv6)
		limit->per = daddr ? XS_LIMIT_PER_ip6_daddr : XS_LIMIT_PER_ip6_saddr;
	else
		limit->per = daddr ? XS_LIMIT_PER_ip_daddr : XS_LIMIT_PER_ip_saddr;
	limit->prefix = (__u8)(rng_chance(rng, 50) ? bits : 1 + rng_below(rng, bits));
	random_say(t, " per %s %s", is_ipv6 ? "ip6" : "ip", daddr ? "daddr" : "saddr");
	if (limit->prefix < bits || rng_chance(rng, 20))
		random_say(t, "/%u", limit->prefix);
}

static void make_key(struct rng *rng, const struct xs_rule *rule, struct xs_limit *limit,
		     struct random_text *t)
{
	bool is_ipv6 = rng_chance(rng, 50);
	__u8 family = XS_FAMILY_BIT(is_ipv6 ? XS_FAMILY_ipv6 : XS_FAMILY_ipv4);

	if (families_of(rule) & family && rng_chance(rng, 70)) {
		make_address_key(rng, limit, is_ipv6, t);
	} else {
		limit->per = XS_LIMIT_PER_flow;
		random_say(t, " per flow");
	}
	limit->size = 100 + rng_below(rng, 100); /* more than there are frames */
	random_say(t, " size %u", limit->size);
}

void random_limit_make(struct random_set *set, struct rng *rng, struct xs_rule *rule,
		       struct random_text *t)
{
	struct xs_limit *limit = &rule->limit;
	__u8 verdict = rule->action.verdict;
	bool passes = verdict == XS_VERDICT_drop ||
		      (verdict != XS_VERDICT_pass && rng_chance(rng, 50));

	if (set->limit_cnt == XS_LIMITS_MAX)
		return;
	set->limit_cnt++;
	make_rate(rng, limit, t);
	if (rng_chance(rng, 60))
		make_key(rng, rule, limit, t);
	limit->otherwise = passes ? XS_VERDICT_pass : XS_VERDICT_drop;
	if (passes || rng_chance(rng, 50))
		random_say(t, " else %s", passes ? "pass" : "drop");
}
