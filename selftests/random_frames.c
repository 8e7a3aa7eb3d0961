// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random frames for a random rule set: first a plan of field values, usually from one of
 * the rules; then the frame; then, sometimes, a fault in it.
 */
#include <string.h>

#include "random_rules.h"

#define DATA_MAX 40
#define FRAME_MIN 14 /* the smallest that test_run accepts */

struct plan {
	bool set[XS_FIELD_MAX]; /* ports as th, ICMPv6 as ICMP */
	xs_u128 value[XS_FIELD_MAX];
	__u32 family; /* 4, 6, 0: neither */
	__u32 protocol;
};

/* What one frame is made from. */
struct maker {
	struct rng *rng;
	const struct random_set *set;
	struct plan plan;
	struct packet *p;
};

static bool chance(struct maker *m, __u32 percent)
{
	return rng_chance(m->rng, percent);
}

static enum xs_field planned(struct rng *rng, enum xs_field field)
{
	switch (field) {
	case XS_FIELD_tcp_sport:
	case XS_FIELD_udp_sport:
	case XS_FIELD_sctp_sport:
	case XS_FIELD_dccp_sport:
	case XS_FIELD_udplite_sport:
		return XS_FIELD_th_sport;
	case XS_FIELD_tcp_dport:
	case XS_FIELD_udp_dport:
	case XS_FIELD_sctp_dport:
	case XS_FIELD_dccp_dport:
	case XS_FIELD_udplite_dport:
		return XS_FIELD_th_dport;
	case XS_FIELD_tcp_port:
	case XS_FIELD_udp_port:
	case XS_FIELD_sctp_port:
	case XS_FIELD_dccp_port:
	case XS_FIELD_udplite_port:
	case XS_FIELD_th_port:
		return rng_chance(rng, 50) ? XS_FIELD_th_sport : XS_FIELD_th_dport;
	case XS_FIELD_meta_nfproto:
	case XS_FIELD_meta_protocol:
		return XS_FIELD_ether_type;
	case XS_FIELD_icmpv6_type:
		return XS_FIELD_icmp_type;
	case XS_FIELD_icmpv6_code:
		return XS_FIELD_icmp_code;
	default:
		return field;
	}
}

/* A value inside, at the edge of, or just outside a range. */
static xs_u128 value_near(struct maker *m, const struct xs_range *range)
{
	xs_u128 span;

	switch (rng_below(m->rng, 10)) {
	case 0:
		return range->lo - 1;
	case 1:
		return range->hi + 1;
	case 2:
	case 3:
		return range->lo;
	case 4:
	case 5:
		return range->hi;
	default:
		span = range->hi - range->lo;
		return range->lo + (span + 1 ? rng_next(m->rng) % (span + 1) : 0);
	}
}

static xs_u128 value_for(struct maker *m, const struct xs_match *match)
{
	if (match->negate || !match->range_cnt)
		return random_draw(m->set, m->rng, match->field);
	return value_near(m, &match->ranges[rng_below(m->rng, match->range_cnt)]);
}

static __u32 port_protocol(struct rng *rng)
{
	static const __u8 list[] = { 6, 17, 132, 33, 136 };

	return list[rng_below(rng, sizeof(list))];
}

static void plan_from_rule(struct maker *m, const struct xs_rule *rule)
{
	const struct xs_range *element = NULL;
	struct plan *plan = &m->plan;
	__u32 left = 0; /* fields of the element to come */

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		const struct random_trait *trait = &random_traits[match->field];
		enum xs_field field = planned(m->rng, match->field);

		/* a frame of one element: of its values, or with another in one of the fields */
		if (match->tuple) {
			left = match->tuple;
			element = match->ranges + rng_below(m->rng, match->range_cnt / left) * left;
		}
		plan->set[field] = true;
		plan->value[field] = left && chance(m, 85) ? value_near(m, element)
							   : value_for(m, match);
		if (left) {
			element++;
			left--;
		}
		/* told by its port */
		if (chance(m, 95) &&
		    (field == XS_FIELD_vxlan_vni || field == XS_FIELD_geneve_vni)) {
			plan->set[XS_FIELD_th_dport] = true;
			plan->value[XS_FIELD_th_dport] = field == XS_FIELD_vxlan_vni ? 4789 : 6081;
		}
		if (trait->family)
			plan->family = trait->family;
		if (trait->protocol)
			plan->protocol = trait->protocol == RANDOM_THESE ? port_protocol(m->rng)
									 : trait->protocol;
		if (field == XS_FIELD_meta_l4proto || field == XS_FIELD_ip_protocol)
			plan->protocol = plan->value[field] & 255;
		if (field == XS_FIELD_ether_type && plan->value[field] == 0x0800)
			plan->family = 4;
		else if (field == XS_FIELD_ether_type && plan->value[field] == 0x86dd)
			plan->family = 6;
		else if (field == XS_FIELD_ether_type)
			plan->family = 0;
	}
}

