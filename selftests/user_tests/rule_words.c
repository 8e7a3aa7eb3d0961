// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Words of single rules: each match has its ranges, each verdict its action, each name its value,
 * and the canonical text of a rule is read back as the same rule.
 */
#include <stdio.h>

#include "../rule_parse.h"

#define V6(high, low) ((xs_u128)(high) << 64 | (low))

struct one_match {
	const char *text; /* a rule without verdict */
	enum xs_field field;
	bool negate;
	__u32 range_cnt;
	struct xs_range ranges[4];
};

static const struct one_match one_matches[] = {
	{ "ether saddr 00:11:22:aa:BB:cc",
	  XS_FIELD_ether_saddr,
	  0,
	  1,
	  { { 0x001122aabbcc, 0x001122aabbcc } } },
	{ "ether daddr 33:33:00:00:00:00-33:33:ff:ff:ff:ff",
	  XS_FIELD_ether_daddr,
	  0,
	  1,
	  { { 0x333300000000, 0x3333ffffffff } } },
	{ "ether daddr 33:33:12:00:00:01/16",
	  XS_FIELD_ether_daddr,
	  0,
	  1,
	  { { 0x333300000000, 0x3333ffffffff } } },
	{ "ether type arp", XS_FIELD_ether_type, 0, 1, { { 0x806, 0x806 } } },
	{ "ether type ip", XS_FIELD_ether_type, 0, 1, { { 0x800, 0x800 } } },
	{ "ether type ip6", XS_FIELD_ether_type, 0, 1, { { 0x86dd, 0x86dd } } },
	{ "ether type { 8021q, 8021ad }",
	  XS_FIELD_ether_type,
	  0,
	  2,
	  { { 0x8100, 0x8100 }, { 0x88a8, 0x88a8 } } },
	{ "ether type vlan", XS_FIELD_ether_type, 0, 1, { { 0x8100, 0x8100 } } },
	{ "ether type 0x88CC", XS_FIELD_ether_type, 0, 1, { { 0x88cc, 0x88cc } } },
	{ "ether type 65535", XS_FIELD_ether_type, 0, 1, { { 0xffff, 0xffff } } },
	{ "vlan id 4095", XS_FIELD_vlan_id, 0, 1, { { 4095, 4095 } } },
	{ "vlan pcp 0-7", XS_FIELD_vlan_pcp, 0, 1, { { 0, 7 } } },
	{ "vlan dei 1", XS_FIELD_vlan_dei, 0, 1, { { 1, 1 } } },
	{ "arp", XS_FIELD_arp, 0, 0, {} },
	{ "arp operation { request, reply, nak }",
	  XS_FIELD_arp_operation,
	  0,
	  2,
	  { { 1, 2 }, { 10, 10 } } },
	{ "arp htype 1", XS_FIELD_arp_htype, 0, 1, { { 1, 1 } } },
	{ "arp hlen != 6", XS_FIELD_arp_hlen, 1, 1, { { 6, 6 } } },
	{ "arp plen 0-255", XS_FIELD_arp_plen, 0, 1, { { 0, 255 } } },
	{ "ip ecn { not-ect, ect0, ect1 }", XS_FIELD_ip_ecn, 0, 1, { { 0, 2 } } },
	{ "ip6 ecn ce", XS_FIELD_ip6_ecn, 0, 1, { { 3, 3 } } },
	{ "ip6 flowlabel 0x12345-0xfffff", XS_FIELD_ip6_flowlabel, 0, 1, { { 0x12345, 0xfffff } } },
	{ "vlan inner id 4095", XS_FIELD_vlan_inner_id, 0, 1, { { 4095, 4095 } } },
	{ "vlan  inner\tpcp != 7", XS_FIELD_vlan_inner_pcp, 1, 1, { { 7, 7 } } },
	{ "arp saddr ip 10.1.2.3/8", XS_FIELD_arp_saddr, 0, 1, { { 0x0a000000, 0x0affffff } } },
	{ "arp daddr ip 10.0.0.1", XS_FIELD_arp_daddr, 0, 1, { { 0x0a000001, 0x0a000001 } } },
	{ "vxlan vni 0xffffff", XS_FIELD_vxlan_vni, 0, 1, { { 0xffffff, 0xffffff } } },
	{ "geneve vni { 1, 3-4 }", XS_FIELD_geneve_vni, 0, 2, { { 1, 1 }, { 3, 4 } } },
	{ "gre key > 0", XS_FIELD_gre_key, 0, 1, { { 1, 0xffffffff } } },
	{ "ip length > 1500", XS_FIELD_ip_length, 0, 1, { { 1501, 65535 } } },
	{ "ip id 0", XS_FIELD_ip_id, 0, 1, { { 0, 0 } } },
	{ "ip frag-off & 0xe000 == 0x4000", XS_FIELD_ip_frag_off, 0, 1, { { 0x4000, 0x5fff } } },
	{ "ip hdrlength > 5", XS_FIELD_ip_hdrlength, 0, 1, { { 6, 15 } } },
	{ "ip saddr 10.1.2.3", XS_FIELD_ip_saddr, 0, 1, { { 0x0a010203, 0x0a010203 } } },
	{ "ip saddr 10.1.2.3/8", XS_FIELD_ip_saddr, 0, 1, { { 0x0a000000, 0x0affffff } } },
	{ "ip saddr 0.0.0.0/0", XS_FIELD_ip_saddr, 0, 1, { { 0, 0xffffffff } } },
	{ "ip saddr 255.255.255.255/32", XS_FIELD_ip_saddr, 0, 1, { { 0xffffffff, 0xffffffff } } },
	{ "ip daddr 10.0.0.1-10.0.0.9", XS_FIELD_ip_daddr, 0, 1, { { 0x0a000001, 0x0a000009 } } },
	{ "ip daddr 10.0.0.1 - 10.0.0.9", XS_FIELD_ip_daddr, 0, 1, { { 0x0a000001, 0x0a000009 } } },
	{ "ip daddr 10.0.0.1- 10.0.0.9", XS_FIELD_ip_daddr, 0, 1, { { 0x0a000001, 0x0a000009 } } },
	{ "ip daddr 10.0.0.1 -10.0.0.9", XS_FIELD_ip_daddr, 0, 1, { { 0x0a000001, 0x0a000009 } } },
	{ "ip saddr 10.0.0.0 / 8", XS_FIELD_ip_saddr, 0, 1, { { 0x0a000000, 0x0affffff } } },
	{ "ip saddr { 10.0.0.0/9, 10.128.0.0/9, 1.1.1.1 }",
	  XS_FIELD_ip_saddr,
	  0,
	  2,
	  { { 0x01010101, 0x01010101 }, { 0x0a000000, 0x0affffff } } },
	{ "ip protocol gre", XS_FIELD_ip_protocol, 0, 1, { { 47, 47 } } },
	{ "ip protocol != { tcp, udp }", XS_FIELD_ip_protocol, 1, 2, { { 6, 6 }, { 17, 17 } } },
	{ "ip dscp { ef, cs1, af11 }",
	  XS_FIELD_ip_dscp,
	  0,
	  3,
	  { { 8, 8 }, { 10, 10 }, { 46, 46 } } },
	{ "ether saddr 0:1:2:a:b:cc",
	  XS_FIELD_ether_saddr,
	  0,
	  1,
	  { { 0x0001020a0bcc, 0x0001020a0bcc } } },
	{ "ether saddr & ff:ff:ff:00:00:00 == 00:53:00:00:00:00",
	  XS_FIELD_ether_saddr,
	  0,
	  1,
	  { { 0x005300000000, 0x005300ffffff } } },
	{ "ip saddr & 255.255.0.0 == 10.1.0.0",
	  XS_FIELD_ip_saddr,
	  0,
	  1,
	  { { 0x0a010000, 0x0a01ffff } } },
	{ "ip saddr & 0xffff0000 != 10.1.0.0",
	  XS_FIELD_ip_saddr,
	  1,
	  1,
	  { { 0x0a010000, 0x0a01ffff } } },
	{ "ip saddr & 255.255.0.0 == 10.1.0.1", XS_FIELD_ip_saddr, 0, 0, {} },
	{ "ip saddr & 0 == 0", XS_FIELD_ip_saddr, 0, 1, { { 0, 0xffffffff } } },
	{ "ip dscp & 0x2f == 0x05", XS_FIELD_ip_dscp, 0, 2, { { 5, 5 }, { 21, 21 } } },
	{ "ip dscp & 0x38 { cs1, cs2 }", XS_FIELD_ip_dscp, 0, 1, { { 8, 23 } } },
	{ "ip6 daddr & ffff:: == fe80::",
	  XS_FIELD_ip6_daddr,
	  0,
	  1,
	  { { V6(0xfe80000000000000, 0), V6(0xfe80ffffffffffff, ~0ULL) } } },
	{ "ip ttl < 64", XS_FIELD_ip_ttl, 0, 1, { { 0, 63 } } },
	{ "ip ttl <= 64", XS_FIELD_ip_ttl, 0, 1, { { 0, 64 } } },
	{ "ip ttl > 64", XS_FIELD_ip_ttl, 0, 1, { { 65, 255 } } },
	{ "ip ttl >= 64", XS_FIELD_ip_ttl, 0, 1, { { 64, 255 } } },
	{ "ip ttl < 0", XS_FIELD_ip_ttl, 0, 0, {} },
	{ "ip ttl > 255", XS_FIELD_ip_ttl, 0, 0, {} },
	{ "ip ttl <= 255", XS_FIELD_ip_ttl, 0, 1, { { 0, 255 } } },
	{ "ip ttl == 64", XS_FIELD_ip_ttl, 0, 1, { { 64, 64 } } },
	{ "ip ttl 010", XS_FIELD_ip_ttl, 0, 1, { { 8, 8 } } },
	{ "ip saddr < 10.0.0.1", XS_FIELD_ip_saddr, 0, 1, { { 0, 0x0a000000 } } },
	{ "tcp dport { 1, { 2, 7 }, { { 3 } } }",
	  XS_FIELD_tcp_dport,
	  0,
	  2,
	  { { 1, 3 }, { 7, 7 } } },
	{ "tcp dport { www, https }", XS_FIELD_tcp_dport, 0, 2, { { 80, 80 }, { 443, 443 } } },
	{ "meta nfproto ipv4", XS_FIELD_meta_nfproto, 0, 1, { { 0x800, 0x800 } } },
	{ "meta nfproto != ipv6", XS_FIELD_meta_nfproto, 1, 1, { { 0x86dd, 0x86dd } } },
	{ "meta protocol { ip, arp }",
	  XS_FIELD_meta_protocol,
	  0,
	  2,
	  { { 0x800, 0x800 }, { 0x806, 0x806 } } },
	{ "dccp", XS_FIELD_dccp, 0, 0, {} },
	{ "dccp sport 22", XS_FIELD_dccp_sport, 0, 1, { { 22, 22 } } },
	{ "dccp dport 22-23", XS_FIELD_dccp_dport, 0, 1, { { 22, 23 } } },
	{ "dccp port 22", XS_FIELD_dccp_port, 0, 1, { { 22, 22 } } },
	{ "udplite", XS_FIELD_udplite, 0, 0, {} },
	{ "udplite sport 22", XS_FIELD_udplite_sport, 0, 1, { { 22, 22 } } },
	{ "udplite dport != 22", XS_FIELD_udplite_dport, 1, 1, { { 22, 22 } } },
	{ "udplite port 22", XS_FIELD_udplite_port, 0, 1, { { 22, 22 } } },
	{ "tcp flags == syn", XS_FIELD_tcp_flags, 0, 1, { { 2, 2 } } },
	{ "tcp flags == syn,ack", XS_FIELD_tcp_flags, 0, 1, { { 18, 18 } } },
	{ "tcp flags != syn|ack", XS_FIELD_tcp_flags, 1, 1, { { 18, 18 } } },
	{ "tcp flags { syn, syn | ack, (fin|syn) }",
	  XS_FIELD_tcp_flags,
	  0,
	  2,
	  { { 2, 3 }, { 18, 18 } } },
	{ "tcp flags != { 0, syn }", XS_FIELD_tcp_flags, 1, 2, { { 0, 0 }, { 2, 2 } } },
	{ "tcp flags & (fin | syn | rst | psh | ack | urg | ecn | cwr) == syn",
	  XS_FIELD_tcp_flags,
	  0,
	  1,
	  { { 2, 2 } } },
	{ "tcp flags & 0xfe == syn", XS_FIELD_tcp_flags, 0, 1, { { 2, 3 } } },
	{ "tcp flags & (fin | syn | rst | psh | urg | ecn | cwr) { fin, syn|fin }",
	  XS_FIELD_tcp_flags,
	  0,
	  4,
	  { { 1, 1 }, { 3, 3 }, { 17, 17 }, { 19, 19 } } },
	{ "ip ttl 0x10", XS_FIELD_ip_ttl, 0, 1, { { 16, 16 } } },
	{ "ip6 saddr ::1", XS_FIELD_ip6_saddr, 0, 1, { { 1, 1 } } },
	{ "ip6 saddr ::/0", XS_FIELD_ip6_saddr, 0, 1, { { 0, V6(~0ULL, ~0ULL) } } },
	{ "ip6 saddr ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
	  XS_FIELD_ip6_saddr,
	  0,
	  1,
	  { { V6(~0ULL, ~0ULL), V6(~0ULL, ~0ULL) } } },
	{ "ip6 saddr ::ffff:10.0.0.1",
	  XS_FIELD_ip6_saddr,
	  0,
	  1,
	  { { 0xffff0a000001, 0xffff0a000001 } } },
	{ "ip6 daddr 2001:db8::7/32",
	  XS_FIELD_ip6_daddr,
	  0,
	  1,
	  { { V6(0x20010db800000000, 0), V6(0x20010db8ffffffff, ~0ULL) } } },
	{ "ip6 daddr ::1-::5", XS_FIELD_ip6_daddr, 0, 1, { { 1, 5 } } },
	{ "ip6 nexthdr ipv6-icmp", XS_FIELD_ip6_nexthdr, 0, 1, { { 58, 58 } } },
	{ "ip6 dscp le", XS_FIELD_ip6_dscp, 0, 1, { { 1, 1 } } },
	{ "ip6 hoplimit 255", XS_FIELD_ip6_hoplimit, 0, 1, { { 255, 255 } } },
	{ "meta l4proto { esp, ah, sctp, 255 }",
	  XS_FIELD_meta_l4proto,
	  0,
	  3,
	  { { 50, 51 }, { 132, 132 }, { 255, 255 } } },
	{ "meta fragment none", XS_FIELD_meta_fragment, 0, 1, { { 0, 0 } } },
	{ "meta fragment { first, later }", XS_FIELD_meta_fragment, 0, 1, { { 1, 2 } } },
	{ "meta fragment != later", XS_FIELD_meta_fragment, 1, 1, { { 2, 2 } } },
	{ "meta length 64-4294967295", XS_FIELD_meta_length, 0, 1, { { 64, 0xffffffff } } },
	{ "meta rxqueue 3", XS_FIELD_meta_rxqueue, 0, 1, { { 3, 3 } } },
	{ "tcp", XS_FIELD_tcp, 0, 0, {} },
	{ "udp", XS_FIELD_udp, 0, 0, {} },
	{ "sctp", XS_FIELD_sctp, 0, 0, {} },
	{ "icmp", XS_FIELD_icmp, 0, 0, {} },
	{ "icmpv6", XS_FIELD_icmpv6, 0, 0, {} },
	{ "tcp sport 0-1023", XS_FIELD_tcp_sport, 0, 1, { { 0, 1023 } } },
	{ "tcp dport { 80, 443, 8000-8100, }",
	  XS_FIELD_tcp_dport,
	  0,
	  3,
	  { { 80, 80 }, { 443, 443 }, { 8000, 8100 } } },
	{ "tcp dport {443,80,81-90,8000-8100}",
	  XS_FIELD_tcp_dport,
	  0,
	  3,
	  { { 80, 90 }, { 443, 443 }, { 8000, 8100 } } },
	{ "tcp dport { 1-10, 3-4, 5-20, 21 }", XS_FIELD_tcp_dport, 0, 1, { { 1, 21 } } },
	{ "tcp port != 22", XS_FIELD_tcp_port, 1, 1, { { 22, 22 } } },
	{ "tcp port ssh", XS_FIELD_tcp_port, 0, 1, { { 22, 22 } } },
	{ "udp sport 65535", XS_FIELD_udp_sport, 0, 1, { { 65535, 65535 } } },
	{ "udp dport 0x35", XS_FIELD_udp_dport, 0, 1, { { 53, 53 } } },
	{ "udp port domain", XS_FIELD_udp_port, 0, 1, { { 53, 53 } } },
	{ "sctp sport 1", XS_FIELD_sctp_sport, 0, 1, { { 1, 1 } } },
	{ "sctp dport 1", XS_FIELD_sctp_dport, 0, 1, { { 1, 1 } } },
	{ "sctp port 1", XS_FIELD_sctp_port, 0, 1, { { 1, 1 } } },
	{ "th sport 1", XS_FIELD_th_sport, 0, 1, { { 1, 1 } } },
	{ "th dport 1", XS_FIELD_th_dport, 0, 1, { { 1, 1 } } },
	{ "th port 1", XS_FIELD_th_port, 0, 1, { { 1, 1 } } },
	{ "tcp flags cwr", XS_FIELD_tcp_flags, 0, 1, { { 128, 255 } } },
	{ "tcp flags ! ecn", XS_FIELD_tcp_flags, 0, 2, { { 0, 63 }, { 128, 191 } } },
	{ "tcp flags != ecn", XS_FIELD_tcp_flags, 1, 1, { { 64, 64 } } },
	{ "tcp flags syn / 0xff", XS_FIELD_tcp_flags, 0, 1, { { 2, 2 } } },
	{ "tcp flags syn,ack/fin,syn,rst,psh,ack,urg,ecn,cwr",
	  XS_FIELD_tcp_flags,
	  0,
	  1,
	  { { 18, 18 } } },
	{ "tcp flags 0 / 0xff", XS_FIELD_tcp_flags, 0, 1, { { 0, 0 } } },
	{ "tcp flags != 0 / 0xff", XS_FIELD_tcp_flags, 0, 1, { { 1, 255 } } },
	{ "tcp flags syn / ack", XS_FIELD_tcp_flags, 0, 0, {} },
	{ "icmp type echo-request", XS_FIELD_icmp_type, 0, 1, { { 8, 8 } } },
	{ "icmp type echo-reply-echo-request", XS_FIELD_icmp_type, 0, 1, { { 0, 8 } } },
	{ "icmp code port-unreachable", XS_FIELD_icmp_code, 0, 1, { { 3, 3 } } },
	{ "icmpv6 type { 133-137 }", XS_FIELD_icmpv6_type, 0, 1, { { 133, 137 } } },
	{ "icmpv6 type { nd-router-solicit, nd-neighbor-advert }",
	  XS_FIELD_icmpv6_type,
	  0,
	  2,
	  { { 133, 133 }, { 136, 136 } } },
	{ "ct state new", XS_FIELD_ct_state, 0, 1, { { 0, 0 } } },
	{ "ct state established,related", XS_FIELD_ct_state, 0, 1, { { 1, 2 } } },
	{ "ct state { new, related }", XS_FIELD_ct_state, 0, 2, { { 0, 0 }, { 2, 2 } } },
	{ "ct state != { established, related }", XS_FIELD_ct_state, 1, 1, { { 1, 2 } } },
	{ "icmpv6 code no-route", XS_FIELD_icmpv6_code, 0, 1, { { 0, 0 } } },
};

