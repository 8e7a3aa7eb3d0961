// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Interprets the rule language: dissects the whole frame into named values, then tries
 * one rule after the other. It is written from docs/rules.md only, as plainly as
 * possible, and must not use anything of the compiler or the data path.
 */
#include "oracle.h"

#include <linux/bpf.h>

/* What a frame says. A field that is not `there` has no value. */
struct facts {
	bool there[XS_FIELD_MAX];
	xs_u128 value[XS_FIELD_MAX]; /* not used for either port */
};

struct frame {
	const __u8 *bytes;
	size_t len;
};

static bool has(const struct frame *f, size_t start, size_t bytes)
{
	return start + bytes <= f->len;
}

static xs_u128 number(const struct frame *f, size_t start, size_t bytes)
{
	xs_u128 value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value * 256 + f->bytes[start + i];
	return value;
}

static void learn(struct facts *facts, enum xs_field field, xs_u128 value)
{
	facts->there[field] = true;
	facts->value[field] = value;
}

bool oracle_without_ct_state;

/* Nobody has a connection. */
static void learn_ct_state(struct facts *facts)
{
	if (!oracle_without_ct_state)
		learn(facts, XS_FIELD_ct_state, XS_CT_STATE_new);
}

/* The ports of one protocol, under its own name and as th. */
static void learn_ports(struct facts *facts, const struct frame *f, size_t at, enum xs_field sport,
			enum xs_field dport)
{
	xs_u128 src = number(f, at, 2), dst = number(f, at + 2, 2);

	learn(facts, XS_FIELD_th_sport, src);
	learn(facts, XS_FIELD_th_dport, dst);
	learn(facts, sport, src);
	learn(facts, dport, dst);
}

/* VXLAN and Geneve: a header of 8 bytes behind UDP's, of which 3 are the number. */
static void learn_vni(struct facts *facts, const struct frame *f, size_t udp)
{
	unsigned int port = number(f, udp + 2, 2);

	if (!has(f, udp + 8, 8))
		return;
	if (port == 4789)
		learn(facts, XS_FIELD_vxlan_vni, number(f, udp + 8 + 4, 3));
	else if (port == 6081)
		learn(facts, XS_FIELD_geneve_vni, number(f, udp + 8 + 4, 3));
}

static void learn_gre_key(struct facts *facts, const struct frame *f, size_t gre)
{
	unsigned int flags;

	if (!has(f, gre, 4))
		return;
	flags = number(f, gre, 2);
	if (flags / 0x2000 % 2 == 0 || flags % 8 != 0)
		return;
	gre += flags / 0x4000 ? 8 : 4; /* checksum and offset */
	if (has(f, gre, 4))
		learn(facts, XS_FIELD_gre_key, number(f, gre, 4));
}

static enum xs_reason dissect_l4(struct facts *facts, const struct frame *f, size_t at,
				 unsigned int protocol, bool is_ipv6)
{
	switch (protocol) {
	case 6:
		if (!has(f, at, 20) || number(f, at + 12, 1) / 16 < 5)
			return XS_REASON_malformed_tcp;
		learn_ports(facts, f, at, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport);
		learn(facts, XS_FIELD_tcp_flags, number(f, at + 13, 1));
		learn_ct_state(facts);
		return XS_REASON_none;
	case 17:
		if (!has(f, at, 8))
			return XS_REASON_malformed_udp;
		learn_ports(facts, f, at, XS_FIELD_udp_sport, XS_FIELD_udp_dport);
		learn_vni(facts, f, at);
		learn_ct_state(facts);
		return XS_REASON_none;
	case 47:
		learn_gre_key(facts, f, at);
		return XS_REASON_none;
	case 136:
		if (!has(f, at, 8))
			return XS_REASON_malformed_udp;
		learn_ports(facts, f, at, XS_FIELD_udplite_sport, XS_FIELD_udplite_dport);
		return XS_REASON_none;
	case 132:
		if (!has(f, at, 12))
			return XS_REASON_malformed_sctp;
		learn_ports(facts, f, at, XS_FIELD_sctp_sport, XS_FIELD_sctp_dport);
		return XS_REASON_none;
	case 33:
		if (!has(f, at, 12))
			return XS_REASON_malformed_dccp;
		learn_ports(facts, f, at, XS_FIELD_dccp_sport, XS_FIELD_dccp_dport);
		return XS_REASON_none;
	case 1:
		if (!has(f, at, 8))
			return XS_REASON_malformed_icmp;
		if (is_ipv6)
			return XS_REASON_none;
		learn(facts, XS_FIELD_icmp_type, number(f, at, 1));
		learn(facts, XS_FIELD_icmp_code, number(f, at + 1, 1));
		return XS_REASON_none;
	case 58:
		if (!has(f, at, 8))
			return XS_REASON_malformed_icmpv6;
		if (!is_ipv6)
			return XS_REASON_none;
		learn(facts, XS_FIELD_icmpv6_type, number(f, at, 1));
		learn(facts, XS_FIELD_icmpv6_code, number(f, at + 1, 1));
		return XS_REASON_none;
	default:
		return XS_REASON_none;
	}
}

