// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random rule sets, as text and as what the text means. Like random_values.c and
 * random_matches.c, it knows the language from docs/rules.md, and nothing of parser or
 * compiler.
 */
#include "random_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCHES_MAX 6
#define SPREAD_FROM 100 /* rules; smaller sets are wild or crowded */
#define CROWDED_MAX 10 /* rules of a crowded set: each is many entries */

static void make_else(struct rng *rng, struct xs_action *action, struct random_text *t)
{
	__u32 i = rng_below(rng, 3);

	if (i == 1)
		action->otherwise = XS_VERDICT_drop;
	if (i)
		random_say(t, " else %s", i == 1 ? "drop" : "pass");
}

/* cpu { ... } by ...: of a set's spreads the first or the next. */
static void make_spread(struct random_set *set, struct rng *rng, struct xs_action *action,
			struct random_text *t)
{
	static const char *const by[] = { "flow", "ip saddr", "ip daddr", "ip6 saddr",
					  "ip6 daddr" };
	const struct random_targets *targets = set->targets;
	struct xs_spread spread = { .by = rng_below(rng, 5), .cnt = targets->cpu_cnt }, *own;
	struct xs_ruleset *rules = &set->rules;
	__u32 n = 0;

	random_say(t, "cpu { ");
	for (__u32 i = 0; i < targets->cpu_cnt; i++) {
		spread.member[i] = (__u16)targets->cpus[i];
		random_say(t, "%s%u", i ? ", " : "", targets->cpus[targets->cpu_cnt - 1 - i]);
	}
	random_say(t, " } by %s", by[spread.by]);
	while (n < rules->spread_cnt && memcmp(&rules->spreads[n], &spread, sizeof(spread)))
		n++;
	if (n == rules->spread_cnt) {
		own = realloc(rules->spreads, (n + 1) * sizeof(*own));
		if (!own)
			abort();
		own[n] = spread;
		rules->spreads = own;
		rules->spread_cnt++;
	}
	action->own_slot = XS_SLOT_SPREAD;
	action->target = n;
}

static void make_action(struct random_set *set, struct rng *rng, struct xs_action *action,
			char *name, struct random_text *t)
{
	const struct random_targets *targets = set->targets;
	__u32 i;

	*action = (struct xs_action){ .verdict = rng_below(rng, XS_VERDICT_MAX) };
	if (action->verdict == XS_VERDICT_cpu && !targets->cpu_cnt)
		action->verdict = XS_VERDICT_drop;
	if (action->verdict == XS_VERDICT_dev && !targets->dev_cnt)
		action->verdict = XS_VERDICT_tx;
	switch (action->verdict) {
	case XS_VERDICT_pass:
		random_say(t, rng_chance(rng, 30) ? "accept" : "pass");
		break;
	case XS_VERDICT_drop:
		random_say(t, "drop");
		break;
	case XS_VERDICT_tx:
		random_say(t, "tx");
		break;
	case XS_VERDICT_cpu:
		if (action != &set->rules.default_action && rng_chance(rng, 40)) {
			make_spread(set, rng, action, t);
			break;
		}
		action->target = targets->cpus[rng_below(rng, targets->cpu_cnt)];
		random_say(t, "cpu %u", action->target);
		break;
	case XS_VERDICT_dev:
		i = rng_below(rng, targets->dev_cnt);
		action->target = targets->ifindexes[i];
		snprintf(name, XS_TARGET_NAME_MAX, "%s", targets->ifnames[i]);
		random_say(t, "dev %s", name);
		break;
	case XS_VERDICT_chain:
		action->own_slot = 1;
		i = rng_below(rng, XS_CHAIN_SLOTS);
		snprintf(name, XS_TARGET_NAME_MAX, "c%u", i);
		action->target = XS_CHAIN_BASE(i, targets->chain_slots);
		random_say(t, "chain %s", name);
		make_else(rng, action, t);
		break;
	case XS_VERDICT_xsk:
		random_say(t, "xsk");
		action->own_slot = rng_chance(rng, 60);
		if (!action->own_slot) {
			action->target = rng_below(rng, targets->slot_max + 1);
			random_say(t, " slot %u", action->target);
		}
		make_else(rng, action, t);
		break;
	}
}

/* Can the field hold together with these? Rarely says so even if not. */
static bool fits(struct rng *rng, enum xs_field field, __u32 family, __u32 protocol)
{
	const struct random_trait *f = &random_traits[field];

	if (rng_chance(rng, 4))
		return true;
	if (f->family && f->family != family)
		return false;
	if (f->protocol == RANDOM_THESE)
		return protocol == 6 || protocol == 17 || protocol == 132;
	return !f->protocol || f->protocol == protocol;
}