static void each_match_has_its_ranges(void **state)
{
	bool seen[XS_FIELD_MAX] = {};

	(void)state;
	for (size_t i = 0; i < CNT(one_matches); i++) {
		const struct one_match *want = &one_matches[i];
		const struct xs_match *got;
		struct xs_ruleset set;
		char text[200];

		snprintf(text, sizeof(text), "%s drop", want->text);
		parse_good(&set, text);
		assert_int_equal(set.rule_cnt, 1);
		assert_int_equal(set.rules[0].match_cnt, 1);
		got = &set.rules[0].matches[0];
		if (got->field != want->field || got->negate != want->negate ||
		    got->range_cnt != want->range_cnt)
			fail_msg("'%s': field %d negate %d ranges %u", text, got->field,
				 got->negate, got->range_cnt);
		for (__u32 n = 0; n < want->range_cnt; n++)
			if (got->ranges[n].lo != want->ranges[n].lo ||
			    got->ranges[n].hi != want->ranges[n].hi)
				fail_msg("'%s': range %u is another", text, n);
		assert_int_equal(set.rules[0].action.verdict, XS_VERDICT_drop);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
		seen[want->field] = true;
	}
	for (int i = 0; i < XS_FIELD_MAX; i++)
		if (!seen[i])
			fail_msg("no case for '%s'", xs_fields[i].text);
}

