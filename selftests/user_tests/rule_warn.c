// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Warnings about rules: what is found, what is not found, and that no warning is ever wrong,
 * by trying the rules one after the other with random frames.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../rule_errors.h"
#include "lib/rules/model/field.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static void parse(struct xs_ruleset *set, const char *text)
{
	assert_int_equal(test_parse_rules(set, text), 0);
}

/* The last rule of the text, and it alone, is warned of, by a message with `part`; or none is. */
static void assert_warning(const char *text, const char *part)
{
	struct xs_rule_warnings warnings = {};
	struct xs_ruleset set;

	parse(&set, text);
	assert_int_equal(xs_rules_warn(&set, &warnings), 0);
	if (warnings.cnt != (part ? 1 : 0) ||
	    (part && (warnings.warnings[0].rule != set.rule_cnt - 1 ||
		      !strstr(warnings.warnings[0].message, part)))) {
		fprintf(stderr, "'%s': want %s, got\n", text, part ? part : "nothing");
		xs_rule_warnings_print(stderr, &set, &warnings);
		fail();
	}
	xs_rule_warnings_free(&warnings);
	xs_ruleset_free(&set);
}

#define JUMPS "table netdev t { chain c { type filter hook input priority 0; udp drop; "
#define CHAIN "table netdev t { chain c { type filter hook input priority 0;\n"

