// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules -> flows that a NIC can tell apart; see reserve_flows.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rules/check/fit.h"
#include "lib/rules/model/meaning.h"
#include "reserve_flows.h"

/* ---- lists of queues ---- */

bool xs_queue_list_has(const struct xs_queue_list *list, __u32 queue)
{
	for (__u32 i = 0; i < list->cnt; i++)
		if (list->queue[i] == queue)
			return true;
	return false;
}

static int compare_queues(const void *a, const void *b)
{
	const __u32 *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

void xs_queue_list_sort(struct xs_queue_list *list)
{
	qsort(list->queue, list->cnt, sizeof(list->queue[0]), compare_queues);
}

void xs_queue_list_text(const struct xs_queue_list *list, char *text, size_t len)
{
	size_t at = (size_t)snprintf(text, len, list->cnt == 1 ? "queue " : "queues ");

	for (__u32 i = 0, last; i < list->cnt && at < len; i = last + 1) {
		for (last = i;
		     last + 1 < list->cnt && list->queue[last + 1] == list->queue[last] + 1; last++)
			;
		at += (size_t)snprintf(text + at, len - at, last > i ? "%s%u-%u" : "%s%u",
				       i ? ", " : "", list->queue[i], list->queue[last]);
	}
}

/* ---- a flow as text ---- */

static size_t put_prefix(char *text, size_t len, const char *word, bool ipv4, const __u8 *addr,
			 __u8 bits)
{
	char number[INET6_ADDRSTRLEN], prefix[8] = "";

	if (!bits)
		return 0;
	inet_ntop(ipv4 ? AF_INET : AF_INET6, addr, number, sizeof(number));
	if (bits < (ipv4 ? 32 : 128))
		snprintf(prefix, sizeof(prefix), "/%u", bits);
	return (size_t)snprintf(text, len, " %s %s%s", word, number, prefix);
}

static const char *protocol_word(__u8 proto)
{
	return proto == IPPROTO_TCP    ? "tcp"
	       : proto == IPPROTO_UDP  ? "udp"
	       : proto == IPPROTO_SCTP ? "sctp"
				       : "ip";
}

/* Both addresses with their prefixes and both ports fit. */
void xs_flow_text(const struct xs_reserved_flow *flow, char text[XS_FLOW_TEXT_MAX])
{
	const bool ipv4 = flow->family == XS_FAMILY_ipv4;
	const size_t len = XS_FLOW_TEXT_MAX;
	const char *word = protocol_word(flow->proto);
	size_t at = (size_t)snprintf(text, len, "%s%c", word, ipv4 ? '4' : '6');

	if (flow->proto && !strcmp(word, "ip"))
		at += (size_t)snprintf(text + at, len - at, " l4proto %u", flow->proto);
	at += put_prefix(text + at, len - at, "src-ip", ipv4, flow->saddr, flow->saddr_bits);
	at += put_prefix(text + at, len - at, "dst-ip", ipv4, flow->daddr, flow->daddr_bits);
	if (flow->ports & XS_FLOW_SPORT)
		at += (size_t)snprintf(text + at, len - at, " src-port %u", ntohs(flow->sport));
	if (flow->ports & XS_FLOW_DPORT)
		snprintf(text + at, len - at, " dst-port %u", ntohs(flow->dport));
}

/* ---- values that a field can have, one by one ---- */

struct values {
	__u32 cnt;
	struct {
		xs_u128 value;
		__u8 bits; /* leading ones that count; of a number, unused */
	} of[XS_FLOWS_PER_RULE_MAX];
	bool too_many;
};

static void add_value(struct values *values, xs_u128 value, __u8 bits)
{
	if (values->cnt == XS_FLOWS_PER_RULE_MAX) {
		values->too_many = true;
		return;
	}
	values->of[values->cnt].value = value;
	values->of[values->cnt++].bits = bits;
}

/* Not restricted: one value, of which no bit counts. */
static struct values numbers_of(struct xs_ranges ranges)
{
	struct values values = {};

	if (!ranges.cnt)
		add_value(&values, 0, 0);
	for (__u32 i = 0; i < ranges.cnt && !values.too_many; i++)
		for (xs_u128 v = ranges.range[i].lo; v <= ranges.range[i].hi && !values.too_many;
		     v++)
			add_value(&values, v, 1);
	return values;
}

static struct values prefixes_of(struct xs_ranges ranges, __u8 bits)
{
	struct values values = {};

	if (!ranges.cnt)
		add_value(&values, 0, 0);
	for (__u32 i = 0; i < ranges.cnt && !values.too_many; i++) {
		xs_u128 lo = ranges.range[i].lo;
		const xs_u128 hi = ranges.range[i].hi;

		for (;;) {
			__u8 prefix = bits;
			xs_u128 last;

			/* as short as fits: it begins at lo, and ends before hi */
			while (prefix && !(lo & (xs_ones(bits - prefix + 1U))) &&
			       lo + xs_ones(bits - prefix + 1U) <= hi)
				prefix--;
			add_value(&values, lo, prefix);
			last = lo + xs_ones((__u32)(bits - prefix));
			if (last >= hi || values.too_many)
				break;
			lo = last + 1;
		}
	}
	return values;
}

/* ---- one rule ---- */

struct finding {
	struct xs_reserve_wishes *found;
	struct xs_arena arena;
	const struct xs_queue_list *queues;
	__u32 slots;
	__u32 rule;
	__u32 queue; /* where the rule's frames belong */
	__u32 first; /* wish of this rule */
};

int xs_reserve_skip_add(struct xs_reserve_skip **skips, __u32 *cnt, __u32 rule, const char *fmt,
			va_list args)
{
	struct xs_reserve_skip *more = realloc(*skips, (*cnt + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	*skips = more;
	more += (*cnt)++;
	more->rule = rule;
	vsnprintf(more->why, sizeof(more->why), fmt, args);
	return 0;
}

static int __attribute__((format(printf, 2, 3))) skip(struct finding *finding, const char *fmt, ...)
{
	struct xs_reserve_wishes *found = finding->found;
	va_list args;
	int err;

	va_start(args, fmt);
	err = xs_reserve_skip_add(&found->skips, &found->skip_cnt, finding->rule, fmt, args);
	va_end(args);
	found->cnt = finding->first; /* all of a rule, or nothing */
	return err;
}

static int add_wish(struct finding *finding, const struct xs_reserved_flow *flow)
{
	struct xs_reserve_wishes *found = finding->found;
	struct xs_reserve_wish *more = realloc(found->wishes, (found->cnt + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	found->wishes = more;
	more[found->cnt++] = (struct xs_reserve_wish){ finding->rule, *flow };
	return 0;
}

static void put_address(__u8 *to, xs_u128 value, __u32 bytes)
{
	for (__u32 i = 0; i < bytes; i++)
		to[i] = (__u8)(value >> 8 * (bytes - 1 - i));
}

/* What one way through the rule's sets restricts. */
struct ways {
	struct values saddr, daddr, sport, dport;
};

static struct xs_reserved_flow flow_of(const struct finding *finding, __u8 family, __u8 proto,
				       const struct ways *ways, const __u32 *at)
{
	const __u32 bytes = family == XS_FAMILY_ipv4 ? 4 : 16;
	struct xs_reserved_flow flow = {
		.queue = finding->queue,
		.family = family,
		.proto = proto,
		.saddr_bits = ways->saddr.of[at[0]].bits,
		.daddr_bits = ways->daddr.of[at[1]].bits,
		.sport = htons((__u16)ways->sport.of[at[2]].value),
		.dport = htons((__u16)ways->dport.of[at[3]].value),
		.ports = (ways->sport.of[at[2]].bits ? XS_FLOW_SPORT : 0) |
			 (ways->dport.of[at[3]].bits ? XS_FLOW_DPORT : 0),
	};

	put_address(flow.saddr, ways->saddr.of[at[0]].value, bytes);
	put_address(flow.daddr, ways->daddr.of[at[1]].value, bytes);
	return flow;
}

static int too_many(struct finding *finding)
{
	return skip(finding, "it would be more than %d rules of the NIC", XS_FLOWS_PER_RULE_MAX);
}

/* 1: the rule is skipped. */
static int add_product(struct finding *finding, __u8 family, __u8 proto, const struct ways *ways)
{
	const __u32 cnt[] = { ways->saddr.cnt, ways->daddr.cnt, ways->sport.cnt, ways->dport.cnt };
	__u32 at[4] = {}, level = 0;

	if (ways->saddr.too_many || ways->daddr.too_many || ways->sport.too_many ||
	    ways->dport.too_many)
		return too_many(finding) ?: 1;
	while (level < 4) {
		const struct xs_reserved_flow flow = flow_of(finding, family, proto, ways, at);
		int err;

		if (finding->found->cnt - finding->first == XS_FLOWS_PER_RULE_MAX)
			return too_many(finding) ?: 1;
		err = add_wish(finding, &flow);
		if (err)
			return err;
		for (level = 0; level < 4 && ++at[level] == cnt[level]; level++)
			at[level] = 0;
	}
	return 0;
}

static bool has_ports(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

static int add_protocol(struct finding *finding, const struct xs_meaning *meaning, __u8 family,
			__u8 proto)
{
	const __u8 bits = family == XS_FAMILY_ipv4 ? 32 : 128;
	const struct ways ways = {
		.saddr = prefixes_of(meaning->dim[XS_DIM_saddr], bits),
		.daddr = prefixes_of(meaning->dim[XS_DIM_daddr], bits),
		.sport = numbers_of(meaning->dim[XS_DIM_sport]),
		.dport = numbers_of(meaning->dim[XS_DIM_dport]),
	};

	if ((meaning->dim[XS_DIM_sport].cnt || meaning->dim[XS_DIM_dport].cnt) && !has_ports(proto))
		return skip(finding, "a NIC's rule has ports of tcp, udp and sctp only") ?: 1;
	return add_product(finding, family, proto, &ways);
}

static int add_protocols(struct finding *finding, const struct xs_meaning *meaning, __u8 family)
{
	const struct xs_ranges *named = &meaning->dim[XS_DIM_l4proto];
	struct values protos = numbers_of(named->cnt ? *named : meaning->protos);
	int err = 0;

	if (protos.too_many)
		return too_many(finding) ?: 1;
	for (__u32 i = 0; !err && i < protos.cnt; i++) {
		if (protos.of[i].bits && !protos.of[i].value)
			err = skip(finding, "a NIC's rule does not tell protocol 0 from any") ?: 1;
		else
			err = add_protocol(finding, meaning, family, (__u8)protos.of[i].value);
	}
	return err;
}

static int add_families(struct finding *finding, const struct xs_meaning *meaning)
{
	int err = 0;

	for (__u8 family = XS_FAMILY_ipv4; !err && family <= XS_FAMILY_ipv6; family++)
		if (meaning->families & XS_FAMILY_BIT(family))
			err = add_protocols(finding, meaning, family);
	return err;
}

/* A flow that the NIC brings to the queue meets this match there. */
static bool is_met_by_queue(const struct xs_match *match, __u32 queue)
{
	return match->field == XS_FIELD_meta_rxqueue && !match->tuple &&
	       xs_match_holds_for_queue(match, queue);
}

/* The match that no NIC's rule has; NULL: all can be. */
static const struct xs_match *find_foreign(const struct xs_rule *rule, __u32 queue)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		const struct xs_field_info *info = &xs_fields[match->field];
		bool told = info->dim == XS_DIM_saddr || info->dim == XS_DIM_daddr ||
			    info->dim == XS_DIM_sport || info->dim == XS_DIM_dport ||
			    info->dim == XS_DIM_l4proto || info->dim == XS_DIM_port ||
			    info->dim == XS_DIM_nothing;

		if (is_met_by_queue(match, queue))
			continue;
		if (!told || match->set || match->tuple ||
		    !(info->header->families & XS_FAMILIES_IP))
			return match;
	}
	return NULL;
}

static int explain_foreign(struct finding *finding, const struct xs_match *match)
{
	if (match->set)
		return skip(finding, "a NIC's rule cannot ask a dynamic set");
	if (match->tuple)
		return skip(finding, "a NIC's rule cannot exclude a concatenation");
	return skip(finding, "a NIC's rule does not compare '%s'", xs_fields[match->field].text);
}

static bool matches_all_of_queue(const struct xs_rule *rule, __u32 queue)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (!is_met_by_queue(&rule->matches[i], queue))
			return false;
	return true;
}

static int add_rule(struct finding *finding, const struct xs_rule *rule)
{
	const struct xs_match *foreign = find_foreign(rule, finding->queue);
	struct xs_meaning meaning;
	int err;

	finding->first = finding->found->cnt;
	if (foreign)
		return explain_foreign(finding, foreign);
	if (matches_all_of_queue(rule, finding->queue))
		return skip(finding, "it matches every frame");
	err = xs_meaning_find(&finding->arena, &meaning, rule);
	if (err == -E2BIG)
		return too_many(finding);
	for (__u32 sides = 0; !err && sides < 1U << meaning.either_cnt; sides++) {
		struct xs_meaning way = meaning;

		err = xs_meaning_choose(&finding->arena, &way, sides);
		if (!err && !way.never)
			err = add_families(finding, &way);
	}
	return err < 0 ? err : 0;
}

/* ---- which queue ---- */

/* 1: finding->queue is set; 0: the rule is skipped, or leads to no socket. */
static int choose_queue(struct finding *finding, const struct xs_action *action)
{
	char text[96];

	if (action->verdict == XS_VERDICT_xsk && !action->own_slot) {
		finding->queue = action->target;
		if (action->target < finding->slots &&
		    xs_queue_list_has(finding->queues, action->target))
			return 1;
		return skip(finding, "slot %u is not that of a reserved queue", action->target);
	}
	if (action->verdict != XS_VERDICT_xsk && action->verdict != XS_VERDICT_chain)
		return 0;
	finding->queue = finding->queues->queue[0];
	if (finding->queues->cnt == 1)
		return 1;
	xs_queue_list_text(finding->queues, text, sizeof(text));
	return skip(finding, "it names none of %s: 'xsk slot N' does, or reserve one queue", text);
}

int xs_reserve_wishes_find(const struct xs_ruleset *rules, const struct xs_queue_list *queues,
			   __u32 slots, struct xs_reserve_wishes *found)
{
	struct finding finding = { .found = found, .queues = queues, .slots = slots };
	int err = 0;

	*found = (struct xs_reserve_wishes){};
	for (__u32 i = 0; err >= 0 && i < rules->rule_cnt; i++) {
		finding.rule = i;
		finding.first = found->cnt;
		err = choose_queue(&finding, &rules->rules[i].action);
		if (err > 0)
			err = add_rule(&finding, &rules->rules[i]);
	}
	xs_arena_free(&finding.arena);
	return err < 0 ? err : 0;
}

void xs_reserve_wishes_free(struct xs_reserve_wishes *found)
{
	free(found->wishes);
	free(found->skips);
	*found = (struct xs_reserve_wishes){};
}