/* Every name of every field parses to its value, alone and as either end of a range. */
static void every_name_has_its_value(void **state)
{
	(void)state;
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *names = xs_fields[i].names;
		struct xs_name name;

		while (xs_name_next(&names, &name)) {
			struct xs_ruleset set;
			char text[200];

			assert_true(name.value <= (__u64)xs_field_max((enum xs_field)i));
			snprintf(text, sizeof(text), "%s %.*s drop", xs_fields[i].text,
				 (int)name.len, name.name);
			parse_good(&set, text);
			if (i != XS_FIELD_tcp_flags)
				assert_true(set.rules[0].matches[0].ranges[0].lo == name.value);
			xs_ruleset_free(&set);
			if (i == XS_FIELD_tcp_flags)
				continue;
			snprintf(text, sizeof(text), "%s %.*s-%.*s drop", xs_fields[i].text,
				 (int)name.len, name.name, (int)name.len, name.name);
			parse_good(&set, text);
			assert_true(set.rules[0].matches[0].ranges[0].hi == name.value);
			xs_ruleset_free(&set);
		}
	}
}

struct one_verdict {
	const char *text;
	struct xs_action action;
	const char *name;
};

static const struct one_verdict one_verdicts[] = {
	{ "pass", { .verdict = XS_VERDICT_pass }, "" },
	{ "accept", { .verdict = XS_VERDICT_pass }, "" },
	{ "drop", { .verdict = XS_VERDICT_drop }, "" },
	{ "tx", { .verdict = XS_VERDICT_tx }, "" },
	{ "xsk", { XS_VERDICT_xsk, XS_VERDICT_pass, 1, 0, 0 }, "" },
	{ "xsk else pass", { XS_VERDICT_xsk, XS_VERDICT_pass, 1, 0, 0 }, "" },
	{ "xsk else accept", { XS_VERDICT_xsk, XS_VERDICT_pass, 1, 0, 0 }, "" },
	{ "xsk else drop", { XS_VERDICT_xsk, XS_VERDICT_drop, 1, 0, 0 }, "" },
	{ "xsk slot 0", { XS_VERDICT_xsk, XS_VERDICT_pass, 0, 0, 0 }, "" },
	{ "xsk slot 63 else drop", { XS_VERDICT_xsk, XS_VERDICT_drop, 0, 0, 63 }, "" },
	{ "cpu 3", { XS_VERDICT_cpu, 0, 0, 0, 3 }, "" },
	{ "cpu 0x10", { XS_VERDICT_cpu, 0, 0, 0, 16 }, "" },
	{ "dev eth0", { .verdict = XS_VERDICT_dev }, "eth0" },
	{ "dev eth0.100", { .verdict = XS_VERDICT_dev }, "eth0.100" },
	{ "dev drop", { .verdict = XS_VERDICT_dev }, "drop" },
	{ "dev \"a=b\"", { .verdict = XS_VERDICT_dev }, "a=b" },
	{ "dev abcdefghijklmno", { .verdict = XS_VERDICT_dev }, "abcdefghijklmno" },
	{ "dev abcdefghijklmnop", { .verdict = XS_VERDICT_dev }, "abcdefghijklmnop" },
	{ "dev " NAME_OF_127, { .verdict = XS_VERDICT_dev }, NAME_OF_127 },
	{ "dev a:b", { .verdict = XS_VERDICT_dev }, "a:b" },
	{ "chain web", { XS_VERDICT_chain, XS_VERDICT_pass, 1, 0, 0 }, "web" },
	{ "chain web else pass", { XS_VERDICT_chain, XS_VERDICT_pass, 1, 0, 0 }, "web" },
	{ "chain web else drop", { XS_VERDICT_chain, XS_VERDICT_drop, 1, 0, 0 }, "web" },
	{ "chain drop", { XS_VERDICT_chain, XS_VERDICT_pass, 1, 0, 0 }, "drop" },
	{ "chain a-B_0", { XS_VERDICT_chain, XS_VERDICT_pass, 1, 0, 0 }, "a-B_0" },
	{ "chain abcdefghijklmnopqrstuvwxyz12345",
	  { XS_VERDICT_chain, XS_VERDICT_pass, 1, 0, 0 },
	  "abcdefghijklmnopqrstuvwxyz12345" },
};