static void plan_frame(struct maker *m)
{
	const struct xs_ruleset *rules = &m->set->rules;
	__u32 of = rng_below(m->rng, 10);

	memset(&m->plan, 0, sizeof(m->plan));
	m->plan.family = of < 5 ? 4 : of < 9 ? 6 : chance(m, 50) ? RANDOM_ARP : 0;
	of = rng_below(m->rng, 10);
	m->plan.protocol = of < 5   ? port_protocol(m->rng)
			   : of < 8 ? (m->plan.family == 6 ? 58 : 1)
				    : random_draw(m->set, m->rng, XS_FIELD_meta_l4proto);
	if (rules->rule_cnt && chance(m, 75))
		plan_from_rule(m, &rules->rules[rng_below(m->rng, rules->rule_cnt)]);
}

/* The planned value, one of the set's values, or the packet builder's own. */
static void put(struct maker *m, const char *name, enum xs_field field)
{
	if (m->plan.set[field])
		packet_set(m->p, name, m->plan.value[field]);
	else if (chance(m, 60))
		packet_set(m->p, name, random_draw(m->set, m->rng, field));
}

static void add_tags(struct maker *m)
{
	bool asked = m->plan.set[XS_FIELD_vlan_id] || m->plan.set[XS_FIELD_vlan_pcp] ||
		     m->plan.set[XS_FIELD_vlan_dei];
	bool inner = m->plan.set[XS_FIELD_vlan_inner_id] || m->plan.set[XS_FIELD_vlan_inner_pcp];
	__u32 cnt = chance(m, 20) ? 1 + rng_below(m->rng, 2) : 0;

	if (chance(m, 3))
		cnt = 3 + rng_below(m->rng, 3);
	if (asked && !cnt && !chance(m, 5))
		cnt = 1;
	if (inner && cnt < 2 && !chance(m, 5))
		cnt = 2;
	for (__u32 i = 0; i < cnt; i++) {
		packet_add(m->p, chance(m, 60) ? PACKET_vlan : PACKET_qinq);
		if (i == 1) {
			put(m, "id", XS_FIELD_vlan_inner_id);
			put(m, "pcp", XS_FIELD_vlan_inner_pcp);
			continue;
		}
		if (i) {
			packet_set(m->p, "id", rng_below(m->rng, 4096));
			continue;
		}
		put(m, "id", XS_FIELD_vlan_id);
		put(m, "pcp", XS_FIELD_vlan_pcp);
		put(m, "dei", XS_FIELD_vlan_dei);
	}
}

/* What stands behind a UDP header of that port, and sometimes of another. */
static void add_tunnel(struct maker *m)
{
	bool vxlan = m->plan.value[XS_FIELD_th_dport] == 4789;

	if (chance(m, 5))
		vxlan = !vxlan;
	packet_add(m->p, vxlan ? PACKET_vxlan : PACKET_geneve);
	put(m, "vni", vxlan ? XS_FIELD_vxlan_vni : XS_FIELD_geneve_vni);
	packet_set(m->p, "rest", rng_below(m->rng, 256));
}

static void add_gre(struct maker *m)
{
	bool checksum = chance(m, 30), routing = chance(m, 10);

	packet_add(m->p, PACKET_gre);
	put(m, "key2", XS_FIELD_gre_key);
	put(m, checksum || routing ? "key2" : "key", XS_FIELD_gre_key);
	packet_set(m->p, "c", checksum);
	packet_set(m->p, "r", routing);
	packet_set(m->p, "k", chance(m, 90));
	packet_set(m->p, "s", chance(m, 20));
	packet_set(m->p, "version", chance(m, 5) ? rng_below(m->rng, 8) : 0);
}

static void add_l4(struct maker *m)
{
	static const struct {
		__u8 protocol;
		enum packet_layer layer;
	} known[] = { { 6, PACKET_tcp },    { 17, PACKET_udp },	 { 136, PACKET_udplite },
		      { 132, PACKET_sctp }, { 33, PACKET_dccp }, { 1, PACKET_icmp },
		      { 58, PACKET_icmpv6 } };
	__u32 protocol = m->plan.protocol;

	if (protocol == 47 && chance(m, 95)) {
		add_gre(m);
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].protocol != protocol)
			continue;
		packet_add(m->p, known[i].layer);
		if (protocol == 1 || protocol == 58) {
			put(m, "type", XS_FIELD_icmp_type);
			put(m, "code", XS_FIELD_icmp_code);
			return;
		}
		put(m, "sport", XS_FIELD_th_sport);
		put(m, "dport", XS_FIELD_th_dport);
		if (protocol == 17 && m->plan.set[XS_FIELD_th_dport] &&
		    (m->plan.value[XS_FIELD_th_dport] == 4789 ||
		     m->plan.value[XS_FIELD_th_dport] == 6081))
			add_tunnel(m);
		if (protocol != 6)
			return;
		put(m, "flags", XS_FIELD_tcp_flags);
		if (chance(m, 20))
			packet_set(m->p, "doff", rng_below(m->rng, 16));
		return;
	}
}