static const char *const never[][2] = {
	{ "ip saddr 1.2.3.4 ip6 daddr ::1 drop", "IPv4 and IPv6" },
	{ "icmp icmpv6 drop", "IPv4 and IPv6" },
	{ "icmp ip6 hoplimit 3 drop", "IPv4 and IPv6" },
	{ "tcp udp drop", "protocols" },
	{ CHAIN "ip ttl 1 jump a\n}\nchain a {\ntcp udp drop\n}\n}", "protocols" },
	{ "tcp dport 1 udp dport 1 drop", "protocols" },
	{ "ip protocol gre th dport 1 drop", "protocols" },
	{ "ip protocol tcp meta l4proto udp drop", "protocols" },
	{ "ip6 nexthdr udp tcp drop", "protocols" },
	{ "ip6 nexthdr tcp meta fragment first drop", "protocols" },
	{ "ip6 saddr ::1 meta l4proto ipv6-route meta fragment none drop", "protocols" },
	{ "ether type arp ip ttl 1 drop", "ether type" },
	{ "ether type ip ip6 hoplimit 1 drop", "ether type" },
	{ "ether type != { ip, ip6 } tcp drop", "contradicts the other matches" },
	{ "ether type != ip ip ttl 1 drop", "contradicts the other matches" },
	{ "ether type { 8021q, arp } udp drop", "contradicts the other matches" },
	{ "ether type 0x8000-0x8200 udp drop", "contradicts the other matches" },
	{ "ether type 8021q drop", "VLAN tags" },
	{ "ether type 8021q tcp drop", "VLAN tags" },
	{ "ether type 0x8000-0x8200 ether type 8021q udp drop", "VLAN tags" },
	{ "ether type { 8021q, 8021ad } drop", "VLAN tags" },
	{ "tcp sport 5 tcp sport != 5 drop", "'tcp sport'" },
	{ "ip saddr 10.0.0.0/8 ip saddr 11.0.0.0/8 drop", "'ip saddr'" },
	{ "ip saddr 10.0.0.0/8 ip saddr != 10.0.0.0-10.255.255.255 drop", "'ip saddr'" },
	{ "ip6 saddr != ::/0 drop", "'ip6 saddr'" },
	{ "meta fragment != { none, first, later } drop", "'meta fragment'" },
	{ "ip ttl != 0-255 drop", "'ip ttl'" },
	{ "tcp flags syn / ack drop", "'tcp flags'" },
	{ "tcp port != 0-65535 drop", "'tcp port'" },
	{ "tcp port 5 tcp sport 6 tcp dport 7 drop", "ports" },
	{ "tcp port 5 tcp port 6 tcp port 7 drop", "ports" },
	{ "tcp port != 5 tcp dport 5 drop", "ports" },
	{ "tcp sport 5 th sport 6 drop", "ports" },
	{ "tcp dport 80 meta fragment later drop", "later fragments" },
	{ "meta length 0 drop", "shorter than its Ethernet header" },
	{ "meta length 0-13 drop", "shorter than its Ethernet header" },
	{ "meta length 13 ip ttl 1 drop", "shorter than its Ethernet header" },
	{ "meta length 14 ip ttl 1 drop", "too short for the other matches" },
	{ "meta length 17 vlan id 1 drop", "too short" },
	{ "meta length 33 ip ttl 1 drop", "too short" },
	{ "meta length 53 tcp dport 1 drop", "too short" },
	{ "meta length 73 ip6 hoplimit 1 tcp dport 1 drop", "too short" },
	{ "meta length 3000000 drop", "'meta length'" },
	{ "meta rxqueue 70000 drop", "'meta rxqueue'" },
	{ "tcp port 1 tcp port 2 tcp port 3 tcp port 4 tcp port 5 tcp port 6 tcp port 7 drop",
	  "ports" },
	{ "ip ttl < 0 drop", "'ip ttl'" },
	{ "tcp dport > 65535 drop", "'tcp dport'" },
	{ "ip saddr & 255.0.0.0 == 10.0.0.1 drop", "'ip saddr'" },
	{ "meta nfproto ipv4 ip6 hoplimit 1 drop", "contradicts the other matches" },
	{ "meta protocol arp udp drop", "contradicts the other matches" },
	{ "dccp udplite drop", "protocols" },
	{ "tcp flags != syn drop", "compares the whole byte" },
	{ "tcp flags != syn,ack tcp dport 80 drop", "compares the whole byte" },
	/* The neighbours of these, which can hold. */
	{ "tcp flags != { syn } drop", NULL },
	{ "tcp flags != syn / syn,ack drop", NULL },
	{ "tcp flags & syn != 0 drop", NULL },
	{ "tcp flags ! syn drop", NULL },
	{ "meta nfproto ipv6 udplite dport 1 drop", NULL },
	{ "icmp ip ttl 3 drop", NULL },
	{ "tcp th dport 1 drop", NULL },
	{ "ip protocol dccp th dport 1 drop", NULL },
	{ "ip6 nexthdr 0 tcp drop", NULL },
	{ "ip6 nexthdr ipv6-frag meta fragment none tcp drop", NULL },
	{ "ip6 nexthdr ipv6-frag meta fragment later meta l4proto ipv6-route drop", NULL },
	{ "ip ttl 1 meta l4proto ipv6-route meta fragment none drop", NULL },
	{ "ether type != ip tcp drop", NULL },
	{ "ether type != { ip, ip6 } drop", NULL },
	{ "ether type { 8021q, arp } drop", NULL },
	{ "ether type ip tcp drop", NULL },
	{ "tcp port 5 tcp sport 6 drop", NULL },
	{ "tcp port 5 tcp port 6 drop", NULL },
	{ "tcp port 5 tcp port 6 tcp port 5-6 drop", NULL },
	{ "tcp meta fragment later drop", NULL },
	{ "meta length 14 drop", NULL },
	{ "meta length 18 vlan id 1 drop", NULL },
	{ "meta length 54 tcp dport 1 drop", NULL },
	{ "meta length 74 ip6 hoplimit 1 tcp dport 1 drop", NULL },
	{ "drop", NULL },
};

static void what_can_never_hold_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(never); i++)
		assert_warning(never[i][0], never[i][1]);
}