static void each_verdict_has_its_action(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(one_verdicts); i++) {
		const struct one_verdict *want = &one_verdicts[i];
		struct xs_ruleset set;
		char text[400];

		snprintf(text, sizeof(text), "udp %s comment \"why\"\ndefault %s\n", want->text,
			 want->text);
		parse_good(&set, text);
		assert_memory_equal(&set.rules[0].action, &want->action, sizeof(want->action));
		assert_string_equal(set.rules[0].target_name, want->name);
		assert_string_equal(set.rules[0].comment, "why");
		assert_memory_equal(&set.default_action, &want->action, sizeof(want->action));
		assert_string_equal(set.default_target_name, want->name);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

static void what_is_not_said_has_its_default(void **state)
{
	const struct xs_action xsk = { XS_VERDICT_xsk, XS_VERDICT_pass, 1, 0, 0 };
	const struct xs_action pass = { .verdict = XS_VERDICT_pass };
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "");
	assert_int_equal(set.rule_cnt, 0);
	assert_int_equal(set.file_cnt, 1);
	assert_string_equal(set.files[0], "test.rules");
	assert_memory_equal(&set.default_action, &xsk, sizeof(xsk));
	assert_memory_equal(&set.malformed_action, &pass, sizeof(pass));
	assert_null(set.default_text);
	assert_null(set.malformed_text);
	assert_round_trip(&set);
	xs_ruleset_free(&set);
}