/* A field that fits the others and, except rarely, is not in the rule yet. */
static enum xs_field pick_field(struct rng *rng, const enum xs_field *have, __u32 cnt, __u32 family,
				__u32 protocol)
{
	for (;;) {
		enum xs_field field = rng_below(rng, XS_FIELD_MAX);
		bool again = false;

		for (__u32 i = 0; i < cnt; i++)
			again |= have[i] == field;
		if ((!again || rng_chance(rng, 5)) && fits(rng, field, family, protocol))
			return field;
	}
}

static void pick_fields(struct rng *rng, enum xs_field *have, __u32 cnt)
{
	static const __u8 protocols[] = { 6, 6, 6, 17, 17, 17, 132, 1, 58, 47 };
	__u32 family = rng_chance(rng, 50) ? 4 : rng_chance(rng, 90) ? 6 : RANDOM_ARP;
	__u32 protocol = protocols[rng_below(rng, sizeof(protocols))];

	for (__u32 i = 0; i < cnt; i++)
		have[i] = pick_field(rng, have, i, family, protocol);
}

static enum xs_field other_side(enum xs_field address)
{
	return address == XS_FIELD_ip_saddr    ? XS_FIELD_ip_daddr
	       : address == XS_FIELD_ip_daddr  ? XS_FIELD_ip_saddr
	       : address == XS_FIELD_ip6_saddr ? XS_FIELD_ip6_daddr
					       : XS_FIELD_ip6_saddr;
}

/* Each shape has an address and a port, so that its rules differ, and up to three more fields. */
static void make_shapes(struct random_set *set, struct rng *rng)
{
	static const enum xs_field addresses[] = { XS_FIELD_ip_saddr, XS_FIELD_ip_daddr,
						   XS_FIELD_ip6_saddr, XS_FIELD_ip6_daddr };
	static const enum xs_field ports[] = { XS_FIELD_tcp_dport, XS_FIELD_udp_dport,
					       XS_FIELD_udp_sport, XS_FIELD_th_dport };

	for (__u32 i = 0; i < RANDOM_SHAPES; i++) {
		enum xs_field *shape = set->shapes[i];

		shape[0] = addresses[rng_below(rng, 4)];
		shape[1] = ports[rng_below(rng, 4)];
		set->shape_fields[i] = 2;
		if (rng_chance(rng, 50))
			shape[set->shape_fields[i]++] = other_side(shape[0]);
		if (rng_chance(rng, 30))
			shape[set->shape_fields[i]++] = XS_FIELD_vlan_id;
		if (rng_chance(rng, 20))
			shape[set->shape_fields[i]++] = XS_FIELD_meta_rxqueue;
	}
}

/*
 * Picks two addresses or ports with a crowd each, so that the longer one becomes a
 * condition, and perhaps a field of another width. Returns how many.
 */
static __u32 pick_crowd_fields(struct rng *rng, enum xs_field *have)
{
	static const enum xs_field boxed[2][6] = {
		{ XS_FIELD_ip_saddr, XS_FIELD_ip_daddr, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport,
		  XS_FIELD_th_sport, XS_FIELD_th_dport },
		{ XS_FIELD_ip6_saddr, XS_FIELD_ip6_daddr, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport,
		  XS_FIELD_th_sport, XS_FIELD_th_dport },
	};
	static const enum xs_field rest[2][9] = {
		{ XS_FIELD_ip_ttl, XS_FIELD_ip_dscp, XS_FIELD_ip_protocol, XS_FIELD_vlan_id,
		  XS_FIELD_meta_rxqueue, XS_FIELD_ether_saddr, XS_FIELD_ether_daddr,
		  XS_FIELD_meta_length, XS_FIELD_tcp_port },
		{ XS_FIELD_ip6_hoplimit, XS_FIELD_ip6_dscp, XS_FIELD_ip6_nexthdr, XS_FIELD_vlan_id,
		  XS_FIELD_meta_rxqueue, XS_FIELD_ether_saddr, XS_FIELD_ether_daddr,
		  XS_FIELD_meta_length, XS_FIELD_th_port },
	};
	__u32 family = rng_below(rng, 2), first = rng_below(rng, 6);

	have[0] = boxed[family][first];
	have[1] = boxed[family][(first + 1 + rng_below(rng, 5)) % 6];
	if (rng_chance(rng, 70))
		return 2;
	have[2] = rest[family][rng_below(rng, 9)];
	return 3;
}