static void learn_protocol(struct facts *facts, unsigned int protocol, bool is_ipv6)
{
	learn(facts, XS_FIELD_meta_l4proto, protocol);
	facts->there[XS_FIELD_tcp] = protocol == 6;
	facts->there[XS_FIELD_udp] = protocol == 17;
	facts->there[XS_FIELD_sctp] = protocol == 132;
	facts->there[XS_FIELD_dccp] = protocol == 33;
	facts->there[XS_FIELD_udplite] = protocol == 136;
	facts->there[XS_FIELD_icmp] = protocol == 1 && !is_ipv6;
	facts->there[XS_FIELD_icmpv6] = protocol == 58 && is_ipv6;
}

static enum xs_reason dissect_ipv4(struct facts *facts, const struct frame *f, size_t at)
{
	unsigned int header_bytes, total_bytes, offset, more, protocol;
	struct frame packet = *f;

	if (!has(f, at, 20))
		return XS_REASON_malformed_ipv4;
	header_bytes = number(f, at, 1) % 16 * 4;
	total_bytes = number(f, at + 2, 2);
	if (number(f, at, 1) / 16 != 4 || header_bytes < 20 || !has(f, at, header_bytes))
		return XS_REASON_malformed_ipv4;
	if (total_bytes < header_bytes || !has(f, at, total_bytes))
		return XS_REASON_malformed_ipv4;

	packet.len = at + total_bytes; /* the rest is padding */
	more = number(f, at + 6, 1) / 32 % 2;
	offset = number(f, at + 6, 2) % 8192;
	protocol = number(f, at + 9, 1);
	learn(facts, XS_FIELD_ip_dscp, number(f, at + 1, 1) / 4);
	learn(facts, XS_FIELD_ip_ecn, number(f, at + 1, 1) % 4);
	learn(facts, XS_FIELD_ip_length, total_bytes);
	learn(facts, XS_FIELD_ip_id, number(f, at + 4, 2));
	learn(facts, XS_FIELD_ip_frag_off, number(f, at + 6, 2));
	learn(facts, XS_FIELD_ip_hdrlength, header_bytes / 4);
	learn(facts, XS_FIELD_ip_ttl, number(f, at + 8, 1));
	learn(facts, XS_FIELD_ip_protocol, protocol);
	learn(facts, XS_FIELD_ip_saddr, number(f, at + 12, 4));
	learn(facts, XS_FIELD_ip_daddr, number(f, at + 16, 4));
	learn(facts, XS_FIELD_meta_fragment,
	      offset ? XS_FRAGMENT_later
	      : more ? XS_FRAGMENT_first
		     : XS_FRAGMENT_none);
	learn_protocol(facts, protocol, false);
	if (offset)
		return XS_REASON_none;
	return dissect_l4(facts, &packet, at + header_bytes, protocol, false);
}