static void default_and_malformed_stand_anywhere(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "udp drop\nmalformed   drop # never\ntcp drop\ndefault\tpass");
	assert_int_equal(set.rule_cnt, 2);
	assert_int_equal(set.default_action.verdict, XS_VERDICT_pass);
	assert_int_equal(set.malformed_action.verdict, XS_VERDICT_drop);
	assert_string_equal(set.default_text, "default pass");
	assert_string_equal(set.malformed_text, "malformed drop");
	assert_round_trip(&set);
	xs_ruleset_free(&set);
}

static const struct {
	const char *written, *canonical;
} texts[] = {
	{ "tcp   dport\t{80,443 , 8000 - 8100,}   xsk # web",
	  "tcp dport { 80, 443, 8000-8100 } xsk" },
	{ "tcp flags syn , ack/ syn,ack drop", "tcp flags syn,ack / syn,ack drop" },
	{ "ip saddr != 10.1.2.3 / 8 accept", "ip saddr != 10.1.2.3/8 accept" },
	{ "ip saddr!={ 10.1.2.3 }drop", "ip saddr != { 10.1.2.3 } drop" },
	{ "tcp dport 0x50 xsk slot 0x1 else drop comment \"a  # b\"",
	  "tcp dport 0x50 xsk slot 0x1 else drop comment \"a  # b\"" },
	{ "udp \\\n  dport 53 \\\r\n drop", "udp dport 53 drop" },
	{ "udp dport {\n  53, # dns\n\n  123\n} drop", "udp dport { 53, 123 } drop" },
	{ "  drop", "drop" },
	{ "name web: udp drop", "name web: udp drop" },
	{ "name  a-B_9:\tcounter  udp accept  comment \"c\"",
	  "name a-B_9: udp accept comment \"c\"" },
	{ "name name: drop", "name name: drop" },
	{ "name abcdefghijklmnopqrstuvwxyzabcde: drop",
	  "name abcdefghijklmnopqrstuvwxyzabcde: drop" },
	{ "udp drop comment \"\"", "udp drop comment \"\"" },
	{ "udp drop comment \"\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\x9d\"",
	  "udp drop comment \"\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\x9d\"" },
	{ "dev \"eth0\"", "dev eth0" },
	{ "\xef\xbb\xbfudp drop", "udp drop" },
	{ "udp drop\r", "udp drop" },
	{ "define P = 80\nudp dport $P drop", "udp dport 80 drop" },
	{ "define P = { 80, 90-95, }\nudp dport $P drop", "udp dport { 80, 90-95 } drop" },
	{ "define P = { 80, 90 }\nudp dport { 1, $P, 2 } drop", "udp dport { 1, 80, 90, 2 } drop" },
	{ "define P = { 80, 90 }\nudp dport != $P drop", "udp dport != { 80, 90 } drop" },
	{ "define A=10.0.0.0/8\ndefine B = $A\nip saddr $B drop", "ip saddr 10.0.0.0/8 drop" },
	{ "define A=10.0.0.0/8\ndefine B = { $A, 1.1.1.1 }\nip saddr { $B, $A } drop",
	  "ip saddr { 10.0.0.0/8, 1.1.1.1, 10.0.0.0/8 } drop" },
	{ "define A = 80-90\nudp dport $A drop", "udp dport 80-90 drop" },
	{ "define A = 80\ndefine B = 90\nudp dport $A-$B drop", "udp dport 80-90 drop" },
	{ "define A = 80\ndefine B = 90\nudp dport $A - $B drop", "udp dport 80-90 drop" },
	{ "define A = 80\nudp dport $A-90 drop", "udp dport 80-90 drop" },
	{ "define A = 80\nudp dport 1-$A drop", "udp dport 1-80 drop" },
	{ "define A = 80\ndefine A-1 = 81\nudp dport $A-1 drop", "udp dport 81 drop" },
	{ "define N = 10.0.0.0\ndefine L = 8\nip saddr $N/$L drop", "ip saddr 10.0.0.0/8 drop" },
	{ "define Q = 7\nxsk slot $Q", "xsk slot 7" },
	{ "define Q = 7\ncpu $Q", "cpu 7" },
	{ "ip frag-off & 0x1fff != 0 drop", "meta nfproto ipv4 meta fragment later drop" },
	{ "tcp ip frag-off&0x3FFF==0 counter drop",
	  "tcp meta nfproto ipv4 meta fragment none drop" },
	{ "ip version 4 drop", "meta nfproto ipv4 drop" },
	{ "meta pkttype broadcast drop", "ether daddr ff:ff:ff:ff:ff:ff drop" },
	{ "meta pkttype { multicast, broadcast } drop",
	  "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop" },
	{ "meta pkttype multicast drop", "ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 "
					 "ether daddr != ff:ff:ff:ff:ff:ff drop" },
	{ "define IF = eth1\ndev $IF", "dev eth1" },
	{ "define C = web\nchain $C else drop", "chain web else drop" },
	{ "define F = syn,ack\ntcp flags $F / $F,fin drop",
	  "tcp flags syn,ack / syn,ack,fin drop" },
	{ "define F = syn\ntcp flags $F drop", "tcp flags syn drop" },
	{ "define F = syn|ack\ntcp flags == $F drop", "tcp flags == (syn|ack) drop" },
	{ "define F = syn,ack\ntcp flags & $F == syn drop", "tcp flags & syn,ack == syn drop" },
	{ "define F = syn,ack\ntcp flags $F|fin drop", "tcp flags syn,ack,fin drop" },
	{ "tcp flags&(fin|syn)==(fin|syn)drop", "tcp flags & (fin|syn) == (fin|syn) drop" },
	{ "tcp flags & ( fin , syn ) != 0 drop", "tcp flags & (fin|syn) != 0 drop" },
	{ "tcp flags {syn,syn|ack} drop", "tcp flags { syn, (syn|ack) } drop" },
	{ "tcp flags ! fin,rst drop", "tcp flags ! fin,rst drop" },
	{ "ip ttl == 5 counter drop;", "ip ttl 5 drop" },
	{ "counter ip ttl<5 counter packets 0 bytes 0 drop ; # x", "ip ttl < 5 drop" },
	{ "ip saddr & 255.0.0.0 == 10.0.0.0 drop", "ip saddr & 255.0.0.0 == 10.0.0.0 drop" },
	{ "udp dport { 1, { 2, 3 } } drop", "udp dport { 1, 2, 3 } drop" },
	{ "ip saddr . tcp dport!={10.0.0.1 . 22,10.0.0.0/8 . 80 - 90,}drop",
	  "ip saddr . tcp dport != { 10.0.0.1 . 22, 10.0.0.0/8 . 80-90 } drop" },
	{ "udp meta l4proto . th dport != udp . domain counter drop",
	  "udp meta l4proto . th dport != { udp . domain } drop" },
	{ "ip ttl . tcp flags != {\n1 . syn | ack, # one\n\n2 . 0x3f } drop",
	  "ip ttl . tcp flags != { 1 . (syn|ack), 2 . 0x3f } drop" },
	{ "define P = { 80, 90-95 }\nip ttl . tcp dport != { 1 . $P, 2 . 3 } drop",
	  "ip ttl . tcp dport != { 1 . 80, 1 . 90-95, 2 . 3 } drop" },
	{ "define T = { 1, 2 }\ndefine P = { 3, 4 }\nip ttl . tcp dport != $T . $P drop",
	  "ip ttl . tcp dport != { 1 . 3, 1 . 4, 2 . 3, 2 . 4 } drop" },
	{ "ip ttl . ip id != 1 . 2 ip id . ip ttl != { 3 . 4 } drop",
	  "ip ttl . ip id != { 1 . 2 } ip id . ip ttl != { 3 . 4 } drop" },
	{ "ip ttl . ip id != 1 . 2 ip saddr . tcp dport { 10.0.0.1 . 4 } drop",
	  "ip ttl . ip id != { 1 . 2 } ip saddr 10.0.0.1 tcp dport 4 drop" },
	{ "ip saddr . tcp dport { 10.0.0.1 . 4 } ip ttl . ip id != 1 . 2 drop comment \"a\"",
	  "ip saddr 10.0.0.1 tcp dport 4 ip ttl . ip id != { 1 . 2 } drop comment \"a\"" },
	{ "name n: ip ttl . ip id != 1 . 2 pass limit 5/second",
	  "name n: ip ttl . ip id != { 1 . 2 } pass limit 5/second" },
	{ "define IF = \"eth1\"\ndev $IF", "dev eth1" },
	{ "define IF = \"a=b\"\ndev $IF", "dev \"a=b\"" },
};

