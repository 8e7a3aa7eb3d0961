// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Random dynamic sets, as text and as what the text means; see random_parts.h. */
#include "random_parts.h"

#include <stdlib.h>

#define ELEMENTS_MAX 12

static void make_element(struct random_set *set, struct rng *rng, struct xs_dynamic_set *made,
			 struct random_text *t)
{
	enum xs_field field = made->family == XS_FAMILY_ipv4 ? XS_FIELD_ip_saddr
							     : XS_FIELD_ip6_saddr;
	struct xs_set_element *element = &made->elements[made->element_cnt++];
	__u32 bits = random_fields[field].bits;
	xs_u128 value = random_draw(set, rng, field), hosts = random_field_max(field);

	element->prefixlen = rng_chance(rng, 50) ? bits : rng_below(rng, bits + 1);
	hosts = element->prefixlen ? hosts & (((xs_u128)1 << (bits - element->prefixlen)) - 1)
				   : hosts;
	if (element->prefixlen == bits)
		hosts = 0;
	element->addr = value & ~hosts;
	random_say_value(t, rng, field, value);
	if (element->prefixlen < bits)
		random_say(t, "/%u", element->prefixlen);
	if (rng_chance(rng, 20))
		random_say(t, " timeout 1h");
}

static void make_set(struct random_set *set, struct rng *rng, struct random_text *t)
{
	struct xs_ruleset *rules = &set->rules;
	struct xs_dynamic_set *made = &rules->sets[rules->set_cnt];
	bool ip6 = rng_chance(rng, 40);
	__u32 cnt = rng_below(rng, ELEMENTS_MAX);

	made->family = ip6 ? XS_FAMILY_ipv6 : XS_FAMILY_ipv4;
	made->elements = calloc(ELEMENTS_MAX, sizeof(*made->elements));
	if (!made->elements)
		abort();
	random_say(t, "set s%u { type %s; ", rules->set_cnt, ip6 ? "ip6" : "ip");
	if (rng_chance(rng, 20))
		random_say(t, "timeout 10m; ");
	random_say(t, "elements { ");
	for (__u32 i = 0; i < cnt; i++) {
		random_say(t, i ? ", " : "");
		make_element(set, rng, made, t);
	}
	random_say(t, " } }\n");
	rules->set_cnt++;
}

void random_sets_make(struct random_set *set, struct rng *rng)
{
	__u32 cnt = 1 + rng_below(rng, rng_chance(rng, 80) ? 3 : XS_MEMBER_SETS_OF_FAMILY);
	struct random_text t = { .len = 0 };

	set->rules.sets = calloc(cnt, sizeof(*set->rules.sets));
	if (!set->rules.sets)
		abort();
	for (__u32 i = 0; i < cnt; i++)
		make_set(set, rng, &t);
	set->sets = t.buf;
}

bool random_member_match_make(struct random_set *set, struct rng *rng, struct xs_match *match,
			      enum xs_field field, struct random_text *t)
{
	__u32 i = rng_below(rng, set->rules.set_cnt);
	bool of_ip6 = field == XS_FIELD_ip6_saddr || field == XS_FIELD_ip6_daddr;
	bool of_ip4 = field == XS_FIELD_ip_saddr || field == XS_FIELD_ip_daddr;

	if (set->rules.sets[i].family == XS_FAMILY_ipv4 ? !of_ip4 : !of_ip6)
		return false;
	match->set = (__u8)(i + 1);
	match->negate = rng_chance(rng, 30);
	random_say(t, "%s@s%u ", match->negate ? "!= " : "", i);
	return true;
}