static bool is_extension(unsigned int protocol)
{
	return protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 ||
	       protocol == 60;
}

static enum xs_reason dissect_ipv6(struct facts *facts, const struct frame *f, size_t at)
{
	enum xs_fragment fragment = XS_FRAGMENT_none;
	unsigned int protocol, payload_bytes, extensions = 0;
	struct frame packet = *f;
	size_t ext;

	if (!has(f, at, 40) || number(f, at, 1) / 16 != 6 || !has(f, at + 40, number(f, at + 4, 2)))
		return XS_REASON_malformed_ipv6;

	protocol = number(f, at + 6, 1);
	payload_bytes = number(f, at + 4, 2);
	/* A jumbogram's length is in its first extension header; the kernel makes some without. */
	if (payload_bytes || (protocol != 0 && f->len < 65536))
		packet.len = at + 40 + payload_bytes;
	learn(facts, XS_FIELD_ip6_dscp, number(f, at, 2) / 64 % 64);
	learn(facts, XS_FIELD_ip6_ecn, number(f, at + 1, 1) / 16 % 4);
	learn(facts, XS_FIELD_ip6_flowlabel, number(f, at + 1, 3) % 0x100000);
	learn(facts, XS_FIELD_ip6_nexthdr, protocol);
	learn(facts, XS_FIELD_ip6_hoplimit, number(f, at + 7, 1));
	learn(facts, XS_FIELD_ip6_saddr, number(f, at + 8, 16));
	learn(facts, XS_FIELD_ip6_daddr, number(f, at + 24, 16));

	ext = at + 40;
	while (is_extension(protocol) && fragment != XS_FRAGMENT_later) {
		size_t bytes = 8;

		if (extensions++ == 8 || !has(&packet, ext, 2))
			return XS_REASON_malformed_ipv6_ext;
		if (protocol == 51)
			bytes = (number(f, ext + 1, 1) + 2) * 4;
		else if (protocol != 44)
			bytes = (number(f, ext + 1, 1) + 1) * 8;
		if (!has(&packet, ext, bytes))
			return XS_REASON_malformed_ipv6_ext;
		if (protocol == 44 && number(f, ext + 2, 2) / 8)
			fragment = XS_FRAGMENT_later;
		else if (protocol == 44 && number(f, ext + 3, 1) % 2)
			fragment = XS_FRAGMENT_first;
		protocol = number(f, ext, 1);
		ext += bytes;
	}
	learn(facts, XS_FIELD_meta_fragment, fragment);
	learn_protocol(facts, protocol, true);
	if (fragment == XS_FRAGMENT_later)
		return XS_REASON_none;
	return dissect_l4(facts, &packet, ext, protocol, true);
}

/* What is cut short has no fields, and is no error. */
static enum xs_reason dissect_arp(struct facts *facts, const struct frame *f, size_t at)
{
	facts->there[XS_FIELD_arp] = true;
	if (!has(f, at, 8))
		return XS_REASON_none;
	learn(facts, XS_FIELD_arp_htype, number(f, at, 2));
	learn(facts, XS_FIELD_arp_hlen, number(f, at + 4, 1));
	learn(facts, XS_FIELD_arp_plen, number(f, at + 5, 1));
	learn(facts, XS_FIELD_arp_operation, number(f, at + 6, 2));
	if (has(f, at + 14, 4))
		learn(facts, XS_FIELD_arp_saddr, number(f, at + 14, 4));
	if (has(f, at + 24, 4))
		learn(facts, XS_FIELD_arp_daddr, number(f, at + 24, 4));
	return XS_REASON_none;
}

static bool is_tag(unsigned int ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8;
}

static enum xs_reason dissect(struct facts *facts, const struct frame *f, __u32 queue)
{
	unsigned int ethertype, tags = 0;
	size_t at = 14;