static const struct {
	const char *text;
	bool covered;
} covers[] = {
	{ JUMPS "jump a\n}\nchain a {\nudp drop\n}\n}", true },
	/* one of several copies may be asked */
	{ JUMPS "ip ttl 1 jump a; jump a\n}\nchain a {\nudp drop\n}\n}", false },
	{ "drop\nudp drop", true },
	{ "udp drop\ndrop", false },
	{ "udp drop\nudp drop", true },
	{ "udp drop\nudp dport 5 pass", true },
	{ "udp dport 5 drop\nudp pass", false },
	{ "tcp drop\nip protocol tcp pass", true },
	{ "ip protocol tcp drop\ntcp ip ttl 1 pass", true },
	{ "ip protocol tcp drop\ntcp pass", false },
	{ "meta l4proto tcp drop\ntcp flags syn pass", true },
	{ "ip saddr 10.0.0.0/8 drop\nip saddr 10.1.0.0/16 tcp dport 80 pass", true },
	{ "ip saddr 10.0.0.0/8 drop\nip saddr 11.1.0.0/16 tcp dport 80 pass", false },
	{ "ip saddr 10.0.0.1-10.0.0.9 drop\nip saddr { 10.0.0.2, 10.0.0.9 } pass", true },
	{ "ip saddr 10.0.0.1-10.0.0.9 drop\nip saddr { 10.0.0.2, 10.0.0.10 } pass", false },
	{ "ip saddr != 10.0.0.1 drop\nip saddr 10.0.0.0 pass", true },
	{ "ip saddr != 10.0.0.1 drop\nip saddr 10.0.0.0/31 pass", false },
	{ "ip saddr != 10.0.0.1 drop\nip saddr != 10.0.0.0/31 pass", true },
	{ "ip saddr != 10.0.0.0/31 drop\nip saddr != 10.0.0.1 pass", false },
	{ "ip saddr 0.0.0.0/1 drop\nip saddr != 128.0.0.0/1 pass", true },
	{ "ip saddr 0.0.0.0-127.255.255.254 drop\nip saddr != 128.0.0.0/1 pass", false },
	{ "th dport 80-90 drop\ntcp dport 85 pass", true },
	{ "tcp dport 80-90 drop\nth dport 85 pass", false },
	{ "tcp dport 80-90 drop\nmeta l4proto 6 th dport 85 pass", true },
	{ "tcp port 80 drop\ntcp sport 80 pass", true },
	{ "tcp port 80 drop\ntcp sport 80 dev x", true },
	{ "tcp sport 80 drop\ntcp port 80 pass", false },
	{ "tcp port != 80 drop\ntcp port 81 pass", false },
	{ "tcp port != 80 drop\ntcp port != { 80, 81 } pass", true },
	{ "tcp port 0-79 drop\ntcp port != 79-65535 pass", true },
	{ "icmp drop\nicmp type 8 pass", true },
	{ "ether type ip drop\nip ttl 1 pass", true },
	{ "ether type != arp drop\nip ttl 1 pass", true },
	{ "ether type ip drop\ntcp pass", false },
	{ "meta fragment { none, first } drop\nudp dport 1 pass", true },
	{ "ip6 nexthdr tcp drop\ntcp ip6 hoplimit 1 pass", false },
	{ "tcp drop\nip6 nexthdr tcp pass", true },
	{ "meta l4proto ipv6-frag drop\nip6 nexthdr ipv6-frag pass", false },
	{ "vlan id 1 drop\nvlan id 1 vlan pcp 2 pass", true },
	{ "vlan id 1 vlan pcp 2 drop\nvlan id 1 pass", false },
	{ "ip6 saddr 2001:db8::/32 drop\nip6 saddr 2001:db8:1::/48 pass", true },
	{ "tcp flags syn drop\ntcp flags syn / 0xff pass", true },
	{ "ip ttl 0-64 drop\nether type ip ip ttl 5 pass", true },
	{ "tcp dport 5 tcp sport 6 drop\ntcp port 5 tcp sport 6 tcp dport 5 pass", true },
	{ "meta fragment none drop\nip6 nexthdr tcp pass", true },
	{ "meta fragment none drop\nip6 nexthdr ipv6-frag pass", false },
	{ "meta l4proto { 6, 17, 33, 132, 136 } drop\nth dport 5 pass", true },
	{ "th dport 0-65535 drop\ntcp dport 5 pass", true },
	{ "th port 5 drop\ntcp sport 5 pass", true },
	{ "ip protocol tcp drop\nether type ip tcp pass", true },
};

static void what_an_earlier_rule_covers_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(covers); i++)
		assert_warning(covers[i].text, covers[i].covered ? "line 1 covers it" : NULL);
}

/* A frame as the rules see it: one value for each field, two for a port of either side. */
struct frame {
	bool has[XS_FIELD_MAX];
	xs_u128 value[XS_FIELD_MAX];
	__u32 sport, dport;
};

static __u32 pick(__u32 n)
{
	return (__u32)rand() % n;
}

static __u32 pick_of(const __u32 *values, __u32 n)
{
	return values[pick(n)];
}

static void set_field(struct frame *frame, enum xs_field field, xs_u128 value)
{
	frame->has[field] = true;
	frame->value[field] = value;
}