/* The crowded matches of a rule; how many. */
static __u32 make_crowded(struct random_set *set, struct rng *rng, struct xs_match *matches,
			  struct random_text *t)
{
	__u32 of = rng_below(rng, RANDOM_CROWDS), cnt;
	enum xs_field have[3];

	if (rng_chance(rng, 15)) {
		have[0] = rng_chance(rng, 50) ? XS_FIELD_ip_saddr : XS_FIELD_ip6_daddr;
		have[1] = other_side(have[0]);
		have[2] = rng_chance(rng, 50) ? XS_FIELD_tcp_dport : XS_FIELD_udp_sport;
		for (cnt = 0; cnt < 3; cnt++)
			random_shapes_match_make(rng, &matches[cnt], have[cnt], t);
		return cnt;
	}
	cnt = pick_crowd_fields(rng, have);
	for (__u32 i = 0; i < cnt; i++)
		random_crowd_match_make(set, rng, &matches[i], have[i],
					&set->crowd[(of + i) % RANDOM_CROWDS], t);
	return cnt;
}

/* How many of the fields can be a concatenation; 0: they shall be none. */
static __u32 concat_fields(struct rng *rng, const enum xs_field *chosen, __u32 cnt)
{
	__u32 fields = 0;

	while (fields < cnt && fields < XS_TUPLE_FIELDS_MAX &&
	       random_traits[chosen[fields]].kind != RANDOM_none &&
	       random_traits[chosen[fields]].kind != RANDOM_flags)
		fields++;
	return fields >= 2 && rng_chance(rng, 16) ? fields : 0;
}

/* Matches of a concatenation, if there shall be one; how many. */
static __u32 make_concat(struct random_set *set, struct rng *rng, struct xs_match *matches,
			 const enum xs_field *chosen, __u32 cnt, struct random_text *t)
{
	__u32 fields = concat_fields(rng, chosen, cnt);

	if (fields && rng_chance(rng, 50)) {
		random_pair_make(set, rng, matches, chosen, t);
		return 2;
	}
	if (fields)
		random_tuples_make(set, rng, matches, chosen, fields, t);
	return fields;
}

static void make_rule(struct random_set *set, struct rng *rng, struct xs_rule *rule)
{
	__u32 cnt = rng_below(rng, MATCHES_MAX), shape = rng_below(rng, RANDOM_SHAPES);
	enum xs_field wild[MATCHES_MAX], *chosen = wild;
	struct random_text t = { .len = 0 };
	__u32 concat;

	*rule = (struct xs_rule){ .matches = calloc(MATCHES_MAX, sizeof(*rule->matches)),
				  .target_name = calloc(1, XS_TARGET_NAME_MAX) };
	if (!rule->matches || !rule->target_name)
		abort();
	if (!cnt && rng_chance(rng, 90)) /* a rule that matches every frame hides those after it */
		cnt = 1 + rng_below(rng, MATCHES_MAX - 1);
	if (set->spread) {
		chosen = set->shapes[shape];
		cnt = set->shape_fields[shape];
	} else if (set->crowded && rng_chance(rng, 70)) {
		rule->match_cnt = make_crowded(set, rng, rule->matches, &t);
		cnt = rng_below(rng, 2);
		pick_fields(rng, chosen, cnt);
	} else {
		pick_fields(rng, chosen, cnt);
	}
	concat = make_concat(set, rng, &rule->matches[rule->match_cnt], chosen, cnt, &t);
	rule->match_cnt += concat;
	for (__u32 i = concat; i < cnt; i++)
		random_match_make(set, rng, &rule->matches[rule->match_cnt++], chosen[i], &t);
	if (rng_chance(rng, 5))
		random_say(&t, rng_chance(rng, 50) ? "counter " : "counter packets 0 bytes 0 ");
	make_action(set, rng, &rule->action, rule->target_name, &t);
	if (rng_chance(rng, set->limit_chance))
		random_limit_make(set, rng, rule, &t);
	if (rng_chance(rng, 5)) {
		rule->sample = 1 + rng_below(rng, 1000);
		random_say(&t, " sample 1/%u", rule->sample);
	}
	if (rng_chance(rng, 5))
		random_say(&t, ";");
	else if (rng_chance(rng, 5))
		random_say(&t, " comment \"a # in a comment\"");
	rule->text = t.buf;
}