	if (!has(f, 0, 14))
		return XS_REASON_malformed_eth;
	learn(facts, XS_FIELD_meta_length, f->len);
	learn(facts, XS_FIELD_meta_rxqueue, queue);
	learn(facts, XS_FIELD_ether_daddr, number(f, 0, 6));
	learn(facts, XS_FIELD_ether_saddr, number(f, 6, 6));

	ethertype = number(f, 12, 2);
	while (is_tag(ethertype)) {
		if (tags++ == 4 || !has(f, at, 4))
			return XS_REASON_malformed_vlan;
		if (tags == 1) {
			learn(facts, XS_FIELD_vlan_pcp, number(f, at, 1) / 32);
			learn(facts, XS_FIELD_vlan_dei, number(f, at, 1) / 16 % 2);
			learn(facts, XS_FIELD_vlan_id, number(f, at, 2) % 4096);
		}
		if (tags == 2) {
			learn(facts, XS_FIELD_vlan_inner_pcp, number(f, at, 1) / 32);
			learn(facts, XS_FIELD_vlan_inner_id, number(f, at, 2) % 4096);
		}
		ethertype = number(f, at + 2, 2);
		at += 4;
	}
	learn(facts, XS_FIELD_ether_type, ethertype);
	learn(facts, XS_FIELD_meta_protocol, ethertype);
	if (ethertype == 0x0800 || ethertype == 0x86dd)
		learn(facts, XS_FIELD_meta_nfproto, ethertype);
	if (ethertype == 0x0800)
		return dissect_ipv4(facts, f, at);
	if (ethertype == 0x86dd)
		return dissect_ipv6(facts, f, at);
	if (ethertype == 0x0806)
		return dissect_arp(facts, f, at);
	return XS_REASON_none;
}

static bool among(const struct xs_match *match, xs_u128 value)
{
	for (__u32 i = 0; i < match->range_cnt; i++)
		if (match->ranges[i].lo <= value && value <= match->ranges[i].hi)
			return true;
	return false;
}

/* One port field or both: `port` holds if either is among the values, `!=` if neither is. */
static bool port_holds(const struct xs_match *match, const struct facts *facts, enum xs_field sport,
		       enum xs_field dport)
{
	bool either;

	if (!facts->there[sport])
		return false;
	either = among(match, facts->value[sport]) || among(match, facts->value[dport]);
	return match->negate ? !either : either;
}

/* Whether an element of the declaration is the address, or a prefix of it. */
static bool is_member(const struct xs_dynamic_set *set, xs_u128 addr)
{
	unsigned int bits = set->family == XS_FAMILY_ipv4 ? 32 : 128;

	for (__u32 i = 0; i < set->element_cnt; i++) {
		unsigned int host = bits - set->elements[i].prefixlen;

		if (host == 128 || addr >> host == set->elements[i].addr >> host)
			return true;
	}
	return false;
}

static bool match_holds(const struct xs_dynamic_set *sets, const struct xs_match *match,
			const struct facts *facts)
{
	bool found;

	switch (match->field) {
	case XS_FIELD_tcp:
	case XS_FIELD_udp:
	case XS_FIELD_sctp:
	case XS_FIELD_dccp:
	case XS_FIELD_udplite:
	case XS_FIELD_icmp:
	case XS_FIELD_icmpv6:
	case XS_FIELD_arp:
		return facts->there[match->field];
	case XS_FIELD_tcp_port:
		return port_holds(match, facts, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport);
	case XS_FIELD_udp_port:
		return port_holds(match, facts, XS_FIELD_udp_sport, XS_FIELD_udp_dport);
	case XS_FIELD_sctp_port:
		return port_holds(match, facts, XS_FIELD_sctp_sport, XS_FIELD_sctp_dport);
	case XS_FIELD_dccp_port:
		return port_holds(match, facts, XS_FIELD_dccp_sport, XS_FIELD_dccp_dport);
	case XS_FIELD_udplite_port:
		return port_holds(match, facts, XS_FIELD_udplite_sport, XS_FIELD_udplite_dport);
	case XS_FIELD_th_port:
		return port_holds(match, facts, XS_FIELD_th_sport, XS_FIELD_th_dport);
	default:
		if (!facts->there[match->field])
			return false;
		found = match->set ? is_member(&sets[match->set - 1], facts->value[match->field])
				   : among(match, facts->value[match->field]);
		return match->negate ? !found : found;
	}
}