static void canonical_text_is_as_stated(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(texts); i++) {
		struct xs_ruleset set;

		parse_good(&set, texts[i].written);
		assert_int_equal(set.rule_cnt, 1);
		assert_string_equal(set.rules[0].text, texts[i].canonical);
		assert_string_equal(set.rules[0].text, texts[i].canonical);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

static void matches_keep_their_order(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "tcp dport 80 tcp ip saddr 1.2.3.4 vlan id 5 ether type ip drop");
	assert_int_equal(set.rules[0].match_cnt, 5);
	assert_int_equal(set.rules[0].matches[0].field, XS_FIELD_tcp_dport);
	assert_int_equal(set.rules[0].matches[1].field, XS_FIELD_tcp);
	assert_int_equal(set.rules[0].matches[2].field, XS_FIELD_ip_saddr);
	assert_int_equal(set.rules[0].matches[3].field, XS_FIELD_vlan_id);
	assert_int_equal(set.rules[0].matches[4].field, XS_FIELD_ether_type);
	assert_true(set.rules[0].matches[3].ranges[0].lo == 5);
	xs_ruleset_free(&set);
}

static void field_table_agrees_with_the_model(void **state)
{
	(void)state;
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const struct xs_field_info *info = &xs_fields[i];

		assert_non_null(info->text);
		assert_true((info->bits == 0) == (info->kind == XS_VALUE_NONE));
		assert_true((info->noun == NULL) == (info->bits == 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_match_has_its_ranges),
		cmocka_unit_test(every_name_has_its_value),
		cmocka_unit_test(each_verdict_has_its_action),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(default_and_malformed_stand_anywhere),
		cmocka_unit_test(canonical_text_is_as_stated),
		cmocka_unit_test(matches_keep_their_order),
		cmocka_unit_test(field_table_agrees_with_the_model),
	};

	return cmocka_run_group_tests_name("rule_words", tests, NULL, NULL);
}