/* The offset of a later fragment: one of its 13 bits, all, or any. */
static __u32 random_offset(struct rng *rng)
{
	if (rng_chance(rng, 60))
		return 1u << rng_below(rng, 13);
	return rng_chance(rng, 20) ? 8191 : 1 + rng_below(rng, 8191);
}

/* later: 2, first: 1, none: 0, as enum xs_fragment */
static __u32 plan_fragment(struct maker *m)
{
	if (m->plan.set[XS_FIELD_meta_fragment])
		return m->plan.value[XS_FIELD_meta_fragment] & 3;
	return chance(m, 12) ? 1 + rng_below(m->rng, 2) : 0;
}

static void add_ip4(struct maker *m)
{
	__u32 fragment = plan_fragment(m);

	packet_add(m->p, PACKET_ip);
	put(m, "saddr", XS_FIELD_ip_saddr);
	put(m, "daddr", XS_FIELD_ip_daddr);
	put(m, "dscp", XS_FIELD_ip_dscp);
	put(m, "ttl", XS_FIELD_ip_ttl);
	put(m, "ecn", XS_FIELD_ip_ecn);
	put(m, "id", XS_FIELD_ip_id);
	if (m->plan.set[XS_FIELD_ip_length]) /* likely malformed, so only where it is asked for */
		packet_set(m->p, "len", m->plan.value[XS_FIELD_ip_length]);
	packet_set(m->p, "protocol", m->plan.protocol);
	packet_set(m->p, "df", rng_below(m->rng, 2));
	packet_set(m->p, "mf", fragment == 1 || (fragment == 2 && chance(m, 50)));
	if (fragment == 2)
		packet_set(m->p, "offset", random_offset(m->rng));
	if (m->plan.set[XS_FIELD_ip_frag_off]) {
		packet_set(m->p, "reserved", m->plan.value[XS_FIELD_ip_frag_off] >> 15 & 1);
		packet_set(m->p, "df", m->plan.value[XS_FIELD_ip_frag_off] >> 14 & 1);
		packet_set(m->p, "mf", m->plan.value[XS_FIELD_ip_frag_off] >> 13 & 1);
		packet_set(m->p, "offset", m->plan.value[XS_FIELD_ip_frag_off] & 8191);
	}
	if (m->plan.set[XS_FIELD_ip_hdrlength])
		packet_set(m->p, "ihl", m->plan.value[XS_FIELD_ip_hdrlength] & 15);
	else if (chance(m, 20))
		packet_set(m->p, "ihl", 4 + rng_below(m->rng, 12));
	add_l4(m);
}

static void add_extension(struct maker *m, enum packet_layer layer)
{
	packet_add(m->p, layer);
	if (layer == PACKET_frag) {
		packet_set(m->p, "m", chance(m, 50));
		packet_set(m->p, "reserved", rng_below(m->rng, 256));
	} else if (chance(m, 50)) {
		packet_set(m->p, "len", rng_below(m->rng, 4));
	}
}

static enum packet_layer extension_of(__u32 protocol)
{
	return protocol == 0	? PACKET_hopopt
	       : protocol == 43 ? PACKET_routing
	       : protocol == 44 ? PACKET_frag
	       : protocol == 51 ? PACKET_ah
	       : protocol == 60 ? PACKET_dstopt
				: PACKET_LAYER_MAX;
}