/* A concatenation with !=: its fields are there, and no element has all their values. */
static bool tuples_hold(const struct xs_match *matches, const struct facts *facts)
{
	__u32 fields = matches->tuple;

	for (__u32 i = 0; i < fields; i++) {
		const struct xs_match there = { .field = matches[i].field, .negate = true };

		if (!match_holds(NULL, &there, facts))
			return false;
	}
	for (__u32 t = 0; t < matches->range_cnt; t += fields) {
		__u32 same = 0;

		for (__u32 i = 0; i < fields; i++) {
			const struct xs_match one = { .field = matches[i].field,
						      .range_cnt = 1,
						      .ranges = &matches->ranges[t + i] };

			same += match_holds(NULL, &one, facts);
		}
		if (same == fields)
			return false;
	}
	return true;
}

static bool rule_holds(const struct xs_dynamic_set *sets, const struct xs_rule *rule,
		       const struct facts *facts)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];

		if (!(match->tuple ? tuples_hold(match, facts) : match_holds(sets, match, facts)))
			return false;
	}
	return true;
}

static bool listed(const __u32 *list, __u32 cnt, __u32 wanted)
{
	for (__u32 i = 0; i < cnt; i++)
		if (list[i] == wanted)
			return true;
	return false;
}

/* `slot N` needs a socket of the frame's queue; in the queue's own slot it always is. */
static bool takes(const struct oracle_world *w, const struct xs_action *action, __u32 queue)
{
	if (action->own_slot)
		return listed(w->slots, w->slot_cnt, action->target + queue);
	return queue == w->slot_queue && listed(w->slots, w->slot_cnt, action->target);
}

/* From a verdict to what happens in this world. */
static void act(struct oracle_result *r, const struct xs_action *action,
		const struct oracle_world *w, __u32 queue)
{
	r->verdict = r->done = action->verdict;
	switch (action->verdict) {
	case XS_VERDICT_xsk:
	case XS_VERDICT_chain:
		if (w && takes(w, action, queue))
			break;
		r->fallback = action->verdict == XS_VERDICT_chain ? XS_REASON_no_chain
								  : XS_REASON_no_socket;
		r->done = action->otherwise;
		break;
	case XS_VERDICT_cpu:
		/* Which one is not said; all of a test's take frames. */
		if (w && action->own_slot == XS_SLOT_SPREAD && w->cpu_cnt)
			break;
		if (w && listed(w->cpus, w->cpu_cnt, action->target))
			break;
		r->fallback = XS_REASON_no_cpu;
		r->done = XS_VERDICT_pass;
		break;
	case XS_VERDICT_dev:
		if (w && listed(w->devs, w->dev_cnt, action->target))
			break;
		r->fallback = XS_REASON_no_dev;
		r->done = XS_VERDICT_pass;
		break;
	}
	r->xdp = r->done == XS_VERDICT_pass   ? XDP_PASS
		 : r->done == XS_VERDICT_drop ? XDP_DROP
		 : r->done == XS_VERDICT_tx   ? XDP_TX
					      : XDP_REDIRECT;
}

/* The leading `prefix` bits of an address of `bits`. */
static xs_u128 network(xs_u128 addr, __u32 bits, __u32 prefix)
{
	return prefix < bits ? addr >> (bits - prefix) : addr;
}

static struct oracle_key address_key(const struct facts *facts, enum xs_field field, __u32 family,
				     __u32 prefix)
{
	struct oracle_key key = { .family = family };

	if (!facts->there[field])
		return (struct oracle_key){ .family = 0 };
	key.addr[0] = network(facts->value[field], family == 4 ? 32 : 128, prefix);
	return key;
}