/* A rule of many addresses, before all others, behind them, or among them. */
static void add_addresses(struct random_set *set, struct rng *rng, __u32 cnt)
{
	static const enum xs_field fields[] = { XS_FIELD_ip_saddr, XS_FIELD_ip_daddr,
						XS_FIELD_ip6_saddr, XS_FIELD_ip6_daddr };
	struct xs_ruleset *rules = &set->rules;
	__u32 at = rng_below(rng, ++rules->rule_cnt);
	struct xs_rule *rule = &rules->rules[at];
	struct random_text t = { .len = 0 };

	memmove(rule + 1, rule, (rules->rule_cnt - 1 - at) * sizeof(*rule));
	*rule = (struct xs_rule){ .matches = calloc(1, sizeof(*rule->matches)),
				  .match_cnt = 1,
				  .target_name = calloc(1, XS_TARGET_NAME_MAX) };
	if (!rule->matches || !rule->target_name)
		abort();
	random_addresses_match_make(set, rng, rule->matches, fields[rng_below(rng, 4)], cnt, &t);
	make_action(set, rng, &rule->action, rule->target_name, &t);
	rule->text = t.buf;
}

static __u32 rule_count(struct rng *rng)
{
	__u32 of = rng_below(rng, 100);

	if (of < 40)
		return rng_below(rng, 6);
	if (of < 80)
		return 6 + rng_below(rng, 30);
	if (of < 94)
		return 36 + rng_below(rng, SPREAD_FROM - 36);
	return SPREAD_FROM + rng_below(rng, of < 99 ? 500 : 4000);
}

void random_set_make(struct random_set *set, struct rng *rng, const struct random_targets *targets,
		     __u32 rule_cnt)
{
	struct xs_ruleset *rules = &set->rules;
	struct random_text t = { .len = 0 };

	memset(set, 0, sizeof(*set));
	set->targets = targets;
	random_pool_make(set, rng);
	rules->default_action = (struct xs_action){ .verdict = XS_VERDICT_xsk, .own_slot = 1 };
	if (rng_chance(rng, 60)) {
		random_say(&t, "default ");
		make_action(set, rng, &rules->default_action, rules->default_target_name, &t);
		rules->default_text = t.buf;
	}
	if (rng_chance(rng, 40)) {
		bool drop = rng_chance(rng, 60);

		rules->malformed_action.verdict = drop ? XS_VERDICT_drop : XS_VERDICT_pass;
		rules->malformed_text = strdup(drop ? "malformed drop" : "malformed pass");
	}
	rules->rule_cnt = rule_cnt ? rule_cnt : rule_count(rng);
	set->spread = rules->rule_cnt >= SPREAD_FROM;
	set->crowded = !set->spread && rng_chance(rng, 4);
	if (set->crowded && rules->rule_cnt > CROWDED_MAX)
		rules->rule_cnt = CROWDED_MAX;
	if (set->crowded)
		random_crowds_make(set, rng);
	if (targets->dynamic_sets && rng_chance(rng, 30))
		random_sets_make(set, rng);
	if (targets->limits && rng_chance(rng, 40))
		set->limit_chance = rng_chance(rng, 30) ? 90 : 20;
	make_shapes(set, rng);
	rules->rules = calloc(rules->rule_cnt + 2, sizeof(*rules->rules));
	if (!rules->rules)
		abort();
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		make_rule(set, rng, &rules->rules[i]);
	if (targets->addresses)
		add_addresses(set, rng, targets->addresses);
}

void random_rule_free(struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		free(rule->matches[i].ranges);
	free(rule->matches);
	free(rule->target_name);
	free(rule->text);
}

void random_set_free(struct random_set *set)
{
	for (__u32 i = 0; i < set->rules.rule_cnt; i++)
		random_rule_free(&set->rules.rules[i]);
	free(set->rules.rules);
	free(set->rules.default_text);
	free(set->rules.malformed_text);
	free(set->defines);
	free(set->sets);
	for (__u32 i = 0; i < set->rules.set_cnt; i++)
		free(set->rules.sets[i].elements);
	free(set->rules.sets);
	free(set->rules.spreads);
	memset(set, 0, sizeof(*set));
}

char *random_set_text(const struct random_set *set)
{
	const struct xs_ruleset *rules = &set->rules;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	if (set->defines)
		fputs(set->defines, out);
	if (set->sets)
		fputs(set->sets, out);
	if (rules->default_text)
		fprintf(out, "%s\n", rules->default_text);
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		fprintf(out, "%s\n", rules->rules[i].text);
	if (rules->malformed_text)
		fprintf(out, "%s\n", rules->malformed_text);
	fclose(out);
	return text;
}