static void add_ip6(struct maker *m)
{
	__u32 fragment = plan_fragment(m), cnt = chance(m, 30) ? 1 + rng_below(m->rng, 3) : 0;
	enum packet_layer first = PACKET_LAYER_MAX;

	packet_add(m->p, PACKET_ip6);
	put(m, "saddr", XS_FIELD_ip6_saddr);
	put(m, "daddr", XS_FIELD_ip6_daddr);
	put(m, "dscp", XS_FIELD_ip6_dscp);
	put(m, "hoplimit", XS_FIELD_ip6_hoplimit);
	put(m, "ecn", XS_FIELD_ip6_ecn);
	packet_set(m->p, "flow", rng_below(m->rng, 1 << 20));
	if (m->plan.set[XS_FIELD_ip6_flowlabel])
		packet_set(m->p, "flow", m->plan.value[XS_FIELD_ip6_flowlabel]);
	if (chance(m, 4))
		cnt = 6 + rng_below(m->rng, 4);
	if (m->plan.set[XS_FIELD_ip6_nexthdr]) {
		__u32 next = m->plan.value[XS_FIELD_ip6_nexthdr] & 255;

		first = extension_of(next);
		if (first == PACKET_LAYER_MAX) {
			m->plan.protocol = next;
			cnt = fragment = 0;
		} else {
			add_extension(m, first);
		}
	}
	for (__u32 i = 0; i < cnt; i++)
		add_extension(m, PACKET_hopopt + rng_below(m->rng, PACKET_tcp - PACKET_hopopt));
	if (fragment) {
		packet_add(m->p, PACKET_frag);
		packet_set(m->p, "m", fragment == 1 || chance(m, 50));
		packet_set(m->p, "offset", fragment == 2 ? random_offset(m->rng) : 0);
	}
	packet_set(m->p, "nexthdr", m->plan.protocol);
	add_l4(m);
}

static void add_arp(struct maker *m)
{
	packet_add(m->p, PACKET_arp);
	put(m, "op", XS_FIELD_arp_operation);
	put(m, "htype", XS_FIELD_arp_htype);
	put(m, "hlen", XS_FIELD_arp_hlen);
	put(m, "plen", XS_FIELD_arp_plen);
	put(m, "saddr", XS_FIELD_arp_saddr);
	put(m, "daddr", XS_FIELD_arp_daddr);
}

static void fit_length(struct maker *m)
{
	xs_u128 want = m->plan.value[XS_FIELD_meta_length];

	packet_data(m->p, rng_below(m->rng, DATA_MAX));
	if (!m->plan.set[XS_FIELD_meta_length] || want > 2000)
		return;
	if (want > m->p->len)
		packet_data(m->p, want - m->p->len);
	else if (want >= FRAME_MIN)
		packet_cut(m->p, want);
}

/* Before the lengths are filled in, a cut. After that, a cut and changed bytes. */
static void break_before(struct maker *m)
{
	if (chance(m, 4))
		packet_cut(m->p, FRAME_MIN + rng_below(m->rng, m->p->len - FRAME_MIN + 1));
}

/* `whole`: the frame's bytes before the cut, some of which may come back as padding. */
static void pad(struct maker *m, __u32 whole)
{
	if (m->p->len < whole && chance(m, 50))
		m->p->len += 1 + rng_below(m->rng, whole - m->p->len);
	else if (chance(m, 4))
		packet_data(m->p, 1 + rng_below(m->rng, 18));
}

static void break_after(struct maker *m)
{
	if (chance(m, 3))
		packet_cut(m->p, FRAME_MIN + rng_below(m->rng, m->p->len - FRAME_MIN + 1));
	if (!chance(m, 8))
		return;
	for (__u32 i = 1 + rng_below(m->rng, 3); i; i--) {
		__u32 at = rng_below(m->rng, m->p->len < 100 ? m->p->len : 100);

		m->p->data[at] ^= 1u << rng_below(m->rng, 8);
	}
}

void random_frame_make(struct random_frame *frame, struct rng *rng, const struct random_set *set)
{
	struct maker m = { .rng = rng, .set = set, .p = &frame->packet };
	__u32 whole;

	plan_frame(&m);
	packet_begin(m.p);
	put(&m, "saddr", XS_FIELD_ether_saddr);
	put(&m, "daddr", XS_FIELD_ether_daddr);
	add_tags(&m);
	if (m.plan.family == 4)
		add_ip4(&m);
	else if (m.plan.family == 6)
		add_ip6(&m);
	else if (m.plan.family == RANDOM_ARP)
		add_arp(&m);
	else
		put(&m, "type", XS_FIELD_ether_type);
	fit_length(&m);
	whole = m.p->len;
	break_before(&m);
	packet_end(m.p);
	pad(&m, whole);
	break_after(&m);

	frame->queue = rng_below(rng, set->targets->queue_cnt);
	if (m.plan.set[XS_FIELD_meta_rxqueue] &&
	    m.plan.value[XS_FIELD_meta_rxqueue] < set->targets->queue_cnt)
		frame->queue = m.plan.value[XS_FIELD_meta_rxqueue];
	frame->linear = chance(&m, 10) && m.p->len > FRAME_MIN
				? FRAME_MIN + rng_below(rng, m.p->len - FRAME_MIN)
				: 0;
}