static struct oracle_key flow_key(const struct facts *facts)
{
	struct oracle_key key = { .family = 0 };
	bool is_ipv6 = facts->there[XS_FIELD_ip6_saddr];

	if (!is_ipv6 && !facts->there[XS_FIELD_ip_saddr])
		return key;
	key.family = is_ipv6 ? 6 : 4;
	key.addr[0] = facts->value[is_ipv6 ? XS_FIELD_ip6_saddr : XS_FIELD_ip_saddr];
	key.addr[1] = facts->value[is_ipv6 ? XS_FIELD_ip6_daddr : XS_FIELD_ip_daddr];
	key.protocol = (__u32)facts->value[XS_FIELD_meta_l4proto];
	if (facts->there[XS_FIELD_th_sport]) {
		key.ports[0] = 1 + (__u32)facts->value[XS_FIELD_th_sport];
		key.ports[1] = 1 + (__u32)facts->value[XS_FIELD_th_dport];
	}
	return key;
}

static struct oracle_key key_of(const struct xs_limit *limit, const struct facts *facts)
{
	switch ((enum xs_limit_per)limit->per) {
	case XS_LIMIT_PER_ip_saddr:
		return address_key(facts, XS_FIELD_ip_saddr, 4, limit->prefix);
	case XS_LIMIT_PER_ip_daddr:
		return address_key(facts, XS_FIELD_ip_daddr, 4, limit->prefix);
	case XS_LIMIT_PER_ip6_saddr:
		return address_key(facts, XS_FIELD_ip6_saddr, 6, limit->prefix);
	case XS_LIMIT_PER_ip6_daddr:
		return address_key(facts, XS_FIELD_ip6_daddr, 6, limit->prefix);
	case XS_LIMIT_PER_flow:
		return flow_key(facts);
	case XS_LIMIT_PER_RULE:
		break;
	}
	return (struct oracle_key){ .family = 0 };
}

static bool is_within(struct oracle_memory *memory, const struct xs_ruleset *ruleset, int rule,
		      const struct facts *facts, size_t len)
{
	const struct xs_limit *limit = rule < 0 ? NULL : &ruleset->rules[rule].limit;
	struct oracle_key key;

	if (!memory || !limit || !limit->rate)
		return true;
	key = key_of(limit, facts);
	return oracle_take(memory, limit, (__u32)rule, &key, limit->by_bytes ? (__u32)len : 1);
}

static void refuse(struct oracle_result *result, const struct xs_rule *rule)
{
	result->verdict = rule->action.verdict;
	result->done = rule->limit.otherwise;
	result->fallback = XS_REASON_over_limit;
	result->xdp = result->done == XS_VERDICT_drop ? XDP_DROP : XDP_PASS;
}

struct oracle_result oracle_run(const struct xs_ruleset *ruleset, const struct oracle_world *world,
				const void *frame, size_t len, __u32 queue)
{
	return oracle_run_next(ruleset, world, NULL, frame, len, queue);
}

struct oracle_result oracle_run_next(const struct xs_ruleset *ruleset,
				     const struct oracle_world *world, struct oracle_memory *memory,
				     const void *frame, size_t len, __u32 queue)
{
	const struct xs_action *action = &ruleset->default_action;
	struct oracle_result result = { .rule = -1 };
	struct frame f = { frame, len };
	struct facts facts = { 0 };

	result.reason = dissect(&facts, &f, queue);
	if (result.reason != XS_REASON_none) {
		act(&result, &ruleset->malformed_action, world, queue);
		return result;
	}
	result.reason = XS_REASON_default;
	for (__u32 i = 0; i < ruleset->rule_cnt; i++) {
		if (!rule_holds(ruleset->sets, &ruleset->rules[i], &facts))
			continue;
		result.rule = i;
		result.reason = XS_REASON_none;
		action = &ruleset->rules[i].action;
		break;
	}
	if (is_within(memory, ruleset, result.rule, &facts, len))
		act(&result, action, world, queue);
	else
		refuse(&result, &ruleset->rules[result.rule]);
	return result;
}