static void make_ports(struct frame *frame, enum xs_field sport, enum xs_field dport,
		       enum xs_field port)
{
	set_field(frame, sport, frame->sport);
	set_field(frame, dport, frame->dport);
	set_field(frame, port, 0);
}

static void make_l4(struct frame *frame, __u32 proto, bool ip6, bool later)
{
	static const struct {
		__u32 proto;
		enum xs_field alone, sport, dport, port;
	} ported[] = {
		{ 6, XS_FIELD_tcp, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport, XS_FIELD_tcp_port },
		{ 17, XS_FIELD_udp, XS_FIELD_udp_sport, XS_FIELD_udp_dport, XS_FIELD_udp_port },
		{ 132, XS_FIELD_sctp, XS_FIELD_sctp_sport, XS_FIELD_sctp_dport,
		  XS_FIELD_sctp_port },
		{ 33, XS_FIELD_dccp, XS_FIELD_dccp_sport, XS_FIELD_dccp_dport, XS_FIELD_dccp_port },
		{ 136, XS_FIELD_udplite, XS_FIELD_udplite_sport, XS_FIELD_udplite_dport,
		  XS_FIELD_udplite_port },
	};
	bool icmp = proto == 1 && !ip6, icmpv6 = proto == 58 && ip6;

	frame->has[XS_FIELD_icmp] = icmp;
	frame->has[XS_FIELD_icmpv6] = icmpv6;
	for (size_t i = 0; i < CNT(ported); i++) {
		if (proto != ported[i].proto)
			continue;
		frame->has[ported[i].alone] = true;
		if (!later)
			make_ports(frame, ported[i].sport, ported[i].dport, ported[i].port);
	}
	if (later)
		return;
	if (proto == 6 || proto == 17 || proto == 132 || proto == 33 || proto == 136)
		make_ports(frame, XS_FIELD_th_sport, XS_FIELD_th_dport, XS_FIELD_th_port);
	if (proto == 6)
		set_field(frame, XS_FIELD_tcp_flags, pick(4));
	if (icmp || icmpv6) {
		set_field(frame, icmp ? XS_FIELD_icmp_type : XS_FIELD_icmpv6_type, pick(4));
		set_field(frame, icmp ? XS_FIELD_icmp_code : XS_FIELD_icmpv6_code, pick(4));
	}
}

/* A tunnel by its port, or a GRE header; with what tells it apart, or cut short. */
static void make_tunnel(struct frame *frame, __u32 proto)
{
	if (proto == 17 && !pick(2)) {
		frame->dport = pick(2) ? XS_PORT_VXLAN : XS_PORT_GENEVE;
		set_field(frame, XS_FIELD_udp_dport, frame->dport);
		set_field(frame, XS_FIELD_th_dport, frame->dport);
		if (pick(3))
			set_field(frame,
				  frame->dport == XS_PORT_VXLAN ? XS_FIELD_vxlan_vni
								: XS_FIELD_geneve_vni,
				  pick(4));
	}
	if (proto == 47 && pick(3))
		set_field(frame, XS_FIELD_gre_key, pick(4));
}

static bool is_walked(__u32 nexthdr)
{
	return nexthdr == 0 || nexthdr == 43 || nexthdr == 44 || nexthdr == 51 || nexthdr == 60;
}

static void set_type(struct frame *frame, __u32 type)
{
	set_field(frame, XS_FIELD_ether_type, type);
	set_field(frame, XS_FIELD_meta_protocol, type);
	if (type == 0x800 || type == 0x86dd)
		set_field(frame, XS_FIELD_meta_nfproto, type);
}

/* With its header, or cut short. */
static void make_arp(struct frame *frame)
{
	frame->has[XS_FIELD_arp] = true;
	if (!pick(3))
		return;
	set_field(frame, XS_FIELD_arp_operation, pick(4));
	set_field(frame, XS_FIELD_arp_htype, pick(4));
	set_field(frame, XS_FIELD_arp_hlen, pick(4));
	set_field(frame, XS_FIELD_arp_plen, pick(4));
	if (!pick(3))
		return;
	set_field(frame, XS_FIELD_arp_saddr, pick(4));
	if (pick(3))
		set_field(frame, XS_FIELD_arp_daddr, pick(4));
}

