// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Conclusions from the matches of one rule. */
#include "fact.h"
#include "lib/rules/model/names.h"
#include "lib/rules/model/nature.h"

static void add_fact(struct xs_facts *facts, enum xs_field field, struct xs_term term)
{
	bool known = facts->fields >> field & 1;
	struct xs_range span;
	__u8 prefix;

	if (facts->cnt == XS_CNT(facts->f))
		return;
	facts->f[facts->cnt++] = (struct xs_fact){ field, term };
	facts->fields |= 1ULL << field;
	if (!xs_fields[field].bits || !xs_term_span(&term, xs_field_max(field), &span))
		span = (struct xs_range){ 0, 0 };
	prefix = (__u8)xs_prefix_bits(span.lo, span.hi, xs_fields[field].bits);
	if (!known || prefix > facts->prefix[field]) {
		facts->prefix[field] = prefix;
		facts->low[field] = span.lo;
	}
}

static bool is_walked(xs_u128 nexthdr)
{
	__u32 i = xs_range_from(xs_walked.ranges, xs_walked.cnt, nexthdr);

	return i < xs_walked.cnt && xs_walked.ranges[i].lo <= nexthdr;
}

/* What the kinds of frames that the rule allows say; those kinds. */
static __u8 add_kind_facts(struct xs_facts *facts, const struct xs_rule *rule)
{
	__u8 kinds = xs_kinds_of(rule);

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		const struct xs_term term = xs_match_term(match);

		if (match->field == XS_FIELD_ether_type && xs_term_is_one(&term, XS_TYPE_IP))
			kinds &= XS_KIND_IP4;
		if (match->field == XS_FIELD_ether_type && xs_term_is_one(&term, XS_TYPE_IP6))
			kinds &= XS_KIND_IP6;
	}
	if (kinds == XS_KIND_IP4)
		add_fact(facts, XS_FIELD_ether_type, xs_type_ip);
	if (kinds == XS_KIND_IP6)
		add_fact(facts, XS_FIELD_ether_type, xs_type_ip6);
	return kinds;
}

/* The protocols alone stand together in enum xs_field. */
_Static_assert(XS_FIELD_icmpv6 - XS_FIELD_tcp == 4, "tcp, udp, sctp, icmp, icmpv6");

/* What one protocol says. */
static void add_proto_facts(struct xs_facts *facts, __u8 kinds, const struct xs_term *proto)
{
	add_fact(facts, XS_FIELD_meta_l4proto, *proto);
	if (kinds == XS_KIND_IP4)
		add_fact(facts, XS_FIELD_ip_protocol, *proto);
	for (enum xs_field alone = XS_FIELD_tcp; alone <= XS_FIELD_icmpv6; alone++)
		if (xs_term_is_one(proto, xs_natures[alone].protos.ranges[0].lo) &&
		    !(kinds & ~xs_natures[alone].kinds))
			add_fact(facts, alone, (struct xs_term){ NULL, 0, false });
}

/* th sport of tcp is tcp sport, and the other way round; sport is port too. */
static void add_port_facts(struct xs_facts *facts, const struct xs_match *match, __u64 fields)
{
	static const enum xs_field same[][4] = {
		{ XS_FIELD_th_sport, XS_FIELD_tcp_sport, XS_FIELD_udp_sport, XS_FIELD_sctp_sport },
		{ XS_FIELD_th_dport, XS_FIELD_tcp_dport, XS_FIELD_udp_dport, XS_FIELD_sctp_dport },
		{ XS_FIELD_th_port, XS_FIELD_tcp_port, XS_FIELD_udp_port, XS_FIELD_sctp_port },
	};
	static const enum xs_field alone[4] = { XS_FIELD_MAX, XS_FIELD_tcp, XS_FIELD_udp,
						XS_FIELD_sctp };
	const struct xs_term term = xs_match_term(match);
	enum xs_port_side side = xs_port_side(match->field);

	for (__u32 k = 0; k < 4; k++) {
		/* The port is of this protocol: by its name, or since the rule says so. */
		if (k && same[side - XS_PORT_SOURCE][k] != match->field &&
		    !(fields >> alone[k] & 1))
			continue;
		if (same[side - XS_PORT_SOURCE][k] != match->field)
			add_fact(facts, same[side - XS_PORT_SOURCE][k], term);
		if (side != XS_PORT_EITHER && !term.negate)
			add_fact(facts, same[XS_PORT_EITHER - XS_PORT_SOURCE][k], term);
	}
}

void xs_facts_stated(struct xs_facts *facts, const struct xs_rule *rule)
{
	facts->cnt = 0;
	facts->fields = 0;
	for (__u32 i = 0; i < rule->match_cnt; i++)
		add_fact(facts, rule->matches[i].field, xs_match_term(&rule->matches[i]));
}

/* What one match says of the L4 protocol, and of fragments. */
static void add_match_facts(struct xs_facts *facts, __u8 kinds, const struct xs_match *match)
{
	const struct xs_nature *nature = &xs_natures[match->field];
	const struct xs_term term = xs_match_term(match);

	if (nature->protos.ranges)
		add_proto_facts(facts, kinds, &nature->protos);
	if (match->field == XS_FIELD_ip_protocol || match->field == XS_FIELD_meta_l4proto)
		add_proto_facts(facts, kinds, &term);
	/* Not a header that is walked: then it is the L4 protocol itself. */
	if (match->field == XS_FIELD_ip6_nexthdr && xs_term_is_single(&term) &&
	    !is_walked(term.ranges[0].lo))
		add_proto_facts(facts, XS_KIND_IP6, &term);
	if (nature->in_l4)
		add_fact(facts, XS_FIELD_meta_fragment, xs_not_later);
}

void xs_facts_learn(struct xs_facts *facts, const struct xs_rule *rule)
{
	__u8 kinds;

	xs_facts_stated(facts, rule);
	kinds = add_kind_facts(facts, rule);
	for (__u32 i = 0; i < rule->match_cnt; i++)
		add_match_facts(facts, kinds, &rule->matches[i]);
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (xs_port_side(rule->matches[i].field) != XS_PORT_NONE)
			add_port_facts(facts, &rule->matches[i], facts->fields);
}