/* All frames of few values, as the design's parser would describe them. */
static void make_frame(struct frame *frame)
{
	static const __u32 protos[] = { 1, 6, 17, 33, 43, 47, 58, 132, 136 };
	static const __u32 others[] = { 0x806, 0x88cc };
	static const __u32 next[] = { 0, 6, 17, 44, 58 };
	__u32 shape = pick(5), fragment = pick(3), proto = pick_of(protos, CNT(protos));

	memset(frame, 0, sizeof(*frame));
	frame->sport = pick(4);
	frame->dport = pick(4);
	set_field(frame, XS_FIELD_ether_saddr, pick(4));
	set_field(frame, XS_FIELD_ether_daddr, pick(4));
	set_field(frame, XS_FIELD_meta_length, 100 + pick(4));
	set_field(frame, XS_FIELD_meta_rxqueue, pick(4));
	if (pick(2)) {
		set_field(frame, XS_FIELD_vlan_id, pick(4));
		set_field(frame, XS_FIELD_vlan_pcp, pick(4));
		set_field(frame, XS_FIELD_vlan_dei, pick(2));
	}
	if (frame->has[XS_FIELD_vlan_id] && pick(2)) {
		set_field(frame, XS_FIELD_vlan_inner_id, pick(4));
		set_field(frame, XS_FIELD_vlan_inner_pcp, pick(4));
	}
	if (!shape) {
		set_type(frame, pick_of(others, CNT(others)));
		if (frame->value[XS_FIELD_ether_type] == 0x806)
			make_arp(frame);
		return;
	}
	if (shape > 2) {
		__u32 nexthdr = pick_of(next, CNT(next));

		if (!is_walked(nexthdr)) {
			fragment = XS_FRAGMENT_none;
			proto = nexthdr;
		} else if (fragment != XS_FRAGMENT_later && is_walked(proto)) {
			proto = 6;
		}
		set_type(frame, 0x86dd);
		set_field(frame, XS_FIELD_ip6_saddr, pick(4));
		set_field(frame, XS_FIELD_ip6_daddr, pick(4));
		set_field(frame, XS_FIELD_ip6_nexthdr, nexthdr);
		set_field(frame, XS_FIELD_ip6_dscp, pick(4));
		set_field(frame, XS_FIELD_ip6_hoplimit, pick(4));
		set_field(frame, XS_FIELD_ip6_ecn, pick(4));
		set_field(frame, XS_FIELD_ip6_flowlabel, pick(4));
	} else {
		set_type(frame, 0x800);
		set_field(frame, XS_FIELD_ip_saddr, pick(4));
		set_field(frame, XS_FIELD_ip_daddr, pick(4));
		set_field(frame, XS_FIELD_ip_protocol, proto);
		set_field(frame, XS_FIELD_ip_dscp, pick(4));
		set_field(frame, XS_FIELD_ip_ttl, pick(4));
		set_field(frame, XS_FIELD_ip_ecn, pick(4));
		set_field(frame, XS_FIELD_ip_length, pick(4));
		set_field(frame, XS_FIELD_ip_id, pick(4));
		set_field(frame, XS_FIELD_ip_frag_off, pick(4));
		set_field(frame, XS_FIELD_ip_hdrlength, pick(4));
	}
	set_field(frame, XS_FIELD_meta_l4proto, proto);
	set_field(frame, XS_FIELD_meta_fragment, fragment);
	make_l4(frame, proto, shape > 2, fragment == XS_FRAGMENT_later);
	if (fragment != XS_FRAGMENT_later)
		make_tunnel(frame, proto);
	if (frame->has[XS_FIELD_tcp_dport] || frame->has[XS_FIELD_udp_dport])
		set_field(frame, XS_FIELD_ct_state, pick(XS_CT_STATE_MAX));
}

static bool is_in(const struct xs_match *match, xs_u128 v)
{
	for (__u32 i = 0; i < match->range_cnt; i++)
		if (v >= match->ranges[i].lo && v <= match->ranges[i].hi)
			return true;
	return false;
}

static bool holds(const struct xs_match *match, const struct frame *frame)
{
	const char *text = xs_fields[match->field].text;
	bool in;

	if (!frame->has[match->field])
		return false;
	if (!xs_fields[match->field].bits)
		return true;
	if (!strcmp(text + strlen(text) - 5, " port"))
		in = is_in(match, frame->sport) || is_in(match, frame->dport);
	else
		in = is_in(match, frame->value[match->field]);
	return in != match->negate;
}

static bool meets(const struct xs_rule *rule, const struct frame *frame)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (!holds(&rule->matches[i], frame))
			return false;
	return true;
}

/* A value that make_frame() may give the field, or next to it. */
static int put_random_value(char *to, size_t size, enum xs_field field)
{
	static const char *const protos[] = {
		"1", "6", "17", "33", "43", "47", "58", "132", "136"
	};
	static const char *const next[] = { "0", "6", "17", "44", "58" };
	static const char *const types[] = { "ip", "ip6", "arp", "8021q" };
	static const char *const fragments[] = { "none", "first", "later" };
	static const char *const ct_states[] = { "new", "established", "related" };

	switch (field) {
	case XS_FIELD_ether_saddr:
	case XS_FIELD_ether_daddr:
		return snprintf(to, size, "00:00:00:00:00:0%u", pick(4));
	case XS_FIELD_ip_saddr:
	case XS_FIELD_ip_daddr:
	case XS_FIELD_arp_saddr:
	case XS_FIELD_arp_daddr:
		return snprintf(to, size, "0.0.0.%u", pick(4));
	case XS_FIELD_ip6_saddr:
	case XS_FIELD_ip6_daddr:
		return snprintf(to, size, "::%u", pick(4));
	case XS_FIELD_ip_protocol:
	case XS_FIELD_meta_l4proto:
		return snprintf(to, size, "%s", protos[pick(CNT(protos))]);
	case XS_FIELD_ip6_nexthdr:
		return snprintf(to, size, "%s", next[pick(CNT(next))]);
	case XS_FIELD_meta_nfproto:
		return snprintf(to, size, "%s", pick(2) ? "ipv4" : "ipv6");
	case XS_FIELD_ether_type:
	case XS_FIELD_meta_protocol:
		return snprintf(to, size, "%s", types[pick(CNT(types))]);
	case XS_FIELD_meta_fragment:
		return snprintf(to, size, "%s", fragments[pick(CNT(fragments))]);
	case XS_FIELD_ct_state:
		return snprintf(to, size, "%s", ct_states[pick(CNT(ct_states))]);
	case XS_FIELD_vlan_dei:
		return snprintf(to, size, "%u", pick(2));
	case XS_FIELD_meta_length:
		return snprintf(to, size, "%u", 100 + pick(4));
	default:
		return snprintf(to, size, "%u", pick(4));
	}
}

static size_t put_random_match(char *to, size_t size)
{
	enum xs_field field = (enum xs_field)pick(XS_FIELD_MAX);
	size_t n = (size_t)snprintf(to, size, "%s ", xs_fields[field].text);

	if (!xs_fields[field].bits)
		return n;
	if (!pick(3))
		n += (size_t)snprintf(to + n, size - n, "!= ");
	if (field == XS_FIELD_tcp_flags)
		return n + (size_t)snprintf(to + n, size - n, "%u / %u ", pick(4), pick(4));
	n += (size_t)snprintf(to + n, size - n, "{ ");
	for (__u32 i = pick(3) + 1; i; i--) {
		n += (size_t)put_random_value(to + n, size - n, field);
		n += (size_t)snprintf(to + n, size - n, ", ");
	}
	return n + (size_t)snprintf(to + n, size - n, "} ");
}

static void check_random_set(const struct xs_ruleset *set, const bool *warned, const bool *by_cover,
			     __u32 *confirmed)
{
	for (int i = 0; i < 3000; i++) {
		struct frame frame;
		bool earlier = false;

		make_frame(&frame);
		for (__u32 r = 0; r < set->rule_cnt; r++) {
			if (!meets(&set->rules[r], &frame))
				continue;
			if (warned[r] && !by_cover[r])
				fail_msg("'%s' does hold", set->rules[r].text);
			if (warned[r] && !earlier)
				fail_msg("'%s' is not covered", set->rules[r].text);
			if (warned[r])
				(*confirmed)++;
			earlier = true;
		}
	}
}

static void no_warning_is_wrong(void **state)
{
	__u32 confirmed = 0, nevers = 0;

	(void)state;
	srand(7);
	for (int round = 0; round < 400; round++) {
		enum { RULES = 30 };
		bool warned[RULES] = {}, by_cover[RULES] = {};
		struct xs_rule_warnings warnings = {};
		struct xs_ruleset set;
		char text[16384];
		size_t n = 0;

		for (int r = 0; r < RULES; r++) {
			for (__u32 m = pick(3) + 1; m; m--)
				n += put_random_match(text + n, sizeof(text) - n);
			n += (size_t)snprintf(text + n, sizeof(text) - n, "drop\n");
		}
		parse(&set, text);
		assert_int_equal(xs_rules_warn(&set, &warnings), 0);
		for (__u32 i = 0; i < warnings.cnt; i++) {
			warned[warnings.warnings[i].rule] = true;
			by_cover[warnings.warnings[i].rule] =
				!strncmp(warnings.warnings[i].message, "never reached", 13);
			nevers += !by_cover[warnings.warnings[i].rule];
		}
		check_random_set(&set, warned, by_cover, &confirmed);
		xs_rule_warnings_free(&warnings);
		xs_ruleset_free(&set);
	}
	/* Otherwise the test has tried nothing. */
	assert_true(confirmed > 1000);
	assert_true(nevers > 100);
}

/* If no frame of very many matches a rule with their values, there is a warning about the rule. */
static void few_rules_that_never_hold_are_missed(void **state)
{
	enum { FRAMES = 200000, RULES = 150 };
	struct frame *frames = malloc(FRAMES * sizeof(*frames));
	__u32 missed = 0, found = 0;

	(void)state;
	assert_non_null(frames);
	srand(11);
	for (int i = 0; i < FRAMES; i++)
		make_frame(&frames[i]);
	for (int r = 0; r < RULES; r++) {
		struct xs_rule_warnings warnings = {};
		struct xs_ruleset set;
		char text[1000];
		size_t n = 0;
		bool met = false;

		for (int m = 0; m < 2; m++)
			n += put_random_match(text + n, sizeof(text) - n);
		snprintf(text + n, sizeof(text) - n, "drop\n");
		parse(&set, text);
		assert_int_equal(xs_rules_warn(&set, &warnings), 0);
		for (int i = 0; i < FRAMES && !met; i++)
			met = meets(&set.rules[0], &frames[i]);
		if (met)
			assert_int_equal(warnings.cnt, 0);
		found += !met && warnings.cnt;
		if (!met && !warnings.cnt) {
			missed++;
			printf("no frame of these met: %s", text);
		}
		xs_rule_warnings_free(&warnings);
		xs_ruleset_free(&set);
	}
	free(frames);
	printf("found %u, not met %u\n", found, missed);
	assert_true(found > 20);
	/* Frames have few values, rules a few more: `!=` of all that frames have. */
	assert_true(missed <= 5);
}

static void time_grows_with_the_rules(void **state)
{
	const __u32 rules = 100000;
	struct xs_rule_warnings warnings = {};
	char *text = malloc(rules * 120ULL), *to = text;
	struct timespec begin, end;
	struct xs_ruleset set;

	(void)state;
	assert_non_null(text);
	/* Every other rule stands twice. */
	for (__u32 i = 0; i < rules; i++)
		to += sprintf(to,
			      "ip saddr 10.%u.%u.0/%u ip daddr != 10.1.1.1 tcp dport %u-%u drop\n",
			      i / 2 / 256 % 256, i / 2 % 256, 24 + i / 2 % 9, i / 2 % 50000,
			      i / 2 % 50000 + i / 2 % 300);
	parse(&set, text);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(xs_rules_warn(&set, &warnings), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(warnings.cnt >= rules / 2 * 9 / 10);
	assert_true(end.tv_sec - begin.tv_sec < 10); /* sanitizers and a busy machine included */
	xs_rule_warnings_free(&warnings);
	xs_ruleset_free(&set);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_never_hold_is_found),
		cmocka_unit_test(what_an_earlier_rule_covers_is_found),
		cmocka_unit_test(no_warning_is_wrong),
		cmocka_unit_test(few_rules_that_never_hold_are_missed),
		cmocka_unit_test(time_grows_with_the_rules),
	};

	return cmocka_run_group_tests_name("rule_warn", tests, NULL, NULL);
}
