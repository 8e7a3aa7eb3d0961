// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The rule parser: every construct, good and bad, where errors point, limits,
 * and that text and model go into each other unchanged.
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

#include "../rule_equal.h"
#include "../rule_errors.h"
#include "lib/rules/model/field.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))
#define V6(high, low) ((xs_u128)(high) << 64 | (low))

/* Files for include, by name; a NULL name ends them. */
struct memory_file {
	const char *name, *text;
};

static int memory_load(void *arg, const char *including, const char *name, char **path, char **text,
		       size_t *len)
{
	(void)including;
	for (const struct memory_file *file = arg; file->name; file++) {
		if (strcmp(file->name, name))
			continue;
		*path = strdup(name);
		*text = strdup(file->text);
		*len = strlen(file->text);
		return 0;
	}
	return -ENOENT;
}

static int parse_with(struct xs_ruleset *set, const char *text, size_t len,
		      const struct memory_file *files, struct xs_rule_errors *errs)
{
	const struct xs_rule_source src = {
		.name = "test.rules",
		.text = text,
		.len = len,
		.load = files ? memory_load : NULL,
		.arg = (void *)(uintptr_t)files,
	};

	memset(set, 0, sizeof(*set));
	memset(errs, 0, sizeof(*errs));
	return xs_rules_parse(set, &src, errs);
}

static void parse_good_with(struct xs_ruleset *set, const char *text,
			    const struct memory_file *files)
{
	struct xs_rule_errors errs;
	int err = parse_with(set, text, strlen(text), files, &errs);

	if (err)
		xs_rule_errors_print(stderr, &errs);
	assert_int_equal(err, 0);
	assert_int_equal(errs.cnt, 0);
	xs_rule_errors_free(&errs);
}

static void parse_good(struct xs_ruleset *set, const char *text)
{
	parse_good_with(set, text, NULL);
}

static void assert_round_trip(const struct xs_ruleset *set)
{
	struct xs_ruleset again;
	char *text = xs_ruleset_text(set);

	assert_non_null(text);
	parse_good(&again, text);
	assert_true(rulesets_equal(set, &again));
	xs_ruleset_free(&again);
	free(text);
}

/* The one error of the text stands at line:column and its message holds `part`. */
static void assert_error(const char *text, __u32 line, __u32 column, const char *part)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set, untouched;
	int err;

	err = parse_with(&set, text, strlen(text), NULL, &errs);
	if (err != -EINVAL || errs.cnt != 1 || errs.errors[0].line != line ||
	    errs.errors[0].column != column || !strstr(errs.errors[0].message, part)) {
		fprintf(stderr, "'%s': want %u:%u %s, got %d and\n", text, line, column, part, err);
		xs_rule_errors_print(stderr, &errs);
		fail();
	}
	assert_string_equal(errs.errors[0].file, "test.rules");
	memset(&untouched, 0, sizeof(untouched));
	assert_memory_equal(&set, &untouched, sizeof(set));
	xs_rule_errors_free(&errs);
}

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

/* As long as an alternative name of an interface can be. */
#define NAME_OF_25 "abcdefghijklmnopqrstuvwxy"
#define NAME_OF_127 NAME_OF_25 NAME_OF_25 NAME_OF_25 NAME_OF_25 NAME_OF_25 "zz"

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

/* Each element of a concatenation or verdict map is a rule, as if it were written so. */
static void elements_become_rules(void **state)
{
	static const struct {
		const char *written, *rules[6];
	} sets[] = {
		{ "flush ruleset\ntable inet filter {\n set bad { type ipv4_addr; flags interval\n"
		  "elements = { 192.0.2.0/24,\n198.51.100.7 } }\nchain input { # all\n"
		  "type filter hook input priority filter; policy drop;\nip saddr @bad drop\n"
		  "udp dport 1 counter accept; udp dport { 2, 3 } drop\n}\n}\n",
		  { "meta nfproto { ipv4, ipv6 } ip saddr { 192.0.2.0/24, 198.51.100.7 } drop",
		    "meta nfproto { ipv4, ipv6 } udp dport 1 accept",
		    "meta nfproto { ipv4, ipv6 } udp dport { 2, 3 } drop",
		    "meta nfproto { ipv4, ipv6 } drop" } },
		{ "table ip t { chain c { type filter hook prerouting priority 0; udp drop; } "
		  "}\ntcp drop",
		  { "meta nfproto ipv4 udp drop", "meta nfproto ipv4 accept", "tcp drop" } },
		{ "table ip6 t {\nchain empty {\n}\nset s { type inet_service; elements = { 1 }; "
		  "}\n}\n"
		  "udp dport { @s, 2 } drop",
		  { "udp dport { 1, 2 } drop" } },
		{ "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.0/8 . 80-90, } counter drop;",
		  { "ip saddr 10.0.0.1 tcp dport 22 drop",
		    "ip saddr 10.0.0.0/8 tcp dport 80-90 drop" } },
		{ "vlan id 5 meta l4proto . th dport == { tcp . ssh } meta rxqueue 0 drop comment "
		  "\"c\"",
		  { "vlan id 5 meta l4proto tcp th dport ssh meta rxqueue 0 drop comment \"c\"" } },
		{ "icmpv6 type . icmpv6 code 1 . 4 drop", { "icmpv6 type 1 icmpv6 code 4 drop" } },
		{ "define P = { 80, 90 }\nip ttl . tcp dport { 1 . $P } drop",
		  { "ip ttl 1 tcp dport { 80, 90 } drop" } },
		{ "tcp dport vmap { 22 : accept, * : drop, 23:xsk slot 3 else drop, 24: dev eth0 }",
		  { "tcp dport 22 accept", "tcp dport 23 xsk slot 3 else drop",
		    "tcp dport 24 dev eth0", "tcp dport & 0 == 0 drop" } },
		{ "udp ip6 daddr vmap { ::1 : drop, fe80:: : accept, fe80::1: drop }",
		  { "udp ip6 daddr ::1 drop", "udp ip6 daddr fe80:: accept",
		    "udp ip6 daddr fe80::1 drop" } },
		{ "tcp flags . ip ttl { syn|ack . 5, (fin|rst) . 6 } drop",
		  { "tcp flags == (syn|ack) ip ttl 5 drop",
		    "tcp flags == (fin|rst) ip ttl 6 drop" } },
		{ "ether saddr vmap { 0:1:2:3:4:5 : drop, 0:1:2:3:4:6: accept } comment \"m\"",
		  { "ether saddr 0:1:2:3:4:5 drop comment \"m\"",
		    "ether saddr 0:1:2:3:4:6 accept comment \"m\"" } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(sets); i++) {
		struct xs_ruleset set;
		__u32 cnt = 0;

		parse_good(&set, sets[i].written);
		for (; sets[i].rules[cnt]; cnt++) {
			assert_true(cnt < set.rule_cnt);
			assert_string_equal(set.rules[cnt].text, sets[i].rules[cnt]);
		}
		assert_int_equal(set.rule_cnt, cnt);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

#define HOOK "type filter hook input priority 0; "

/* What jumps lead to stands where they do, with their matches before it. */
static void chains_become_rules(void **state)
{
	static const struct {
		const char *written, *rules[8];
	} sets[] = {
		/* a chain above and one below its jump; the line is that of the chain's rule */
		{ "table netdev t {\nchain a {\nudp drop\n}\nchain c { " HOOK "policy drop;\n"
		  "ip ttl 1 jump a\nip ttl 2 jump b comment \"x\"\n}\nchain b {\ntcp xsk slot "
		  "1\n}\n}",
		  { "3 ip ttl 1 udp drop", "10 ip ttl 2 tcp xsk slot 1" } },
		/* what cannot hold is left out, whatever fields say so; what never can is not */
		{ "table netdev t { chain a {\nudp dport 1 drop\nip6 hoplimit 1 drop\nip ttl 5-9 "
		  "drop\n"
		  "tcp udp drop\n}\nchain c { " HOOK "\ntcp ip ttl < 5 jump a\n"
		  "ip ttl 9 jump a\n}\n}",
		  { "5 tcp ip ttl < 5 tcp udp drop", "2 ip ttl 9 udp dport 1 drop",
		    "4 ip ttl 9 ip ttl 5-9 drop" } },
		/* return: what is behind the jump, down to the policy */
		{ "table ip t {\nchain a {\nip ttl 1 return\nip ttl 1-3 drop\n}\nchain c { " HOOK
		  "policy drop;\nudp jump a\ntcp accept\nip ttl 1 accept\n}\n}",
		  { "9 meta nfproto ipv4 udp ip ttl 1 ip ttl 1 accept",
		    "4 meta nfproto ipv4 udp ip ttl 1-3 drop", "8 meta nfproto ipv4 tcp accept",
		    "9 meta nfproto ipv4 ip ttl 1 accept", "10 meta nfproto ipv4 drop" } },
		/* nothing is asked below a return of everything */
		{ "table netdev t { chain a {\nreturn\ndrop\n}\nchain c { " HOOK
		  "\njump a\nudp return\nip ttl 1 drop\n}\n}",
		  { "7 udp accept", "8 ip ttl 1 drop" } },
		/* goto: the chain, and then what is behind the one that leads there */
		{ "table netdev t { chain b {\nip ttl 2 drop\n}\nchain a {\nip ttl < 5 goto b\nip "
		  "ttl 3 drop\n"
		  "}\nchain c { " HOOK "\nudp jump a\nmeta rxqueue 1 drop\n}\n}",
		  { "2 udp ip ttl < 5 ip ttl 2 drop", "10 udp ip ttl < 5 meta rxqueue 1 drop",
		    "11 udp ip ttl < 5 accept", "6 udp ip ttl 3 drop", "10 meta rxqueue 1 drop" } },
		{ "table netdev t { chain a {\nudp drop\n}\nchain c { " HOOK
		  "policy drop;\nip ttl 1 goto a\nip ttl 2 goto a\ngoto a\ntcp drop\n}\n}",
		  { "2 ip ttl 1 udp drop", "9 ip ttl 1 drop", "2 ip ttl 2 udp drop",
		    "9 ip ttl 2 drop", "2 udp drop" } },
		/* a map: one element is followed, and then what is behind the map */
		{ "table netdev t { chain a {\nudp drop\n}\nchain c { " HOOK
		  "\nip ttl vmap { 1 : jump a, * : drop, 2 : continue, 3 : return, 4 : xsk }\n"
		  "tcp drop\n}\n}",
		  { "2 ip ttl 1 udp drop", "6 ip ttl 1 tcp drop", "7 ip ttl 1 accept",
		    "6 ip ttl 2 tcp drop", "7 ip ttl 2 accept", "5 ip ttl 3 accept",
		    "5 ip ttl 4 xsk", "5 ip ttl & 0 == 0 drop" } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(sets); i++) {
		struct xs_ruleset set;
		char line[256];
		__u32 cnt = 0;

		parse_good(&set, sets[i].written);
		for (; cnt < set.rule_cnt && cnt < 8 && sets[i].rules[cnt]; cnt++) {
			snprintf(line, sizeof(line), "%u %s", set.rules[cnt].line,
				 set.rules[cnt].text);
			assert_string_equal(line, sets[i].rules[cnt]);
		}
		assert_true(cnt == 8 || !sets[i].rules[cnt]);
		assert_true(set.rule_cnt == cnt || cnt == 8);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

/* `cnt` chains, each of which jumps to the next. */
static char *nested_chains(int cnt)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("table netdev t {\nchain base { " HOOK "\njump c1\n}\n", out);
	for (int i = 1; i < cnt; i++)
		fprintf(out, "chain c%d {\njump c%d\n}\n", i, i + 1);
	fprintf(out, "chain c%d {\nudp drop\n}\n}\n", cnt);
	fclose(out);
	return text;
}

static void jumps_lead_sixteen_deep(void **state)
{
	char *good = nested_chains(16), *bad = nested_chains(17);
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, good);
	assert_int_equal(set.rule_cnt, 1);
	assert_string_equal(set.rules[0].text, "udp drop");
	xs_ruleset_free(&set);
	assert_error(bad, 51, 6, "more than 16 deep");
	free(good);
	free(bad);
}

/* A chain of `returns` returns, jumped to `jumps` times. */
static char *many_returns(int returns, int jumps)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs("table netdev t {\nchain a {\n", out);
	for (int i = 0; i < returns; i++)
		fprintf(out, "ip ttl %d return\n", i);
	fputs("}\nchain base { " HOOK "\n", out);
	for (int i = 0; i < jumps; i++)
		fprintf(out, "ip dscp %d jump a\nudp dport %d drop\n", i, i);
	fputs("}\n}\n", out);
	fclose(out);
	return text;
}

static void rules_that_returns_make_are_bounded(void **state)
{
	char *good = many_returns(20, 20), *bad = many_returns(200, 60);
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, good);
	assert_true(set.rule_cnt > 20 * 20 && set.rule_cnt < XS_RULE_INLINE_MAX);
	xs_ruleset_free(&set);
	assert_error(bad, 77, 11, "more than 32768 rules");
	free(good);
	free(bad);
}

static void a_rule_of_a_chain_has_its_matches_and_those_of_the_jumps(void **state)
{
	char text[4096] = "table netdev t {\nchain a {\n";
	struct xs_ruleset set;

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(text, "udp ");
	strcat(text, "drop\n}\nchain c { " HOOK "\n");
	for (int i = 0; i < 24; i++)
		strcat(text, "udp ");
	strcpy(text + strlen(text), "jump a\n}\n}");
	parse_good(&set, text);
	assert_int_equal(set.rules[0].match_cnt, 64);
	xs_ruleset_free(&set);
	strcpy(strstr(text, "jump a"), "udp jump a\n}\n}");
	assert_error(text, 6, 106, "the rule at line 3 gets more than 64 matches");
}

/* A mistake within a block costs its statement, and not the brace that ends the block. */
static void one_mistake_in_a_block_is_one_error(void **state)
{
	static const char *const blocks[] = {
		"table ip t {\nset s { type ipv4_addr; elements 1 }\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nset s {\ntype ipv4_addr\nelements = [ 1 ]\n}\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nset s {\nelements = { 1, , 2 }\n}\nchain c { " HOOK
		"\nudp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK "\nudp foo }\nchain d {\ntcp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK "\nudp foo\n}\nchain d {\ntcp drop\n}\n}\n",
		"table ip t {\nchain c { " HOOK
		"policy foo }\nset s { type ipv4_addr; }\n}\nudp drop\n",
	};

	(void)state;
	for (size_t i = 0; i < CNT(blocks); i++) {
		struct xs_rule_errors errs;
		struct xs_ruleset set;

		assert_int_equal(parse_with(&set, blocks[i], strlen(blocks[i]), NULL, &errs),
				 -EINVAL);
		if (errs.cnt != 1)
			xs_rule_errors_print(stderr, &errs);
		assert_int_equal(errs.cnt, 1);
		xs_rule_errors_free(&errs);
	}
}

static const struct memory_file chain_files[] = {
	{ "rules", "udp dport 1 drop\njump a" },
	{ "chain", "chain a {\nudp dport 2 drop\n}" },
	{ "close", "}\n" },
	{ "open", "chain b {\n" },
	{ NULL, NULL },
};

static void an_include_may_stand_within_a_block(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	const char *bad = "table ip t {\nchain c { " HOOK "\ninclude \"close\"\n}\n"
			  "include \"open\"\n}\n";

	(void)state;
	parse_good_with(&set,
			"table ip t {\nchain c { " HOOK "\ninclude \"rules\"\ntcp drop\n}\n"
			"include \"chain\"\n}\n",
			chain_files);
	assert_int_equal(set.rule_cnt, 4);
	assert_string_equal(set.rules[0].text, "meta nfproto ipv4 udp dport 1 drop");
	assert_int_equal(set.rules[0].line, 1);
	assert_string_equal(set.rules[1].text, "meta nfproto ipv4 udp dport 2 drop");
	assert_string_equal(set.files[set.rules[1].file], "chain");
	assert_int_equal(set.rules[1].line, 2);
	assert_string_equal(set.rules[2].text, "meta nfproto ipv4 tcp drop");
	assert_string_equal(set.files[set.rules[3].file], "test.rules");
	xs_ruleset_free(&set);
	assert_int_equal(parse_with(&set, bad, strlen(bad), chain_files, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 2);
	assert_string_equal(errs.errors[0].file, "close");
	assert_non_null(strstr(errs.errors[0].message, "a block to begin in this file"));
	assert_string_equal(errs.errors[1].file, "open");
	assert_non_null(strstr(errs.errors[1].message, "not closed"));
	xs_rule_errors_free(&errs);
}

static void policy_of_a_netdev_chain_is_the_default(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "table netdev t { chain c { type filter hook ingress device \"eth0\" "
			 "priority -500; policy drop;\nudp dport 1 accept\n}\n}");
	assert_int_equal(set.rule_cnt, 1);
	assert_string_equal(set.rules[0].text, "udp dport 1 accept");
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.default_action.verdict, XS_VERDICT_drop);
	assert_string_equal(set.default_text, "default drop");
	assert_round_trip(&set);
	xs_ruleset_free(&set);
	parse_good(
		&set,
		"table netdev t { chain c { type filter hook ingress device eth0 priority 0\n} }");
	assert_string_equal(set.default_text, "default accept");
	xs_ruleset_free(&set);
}

static void elements_have_their_lines(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set, "tcp dport . ip ttl {\n22 . 1,\n\n23 . 2 } drop\nudp drop");
	assert_int_equal(set.rule_cnt, 3);
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.rules[1].line, 4);
	assert_int_equal(set.rules[2].line, 5);
	assert_true(set.rules[1].matches[1].ranges[0].lo == 2);
	xs_ruleset_free(&set);
}

static void lines_are_those_of_the_file(void **state)
{
	struct xs_ruleset set;

	(void)state;
	parse_good(&set,
		   "# one\r\nudp drop\r\n\r\nudp dport {\n1,\n2 } drop\ntcp \\\ndrop\ntcp pass");
	assert_int_equal(set.rule_cnt, 4);
	assert_int_equal(set.rules[0].line, 2);
	assert_int_equal(set.rules[1].line, 4);
	assert_int_equal(set.rules[2].line, 7);
	assert_int_equal(set.rules[3].line, 9);
	xs_ruleset_free(&set);
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

#define BASE "table inet t {\nchain c {\ntype filter hook input priority 0\n"

static const struct {
	const char *text;
	__u32 line, column;
	const char *part;
} bad[] = {
	{ "foo drop", 1, 1, "expected a match" },
	{ "  foo drop", 1, 3, "found 'foo'" },
	{ "udp dport 53", 1, 13, "the line ends here: expected another match" },
	{ "udp dport 53   # x", 1, 13, "the line ends here" },
	{ "udp dport", 1, 10, "expected a port" },
	{ "udp dport drop", 1, 11, "'drop' is not a port" },
	{ "udp dport != ", 1, 13, "expected a port" },
	{ "udp dport = 5 drop", 1, 11, "expected a port" },
	{ "udp dport ! 5 drop", 1, 11, "expected '!='" },
	{ "udp dport < drop", 1, 13, "is not a port" },
	{ "udp dport < 1-2 drop", 1, 13, "is not a port" },
	{ "udp dport < { 1 } drop", 1, 13, "one value after '<'" },
	{ "udp dport >= 65536 drop", 1, 14, "too large" },
	{ "meta fragment < later drop", 1, 15, "a kind of fragment" },
	{ "meta nfproto & 1 == 1 drop", 1, 14, "a family" },
	{ "udp dport & 1 drop", 1, 15, "'==', '!=' or a set" },
	{ "udp dport & { 1 } == 1 drop", 1, 13, "a mask" },
	{ "ip saddr & 10.0.0.1 == 10.0.0.1 drop", 1, 10, "more than 16 zeros" },
	{ "ip saddr & 255.0.0.0 == 10.0.0.0/8 drop", 1, 33, "another match" },
	{ "ip saddr & x == 1.2.3.4 drop", 1, 12, "is not an IPv4 address" },
	{ "tcp flags & syn | ack == syn drop", 1, 13, "( ... ) around" },
	{ "tcp flags & (syn | foo) == syn drop", 1, 14, "'syn|foo' is not a TCP flag" },
	{ "tcp flags & (syn | ack == syn drop", 1, 24, "'|' or ')'" },
	{ "tcp flags ! { syn } drop", 1, 13, "no set can stand here" },
	{ "tcp flags ! syn / syn,ack drop", 1, 17, "'!=' in place of '!'" },
	{ "tcp flags { syn / ack } drop", 1, 19, "has no prefixes" },
	{ "udp dport 80|443 drop", 1, 11, "is not a port" },
	{ "udp dport 08 drop", 1, 11, "'08' is not a port" },
	{ "udp counter packets 1 bytes 0 drop", 1, 21, "'packets 0'" },
	{ "udp counter packets 0 drop", 1, 23, "'bytes 0'" },
	{ "udp dport { 1; 2 } drop", 1, 14, "expected ',' or '}'" },
	{ "ether saddr 1:2:3:4:5:006 drop", 1, 13, "MAC address" },
	{ "ether saddr 1:2:3:4:5: drop", 1, 13, "MAC address" },
	{ "udp dprt 5 drop", 1, 5, "sport, dport, port" },
	{ "ip drop", 1, 4, "saddr, daddr" },
	{ "ip", 1, 3, "saddr, daddr" },
	{ "ip sadr 1.2.3.4 drop", 1, 4, "saddr, daddr" },
	{ "udp dport 65536 drop", 1, 11, "expected 0-65535" },
	{ "udp dport 99999999999999999999999999999999999999999 drop", 1, 11, "too large" },
	{ "udp dport 0x10000 drop", 1, 11, "too large" },
	{ "udp dport 0x drop", 1, 11, "is not a port" },
	{ "udp dport 5a drop", 1, 11, "is not a port" },
	{ "udp dport 1-65536 drop", 1, 13, "'65536' is too large" },
	{ "udp dport 65536-1 drop", 1, 11, "'65536' is too large" },
	{ "udp dport 1-x drop", 1, 13, "'x' is not a port" },
	{ "udp dport 2-1 drop", 1, 11, "is empty" },
	{ "udp dport 1- drop", 1, 13, "the range '1-' lacks its end: expected 0-65535" },
	{ "udp dport 1 - drop", 1, 14, "the range '1-' lacks its end" },
	{ "udp dport 1 -drop", 1, 14, "the range '1-' lacks its end" },
	{ "udp dport 1- tcp drop", 1, 13, "the range '1-' lacks its end" },
	{ "udp dport 1-", 1, 13, "the range '1-' lacks its end" },
	{ "udp dport { 1-, 2 } drop", 1, 15, "the range '1-' lacks its end" },
	{ "udp dport 1- x drop", 1, 14, "'x' is not a port" },
	{ "udp dport 1 - 70000 drop", 1, 15, "'70000' is too large" },
	{ "ip saddr 10.0.0.1- drop", 1, 19, "the range '10.0.0.1-' lacks its end" },
	{ "define A = 1-\nudp dport $A drop", 2, 11, "the range '1-' (of '$A') lacks its end" },
	{ "define A = 1\nudp dport $A- drop", 2, 11, "the range '1-' (of '$A') lacks its end" },
	{ "udp dport -1 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport - 1 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport -1-5 drop", 1, 11, "'-1' is not a port" },
	{ "udp dport - drop", 1, 11, "is not a port" },
	{ "udp dport { 1, 70000 } drop", 1, 16, "too large" },
	{ "udp dport { } drop", 1, 13, "at least one" },
	{ "udp dport { 1 2 } drop", 1, 15, "expected ',' or '}'" },
	{ "udp dport { 1,, 2 } drop", 1, 15, "found ','" },
	{ "udp dport { , 2 } drop", 1, 13, "found ','" },
	{ "udp dport { 1, 2", 1, 11, "not closed" },
	{ "udp dport { 1, 2\ntcp drop", 2, 1,
	  "expected ',' or '}' in the set that begins at line 1" },
	{ "udp dport 1, 2 drop", 1, 12, "{ ... }" },
	{ "udp dport 1/8 drop", 1, 13, "no prefixes" },
	{ "udp drop tcp", 1, 10, "the verdict comes last" },
	{ "udp drop drop", 1, 10, "the verdict comes last" },
	{ "name", 1, 5, "the rule's name and a ':'" },
	{ "name \"web\": drop", 1, 6, "the rule's name and a ':'" },
	{ "name web drop", 1, 6, "does not end with a ':'" },
	{ "name web :drop", 1, 6, "does not end with a ':'" },
	{ "name : drop", 1, 6, "is not the name of a rule" },
	{ "name 9: drop", 1, 6, "is not the name of a rule" },
	{ "name a.b: drop", 1, 6, "is not the name of a rule" },
	{ "name abcdefghijklmnopqrstuvwxyzabcdef: drop", 1, 6, "at most 31" },
	{ "name web:", 1, 10, "a match" },
	{ "name web: default pass", 1, 11, "a match" },
	{ "name web: name web2: drop", 1, 11, "a match" },
	{ "name web: drop\nname web: udp drop", 2, 6, "is that of test.rules:1 already" },
	{ "name web: ip saddr . tcp dport { 10.0.0.1 . 80 } drop", 1, 6, "is of one rule" },
	{ "name web: tcp dport vmap { 80 : drop }", 1, 6, "is of one rule" },
	{ "table ip t {\n chain c {\n  type filter hook ingress device e priority 0\n"
	  "  name web: drop\n }\n}",
	  4, 8, "name rules outside of tables" },
	{ "udp drop comment", 1, 17, "double quotes" },
	{ "udp drop comment x", 1, 18, "double quotes" },
	{ "udp drop comment \"x", 1, 18, "not closed" },
	{ "udp drop comment \"x\" x", 1, 22, "the end of the line" },
	{ "udp drop comment \"a\x01\"", 1, 20, "control" },
	{ "udp drop comment \"a\xff\"", 1, 20, "UTF-8" },
	{ "udp drop comment \"a\xc0\xaf\"", 1, 20, "UTF-8" },
	{ "udp ; drop", 1, 5, "the line ends here: expected another match" },
	{ "udp \xc3\xbc drop", 1, 5, "no meaning" },
	{ "udp\rdrop", 1, 4, "no meaning" },
	{ "vlan id 4096 drop", 1, 9, "0-4095" },
	{ "vlan pcp 8 drop", 1, 10, "0-7" },
	{ "ip dscp 64 drop", 1, 9, "0-63" },
	{ "ip ttl 256 drop", 1, 8, "0-255" },
	{ "ip protocol foo drop", 1, 13, "not a protocol" },
	{ "ether type 0x10000 drop", 1, 12, "0-65535" },
	{ "meta length 4294967296 drop", 1, 13, "0-4294967295" },
	{ "meta fragment 1 drop", 1, 15, "none, first or later" },
	{ "meta fragment last drop", 1, 15, "none, first or later" },
	{ "meta iifname eth0 drop", 1, 6, "rxqueue" },
	{ "ip saddr 10.0.0 drop", 1, 10, "IPv4 address" },
	{ "ip saddr 10.0.0.256 drop", 1, 10, "IPv4 address" },
	{ "ip saddr ::1 drop", 1, 10, "IPv4 address" },
	{ "ip saddr 10.0.0.1/33 drop", 1, 19, "expected 0-32" },
	{ "ip saddr 10.0.0.1/ drop", 1, 20, "expected 0-32" },
	{ "ip saddr 10.0.0.1/255.0.0.0 drop", 1, 19, "expected 0-32" },
	{ "ip saddr 10.0.0.9-10.0.0.1 drop", 1, 10, "is empty" },
	{ "ip saddr 10.0.0.1-10.0.0.999 drop", 1, 19, "'10.0.0.999' is not an IPv4 address" },
	{ "ip6 saddr 10.0.0.1 drop", 1, 11, "IPv6 address" },
	{ "ip6 saddr ::/129 drop", 1, 14, "expected 0-128" },
	{ "ip6 saddr 1:2:3 drop", 1, 11, "IPv6 address" },
	{ "ether saddr 00:11:22:33:44 drop", 1, 13, "MAC address" },
	{ "ether saddr 00:11:22:33:44:5g drop", 1, 13, "MAC address" },
	{ "tcp flags foo drop", 1, 11, "not a TCP flag" },
	{ "tcp flags syn,foo drop", 1, 15, "not a TCP flag" },
	{ "tcp flags syn, drop", 1, 16, "not a TCP flag" },
	{ "tcp flags 256 drop", 1, 11, "0-255" },
	{ "tcp flags syn / { ack } drop", 1, 17, "no set can stand here" },
	{ "tcp flags syn / drop", 1, 17, "not a TCP flag" },
	{ "icmp type foo drop", 1, 11, "ICMP type" },
	{ "icmpv6 code 256 drop", 1, 13, "0-255" },
	{ "xsk slot", 1, 9, "slot number" },
	{ "xsk slot x", 1, 10, "slot number" },
	{ "xsk slot 65536", 1, 10, "0-65535" },
	{ "xsk else", 1, 9, "pass or drop" },
	{ "xsk else tx", 1, 10, "pass or drop" },
	{ "xsk else drop slot 1", 1, 15, "the verdict comes last" },
	{ "cpu", 1, 4, "CPU number" },
	{ "cpu x", 1, 5, "CPU number" },
	{ "dev", 1, 4, "interface name" },
	{ "dev " NAME_OF_127 "x", 1, 5, "1-127 bytes" },
	{ "dev ..", 1, 5, "1-127 bytes" },
	{ "dev \"a/b\"", 1, 5, "1-127 bytes" },
	{ "dev \"\"", 1, 5, "1-127 bytes" },
	{ "chain", 1, 6, "the name of a chain" },
	{ "chain 1a", 1, 7, "a letter, then" },
	{ "chain a.b", 1, 7, "a letter, then" },
	{ "chain abcdefghijklmnopqrstuvwxyz123456", 1, 7, "at most 31" },
	{ "chain web else tx", 1, 16, "pass or drop" },
	{ "default", 1, 8, "a verdict" },
	{ "default foo", 1, 9, "a verdict" },
	{ "default pass comment \"x\"", 1, 14, "the end of the line" },
	{ "default pass\ndefault pass", 2, 1, "test.rules:1" },
	{ "malformed", 1, 10, "pass or drop" },
	{ "malformed tx", 1, 11, "pass or drop" },
	{ "malformed pass\n\nmalformed drop", 3, 1, "test.rules:1" },
	{ "define", 1, 7, "a name" },
	{ "define 1 = 2", 1, 8, "a name" },
	{ "define A- = 2", 1, 8, "a name" },
	{ "define A", 1, 9, "'='" },
	{ "define A 5", 1, 10, "'='" },
	{ "define A =", 1, 11, "a value" },
	{ "define A = 5 6", 1, 14, "the end of the line" },
	{ "define A = 5\ndefine A = 6", 2, 8, "test.rules:1" },
	{ "define A = $A", 1, 12, "not defined" },
	{ "udp dport $A drop", 1, 11, "'$A' is not defined" },
	{ "udp dport $ drop", 1, 11, "a name after '$'" },
	{ "define A = 1.2.3.4\nudp dport $A drop", 2, 11, "'1.2.3.4' (of '$A') is not a port" },
	{ "define A = { 1, x }\nudp dport { 5, $A } drop", 2, 16, "'x' (of '$A')" },
	{ "define A = { 1 }\ncpu $A", 2, 5, "not a single value" },
	{ "define A = 10.0.0.0/8\nip saddr 1.1.1.1 - $A drop", 2, 20, "not a single value" },
	{ "define A = 1,2\nudp dport $A drop", 2, 11, "{ ... }" },
	{ "$A", 1, 1, "a match" },
	{ "include", 1, 8, "a file name" },
	{ "include x", 1, 9, "a file name" },
	{ "include \"\"", 1, 9, "a file name" },
	{ "include \"x\"", 1, 9, "cannot read 'x'" },
	{ "include \"x\" y", 1, 13, "the end of the line" },
	{ "ip saddr @bad drop", 1, 10,
	  "'set bad { type ip; }' on an earlier line, or define and $bad" },
	{ "udp jump web", 1, 5, "within table ... { } alone" },
	{ "udp return", 1, 5, "within table ... { } alone" },
	{ "tcp dport 22 limit rate 1/second drop", 1, 14, "it stands behind the verdict" },
	{ "tcp dport 22 reject", 1, 14, "nothing is answered here" },
	{ "tcp dport 22 log prefix \"x\" drop", 1, 14, "nothing is logged" },
	{ "udp masquerade", 1, 5, "nothing is rewritten" },
	{ "udp dnat to 192.0.2.1", 1, 5, "nothing is rewritten" },
	{ "fib saddr type local drop", 1, 1, "no route is known" },
	{ "socket transparent 1 drop", 1, 1, "no local socket is known" },
	{ "udp notrack", 1, 5, "not tracked" },
	{ "iif eth0 drop", 1, 1, "belong to one interface" },
	{ "meta iifname eth0 drop", 1, 6, "belong to one interface" },
	{ "meta oifname eth0 drop", 1, 6, "where a frame leaves" },
	{ "meta mark 1 drop", 1, 6, "a frame has no mark yet" },
	{ "meta skuid 0 drop", 1, 6, "no local socket" },
	{ "meta hour 8 drop", 1, 6, "rules know no time" },
	{ "meta random 1 drop", 1, 6, "at random" },
	{ "tcp option mss 536 drop", 1, 5, "options in headers" },
	{ "tcp dport 22 tcp option sack exists drop", 1, 18, "options in headers" },
	{ "ip option lsrr exists drop", 1, 4, "options in headers" },
	{ "@blocked drop", 1, 1, "behind the field" },
	{ "table ip t {\nset b { type ipv4_addr; elements = { 1.2.3.4 }; }\nchain c {\n"
	  "type filter hook input priority 0\n@b drop\n}\n}",
	  5, 1, "behind the field" },
	{ "define B = 22\n$B drop", 2, 1, "behind the field" },
	{ "@th,16,16 22 drop", 1, 1, "names of their fields" },
	{ "udp dport 53 @th,64,8 1 drop", 1, 14, "names of their fields" },
	{ "fib daddr type local drop", 1, 1, "no route" },
	{ "frag more-fragments 1 drop", 1, 1, "meta fragment" },
	{ "exthdr hbh exists drop", 1, 1, "passed over" },
	{ "esp spi 1 drop", 1, 1, "meta l4proto esp" },
	{ "vxlan vni 1 drop", 1, 1, "inside a tunnel" },
	{ "flow add @f", 1, 1, "flow tables" },
	{ "udp flow offload @f", 1, 5, "flow tables" },
	{ "update @s { ip saddr }", 1, 1, "frames change no set" },
	{ "delete rule ip t c", 1, 1, "all rules that there are" },
	{ "numgen inc mod 2 vmap { 0 : drop }", 1, 1, "at random or by a hash" },
	{ "port 22 drop", 1, 1, "behind tcp, udp or th" },
	{ "dport 22 drop", 1, 1, "behind tcp, udp or th" },
	{ "saddr 1.2.3.4 drop", 1, 1, "behind ip or ip6" },
	{ "host 1.2.3.4 drop", 1, 1, "ip saddr or ip daddr" },
	{ "tcp dst port 22 drop", 1, 5, "it is called dport" },
	{ "ip src 1.2.3.4 drop", 1, 4, "it is called ip saddr" },
	{ "tcp iifname eth0 drop", 1, 5, "belong to one interface" },
	{ "-A INPUT -j DROP", 1, 1, "not iptables' options" },
	{ "policy drop", 1, 1, "it is called default" },
	{ "ip frag-off 65536 drop", 1, 13, "too large" },
	{ "arp saddr drop", 1, 5, "another match" },
	{ "vlan dei 2 drop", 1, 10, "expected 0-1" },
	{ "ip ecn 4 drop", 1, 8, "0-3 or a name such as not-ect" },
	{ "meta pkttype host drop", 1, 6, "rxqueue" },
	{ "ip version 5 drop", 1, 4, "saddr, daddr" },
	{ "table inet t {\nchain c {\ntype filter hook input priority 0\n}\n", 1, 1, "not closed" },
	{ "table arp t { }", 1, 7, "netdev, inet, ip or ip6" },
	{ "table t { }", 1, 7, "netdev, inet, ip or ip6" },
	{ "table inet { }", 1, 12, "the table's name" },
	{ "table inet t {\nudp drop\n}", 2, 1, "chain, set or '}'" },
	{ "table inet t {\nchain c {\nudp drop\n}\n}", 2, 7, "no frame meets the rules of 'c'" },
	{ "table inet t {\nchain c {\ntype nat hook input priority 0\n}\n}", 3, 6, "'filter'" },
	{ "table inet t {\nchain c {\ntype filter hook forward priority 0\n}\n}", 3, 18,
	  "ingress" },
	{ "table inet t {\nchain c {\ntype filter hook input priority 0\npolicy foo\n}\n}", 4, 8,
	  "accept or drop" },
	{ BASE "jump d\n}\n}", 4, 6, "no chain 'd' is in this table" },
	{ BASE "jump\n}\n}", 4, 5, "the name of a chain after 'jump'" },
	{ BASE "goto c\n}\n}", 4, 6, "'c' is a base chain" },
	{ BASE "jump d drop\n}\n}", 4, 8, "the verdict comes last" },
	{ BASE "udp dport vmap { 1 : jump e }\n}\n}", 4, 27, "no chain 'e'" },
	{ BASE "jump d\n}\nchain d {\ngoto d\n}\n}", 7, 6, "'d' leads back to itself" },
	{ BASE "jump d\n}\nchain d {\ntcp jump e\n}\nchain e {\njump d\n}\n}", 10, 6,
	  "'d' leads back to itself" },
	{ BASE "}\nchain c {\n}\n}", 5, 7, "another name" },
	{ BASE "}\n}\ntable ip u {\nchain d {\nudp drop\n}\n}", 7, 7, "no frame meets" },
	{ "table ip t { chain a { type filter hook input priority 0\n}\nchain b {\ntype filter "
	  "hook "
	  "input priority 1\n}\n}",
	  4, 1, "second base chain" },
	{ "flush table x", 1, 7, "'ruleset'" },
	{ "udp dport @none drop", 1, 11, "cannot be asked of a dynamic set" },
	{ "tcp . udp drop", 1, 5, "or a verdict" },
	{ "ip ttl . udp { 1 . 2 } drop", 1, 10, "a protocol alone has no value" },
	{ "ip ttl . { 1 . 2 } drop", 1, 10, "a field after '.'" },
	{ "ip ttl . tcp dport { 1 } drop", 1, 24, "'.' and a value of 'tcp dport'" },
	{ "ip ttl . tcp dport { 1 . 2 . 3 } drop", 1, 28, "',' or '}'" },
	{ "ip ttl . tcp dport { 1 . 70000 } drop", 1, 26, "too large for 'tcp dport'" },
	{ "ip ttl . tcp dport { } drop", 1, 22, "a number" },
	{ "ip ttl . tcp dport != { 1 . 2 } drop", 1, 20, "has no '!=' here" },
	{ "ip ttl . tcp dport { 1 . 2 } udp dport vmap { 1 : drop }", 1, 40, "one at most" },
	{ "ip ttl . ip ttl . ip ttl . ip ttl . ip ttl . ip ttl 1 . 1 . 1 . 1 . 1 . 1 drop", 1, 46,
	  "at most 5 fields" },
	{ "udp dport vmap { 1 : drop, 2 } ", 1, 30, "':' and a verdict" },
	{ "udp dport vmap { :* : drop }", 1, 18, "':*' is not a port" },
	{ "udp dport vmap { 1 : jump x }", 1, 22, "a verdict" },
	{ "udp dport vmap { 1 : drop } drop", 1, 29, "the verdict comes last" },
	{ "udp dport vmap { * : drop, * : accept }", 1, 39, "'*' once" },
	{ "udp dport vmap 1 : drop", 1, 16, "'{' and elements" },
	{ "meta fragment vmap { * : drop }", 1, 22, "names only" },
	{ "UDP drop", 1, 1, "; it is called udp" },
	{ "Ip6 saddr ::1 drop", 1, 1, "; it is called ip6" },
	{ "udp DROP", 1, 5, "; it is called drop" },
	{ "DROP", 1, 1, "; it is called drop" },
	{ "udp ACCEPT", 1, 5, "; it is called pass" },
	{ "udp Xsk", 1, 5, "; it is called xsk" },
	{ "udp DPORT 5 drop", 1, 5, "; it is called dport" },
	{ "tcp dport 5 Flags syn drop", 1, 13, "or a verdict" },
	{ "udp REJECT", 1, 5, "; nothing is answered here" },
	{ "Default drop", 1, 1, "; it is called default" },
	{ "udp FROP", 1, 5, "or chain" },
	{ "ct state new drop", 1, 1, "not tracked" },
	{ "udp drop\n\tudp foo drop\nudp drop", 2, 6, "found 'foo'" },
};

static void errors_point_at_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < CNT(bad); i++)
		assert_error(bad[i].text, bad[i].line, bad[i].column, bad[i].part);
}

static void a_joined_last_line_needs_no_newline(void **state)
{
	static const char *const joined[] = {
		"udp drop \\",	 "udp drop \\\n",   "udp drop\\",   "udp drop\\\r\n",
		"udp drop \\\r", "udp \\\ndrop \\", "udp drop\n\\", "udp drop\n\\\n",
	};

	(void)state;
	for (size_t i = 0; i < CNT(joined); i++) {
		struct xs_ruleset set;

		parse_good(&set, joined[i]);
		assert_int_equal(set.rule_cnt, 1);
		assert_string_equal(set.rules[0].text, "udp drop");
		xs_ruleset_free(&set);
	}
	assert_error("udp \\", 2, 1, "the line ends here");
	assert_error("udp \\\n", 2, 1, "the line ends here");
	assert_error("udp \\ drop", 1, 5, "no meaning");
	assert_error("udp \\ ", 1, 5, "no meaning");
	assert_error("udp \\ \n", 1, 5, "no meaning");
}

static void nul_byte_is_an_error(void **state)
{
	static const char text[] = "udp drop\ntc\0p drop\n";
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, text, sizeof(text) - 1, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_int_equal(errs.errors[0].line, 2);
	assert_int_equal(errs.errors[0].column, 3);
	assert_non_null(strstr(errs.errors[0].message, "NUL"));
	assert_string_equal(errs.errors[0].source, "tc?p drop");
	assert_int_equal(errs.errors[0].caret, 2);
	xs_rule_errors_free(&errs);
}

static void all_errors_are_told_in_one_run(void **state)
{
	const char *text = "udp foo drop\n"
			   "udp drop\n"
			   "tcp dport { 1 2,\n" /* the rest of the set is skipped */
			   "  3, 4 } drop\n"
			   "ip bar drop\n"
			   "tcp dport { 1, 2\n"
			   "udp dport 70000 drop\n"
			   "default nothing";
	static const __u32 lines[] = { 1, 3, 5, 7, 7, 8 };
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	assert_int_equal(parse_with(&set, text, strlen(text), NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, CNT(lines));
	for (size_t i = 0; i < CNT(lines); i++)
		assert_int_equal(errs.errors[i].line, lines[i]);
	assert_false(errs.more);
	xs_rule_errors_free(&errs);
}

static void errors_end_at_a_limit(void **state)
{
	enum { LINES = XS_RULE_ERROR_MAX + 1 };
	char text[2 * LINES + 1];
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	(void)state;
	for (int i = 0; i < LINES; i++)
		memcpy(text + 2 * i, "x\n", 2);
	assert_int_equal(parse_with(&set, text, 2 * LINES, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, XS_RULE_ERROR_MAX);
	assert_true(errs.more);
	xs_rule_errors_free(&errs);
	assert_int_equal(parse_with(&set, text, 2 * XS_RULE_ERROR_MAX, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, XS_RULE_ERROR_MAX);
	assert_false(errs.more);
	xs_rule_errors_free(&errs);
}

static void excerpt_of_a_long_line_holds_the_place(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	char text[2001];

	(void)state;
	memset(text, ' ', 2000);
	memcpy(text + 1000, "b\xc3\xbc\x1b", 4);
	text[2000] = '\0';
	assert_int_equal(parse_with(&set, text, 2000, NULL, &errs), -EINVAL);
	assert_int_equal(errs.errors[0].column, 1001);
	assert_true(strlen(errs.errors[0].source) <= 160);
	assert_memory_equal(errs.errors[0].source + errs.errors[0].caret, "b\xc3\xbc?", 4);
	xs_rule_errors_free(&errs);
}

static void include_gives_rules_defines_and_lines(void **state)
{
	static const struct memory_file files[] = {
		{ "a", "define P = 80\ninclude \"b\"\n\nudp dport $P drop" },
		{ "b", "\ndefault pass\r\nudp dport $OUTER drop\r\n" },
		{},
	};
	struct xs_ruleset set;

	(void)state;
	parse_good_with(&set, "define OUTER = 7\ninclude \"a\" # x\ntcp dport $P drop\n", files);
	assert_int_equal(set.rule_cnt, 3);
	assert_int_equal(set.file_cnt, 3);
	assert_string_equal(set.files[set.rules[0].file], "b");
	assert_int_equal(set.rules[0].line, 3);
	assert_string_equal(set.rules[0].text, "udp dport 7 drop");
	assert_string_equal(set.files[set.rules[1].file], "a");
	assert_int_equal(set.rules[1].line, 4);
	assert_string_equal(set.files[set.rules[2].file], "test.rules");
	assert_int_equal(set.rules[2].line, 3);
	assert_int_equal(set.default_action.verdict, XS_VERDICT_pass);
	assert_round_trip(&set);
	xs_ruleset_free(&set);
}

static void assert_include_error(const struct memory_file *files, const char *text,
				 const char *file, __u32 line, const char *part)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;

	assert_int_equal(parse_with(&set, text, strlen(text), files, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_string_equal(errs.errors[0].file, file);
	assert_int_equal(errs.errors[0].line, line);
	if (!strstr(errs.errors[0].message, part))
		fail_msg("'%s' is not in '%s'", part, errs.errors[0].message);
	xs_rule_errors_free(&errs);
}

static void include_errors_name_the_file(void **state)
{
	static const struct memory_file files[] = {
		{ "bad", "udp drop\nfoo" },
		{ "self", "include \"self\"" },
		{ "ping", "\ninclude \"pong\"" },
		{ "pong", "include \"ping\"" },
		{ "pass", "default pass" },
		{ "define", "define A = 1" },
		{},
	};

	(void)state;
	assert_include_error(files, "include \"bad\"", "bad", 2, "found 'foo'");
	assert_include_error(files, "include \"none\"", "test.rules", 1, "No such file");
	assert_include_error(files, "include \"self\"", "self", 1, "includes itself");
	assert_include_error(files, "include \"ping\"", "pong", 1, "includes itself");
	assert_include_error(files, "include \"pass\"\ndefault pass", "test.rules", 2, "pass:1");
	assert_include_error(files, "include \"define\"\ninclude \"define\"", "define", 1,
			     "define:1");
}

/* Each file "N" includes "N-1"; "0" is empty. */
static int deep_load(void *arg, const char *including, const char *name, char **path, char **text,
		     size_t *len)
{
	int n = atoi(name);

	(void)arg;
	(void)including;
	*path = strdup(name);
	if (asprintf(text, n ? "include \"%d\"" : "", n - 1) < 0)
		return -ENOMEM;
	*len = strlen(*text);
	return 0;
}

static int parse_deep(int depth)
{
	struct xs_rule_source src = { .name = "t", .load = deep_load };
	struct xs_rule_errors errs = {};
	struct xs_ruleset set = {};
	char text[40];
	int err;

	snprintf(text, sizeof(text), "include \"%d\"", depth);
	src.text = text;
	src.len = strlen(text);
	err = xs_rules_parse(&set, &src, &errs);
	xs_rule_errors_free(&errs);
	xs_ruleset_free(&set);
	return err;
}

static void sets_take_members_of_files(void **state)
{
	static const struct memory_file files[] = {
		{ "drop.txt",
		  "\xef\xbb\xbf# bad ones\n1.10.16.0/20 ; SBL1\r\n\n 10.0.0.1-10.0.0.9\n"
		  "192.0.2.7 # last" },
		{ "none.txt", "# nothing\n\n" },
		{ NULL, NULL },
	};
	struct xs_ruleset set;

	(void)state;
	parse_good_with(&set,
			"ip saddr { file \"drop.txt\", 1.1.1.1 } drop\n"
			"define N = { file \"none.txt\" }\n"
			"ip saddr != { file \"drop.txt\" } drop\n"
			"ip saddr $N drop\nip saddr != $N drop\nudp dport { $N, 5 } drop",
			files);
	assert_int_equal(set.rule_cnt, 5);
	assert_string_equal(set.rules[0].text, "ip saddr { 1.10.16.0/20, 10.0.0.1-10.0.0.9, "
					       "192.0.2.7, 1.1.1.1 } drop");
	assert_int_equal(set.rules[0].matches[0].range_cnt, 4);
	assert_true(set.rules[1].matches[0].negate);
	assert_int_equal(set.rules[2].matches[0].range_cnt, 0);
	assert_string_equal(set.rules[2].text, "ip saddr { file \"/dev/null\" } drop");
	assert_true(set.rules[3].matches[0].negate && !set.rules[3].matches[0].range_cnt);
	assert_string_equal(set.rules[4].text, "udp dport { 5 } drop");
	xs_ruleset_free(&set);
}

static void errors_in_files_of_values_have_their_place(void **state)
{
	static const struct {
		const char *values, *rules, *file;
		__u32 line, column;
		const char *part;
	} wrong[] = {
		{ "10.0.0.1\n  10.0.0.999\n", "ip saddr { file \"v\" } drop", "v", 2, 3,
		  "IPv4 address" },
		{ "::1\n10.0.0.1", "ip6 saddr { file \"v\" } drop", "v", 2, 1, "IPv6 address" },
		{ "10.0.0.0/33", "ip saddr { file \"v\" } drop", "v", 1, 10, "prefix length" },
		{ "10.0.0.1 10.0.0.2", "ip saddr { file \"v\" } drop", "v", 1, 1, "IPv4 address" },
		{ "1\n\n1-70000", "define V = { file \"v\" }\nudp dport $V drop", "v", 3, 1,
		  "too large" },
		{ "syn|ack", "tcp flags { file \"v\" } drop", "v", 1, 1, "one value a line" },
		{ "1", "udp dport { file v } drop", "test.rules", 1, 18, "double quotes" },
		{ "1", "udp dport { file \"w\" } drop", "test.rules", 1, 18, "cannot read 'w'" },
		{ "1", "udp dport file \"v\" drop", "test.rules", 1, 11, "'file' is not a port" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(wrong); i++) {
		const struct memory_file files[] = { { "v", wrong[i].values }, { NULL, NULL } };
		struct xs_rule_errors errs;
		struct xs_ruleset set;

		assert_int_equal(
			parse_with(&set, wrong[i].rules, strlen(wrong[i].rules), files, &errs),
			-EINVAL);
		if (strcmp(errs.errors[0].file, wrong[i].file) ||
		    errs.errors[0].line != wrong[i].line ||
		    errs.errors[0].column != wrong[i].column ||
		    !strstr(errs.errors[0].message, wrong[i].part)) {
			xs_rule_errors_print(stderr, &errs);
			fail_msg("'%s'", wrong[i].rules);
		}
		xs_rule_errors_free(&errs);
	}
}

static void include_depth_is_limited(void **state)
{
	(void)state;
	assert_int_equal(parse_deep(XS_RULE_INCLUDE_DEPTH_MAX - 1), 0);
	assert_int_equal(parse_deep(XS_RULE_INCLUDE_DEPTH_MAX), -EINVAL);
}

/* `head`, then `part` so many times, then `tail`. From malloc(). */
static char *repeated(const char *head, const char *part, size_t times, const char *tail)
{
	size_t n = strlen(part);
	char *text = malloc(strlen(head) + n * times + strlen(tail) + 1), *to;

	assert_non_null(text);
	to = stpcpy(text, head);
	for (size_t i = 0; i < times; i++, to += n)
		memcpy(to, part, n);
	strcpy(to, tail);
	return text;
}

static void assert_limit(const char *head, const char *part, size_t most, const char *tail,
			 const char *message)
{
	for (size_t over = 0; over < 2; over++) {
		char *text = repeated(head, part, most + over, tail);
		struct xs_rule_errors errs;
		struct xs_ruleset set;
		int err = parse_with(&set, text, strlen(text), NULL, &errs);

		if (err)
			xs_rule_errors_print(over ? stdout : stderr, &errs);
		assert_int_equal(err, over ? -EINVAL : 0);
		if (over)
			assert_non_null(strstr(errs.errors[errs.cnt - 1].message, message));
		else
			xs_ruleset_free(&set);
		xs_rule_errors_free(&errs);
		free(text);
	}
}

static void limits_hold_at_their_edge(void **state)
{
	(void)state;
	assert_limit("", "tcp ", XS_RULE_MATCH_MAX, "drop", "more than 64 matches");
	assert_limit("udp drop comment \"", "x", XS_RULE_COMMENT_MAX, "\"", "at most 255");
	assert_limit("udp dport { ", "1,", XS_RULE_SET_MAX, "} drop", "more than 1048576 members");
	assert_limit("udp drop", " ", XS_RULE_LINE_MAX - 8, "", "longer than 16 MiB");
	assert_limit("", "drop\n", XS_RULE_CNT_MAX, "", "more than 1000000 rules");
}

/* Ten names of ten names of ... : small text, huge meaning. */
static void names_of_names_cannot_fill_memory(void **state)
{
	struct xs_rule_errors errs;
	struct xs_ruleset set;
	char text[4096];
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text), "define A0 = { 1,1,1,1,1,1,1,1,1,1 }\n");
	for (int i = 1; i < 20; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "define A%d = { ", i);
		for (int k = 0; k < 10; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "$A%d,", i - 1);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "}\n");
	}
	assert_int_equal(parse_with(&set, text, n, NULL, &errs), -EINVAL);
	assert_int_equal(errs.cnt, 1);
	assert_non_null(strstr(errs.errors[0].message, "MiB"));
	xs_rule_errors_free(&errs);
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

/* Not a benchmark: only that nothing grows with the square of the rules. */
static void hundred_thousand_rules_are_quick(void **state)
{
	const size_t rules = 100000;
	char *text = malloc(rules * 160 + 100000 * 30), *to = text;
	struct timespec begin, end;
	struct xs_ruleset set;
	double seconds;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 50000; i++)
		to += sprintf(to, "define NAME%zu = %zu\n", i, i);
	for (size_t i = 0; i < rules; i++)
		to += sprintf(
			to, "ip saddr 10.%zu.%zu.0/24 tcp dport { $NAME%zu, 80-90 } xsk slot %zu\n",
			i / 256 % 256, i % 256, i % 50000, i % 8);
	/* of this process: what others do at the same time is not the parser's fault */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	parse_good(&set, text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	assert_int_equal(set.rule_cnt, rules);
	assert_true(seconds < 10); /* sanitizers included */
	xs_ruleset_free(&set);
	free(text);
}

struct limit_row {
	const char *text, *canonical; /* behind "pass "; NULL: the same */
	struct xs_limit limit;
};

#define SECOND_NS 1000000000ULL

static void limits_are_read(void **state)
{
	static const struct limit_row rows[] = {
		{ "limit 1/second", NULL, { 1, SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 50/second", NULL, { 50, SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 60/second", NULL, { 60, SECOND_NS, 6, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 0x10 / minute burst 7 packets else drop",
		  "limit 0x10/minute burst 7 else drop",
		  { 16, 60 * SECOND_NS, 7, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/hour",
		  NULL,
		  { 1, 3600 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/day",
		  NULL,
		  { 1, 86400 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/week",
		  NULL,
		  { 1, 604800 * SECOND_NS, 5, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1000000000000000/second burst 1",
		  NULL,
		  { 1000000000000000, SECOND_NS, 1, false, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 9 bytes/second",
		  NULL,
		  { 9, SECOND_NS, 65536, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 20 mbytes/second burst 3 kbytes",
		  NULL,
		  { 20 << 20, SECOND_NS, 3 << 10, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 8 mbytes/second",
		  NULL,
		  { 8 << 20, SECOND_NS, (8 << 20) / 10, true, XS_VERDICT_drop, 0, 0, 0 } },
		{ "limit 1/second per ip saddr",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip_saddr, 32, 65536 } },
		{ "limit 1/second per ip daddr / 1 size 4194304",
		  "limit 1/second per ip daddr/1 size 4194304",
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip_daddr, 1, 4194304 } },
		{ "limit 1/second per ip6 saddr/64 size 1",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip6_saddr, 64, 1 } },
		{ "limit 1/second per ip6 daddr",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_ip6_daddr, 128, 65536 } },
		{ "limit 1/second per flow else drop",
		  NULL,
		  { 1, SECOND_NS, 5, false, XS_VERDICT_drop, XS_LIMIT_PER_flow, 0, 65536 } },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++) {
		char text[160], canonical[160];
		struct xs_ruleset set;

		snprintf(text, sizeof(text), "udp pass %s comment \"c\"\n", rows[i].text);
		snprintf(canonical, sizeof(canonical), "udp pass %s comment \"c\"",
			 rows[i].canonical ? rows[i].canonical : rows[i].text);
		parse_good(&set, text);
		assert_string_equal(set.rules[0].text, canonical);
		assert_int_equal(set.rules[0].limit.rate, rows[i].limit.rate);
		assert_int_equal(set.rules[0].limit.per_ns, rows[i].limit.per_ns);
		assert_int_equal(set.rules[0].limit.burst, rows[i].limit.burst);
		assert_int_equal(set.rules[0].limit.by_bytes, rows[i].limit.by_bytes);
		assert_int_equal(set.rules[0].limit.otherwise, rows[i].limit.otherwise);
		assert_int_equal(set.rules[0].limit.per, rows[i].limit.per);
		assert_int_equal(set.rules[0].limit.prefix, rows[i].limit.prefix);
		assert_int_equal(set.rules[0].limit.size, rows[i].limit.size);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
}

static void a_limit_stands_behind_any_verdict(void **state)
{
	static const char *const rules[] = {
		"udp drop limit 1/second else pass",
		"udp tx limit 1/second else pass",
		"udp xsk else pass limit 1/second else drop",
		"udp xsk slot 3 limit 1/second",
		"udp cpu 3 limit 1/second else pass",
		"udp dev eth0 limit 1/second",
		"udp chain web else drop limit 1/second else pass",
		"name web: udp pass limit 1/second",
	};
	struct xs_ruleset set;

	(void)state;
	for (size_t i = 0; i < CNT(rules); i++) {
		parse_good(&set, rules[i]);
		assert_string_equal(set.rules[0].text, rules[i]);
		assert_int_equal(set.rules[0].limit.rate, 1);
		assert_round_trip(&set);
		xs_ruleset_free(&set);
	}
	/* each element is a rule, with a bucket of its own */
	parse_good(&set, "define R = 7\nip saddr . tcp dport { 1.1.1.1 . 1, 1.1.1.2 . 2 } pass "
			 "limit $R/second\ntcp drop");
	assert_int_equal(set.rule_cnt, 3);
	assert_string_equal(set.rules[1].text, "ip saddr 1.1.1.2 tcp dport 2 pass limit 7/second");
	assert_int_equal(set.rules[1].limit.rate, 7);
	assert_int_equal(set.rules[2].limit.rate, 0);
	xs_ruleset_free(&set);
}

static void bad_limits(void **state)
{
	static const struct {
		const char *text;
		__u32 column;
		const char *part;
	} rows[] = {
		{ "udp pass limit", 15, "expected a rate" },
		{ "udp pass limit 0/second", 16, "'0' is not a rate: expected 1-" },
		{ "udp pass limit x/second", 16, "'x' is not a rate" },
		{ "udp pass limit 5", 17, "'limit 100/second'" },
		{ "udp pass limit 5/fortnight", 18, "second, minute, hour, day or week" },
		{ "udp pass limit 1000000000000001/second", 16, "expected 1-1000000000000000" },
		{ "udp pass limit 18446744073709551616/second", 16, "is not a rate" },
		{ "udp pass limit 1000000000 mbytes/second", 16,
		  "more than 1000000000000000 bytes" },
		{ "udp pass limit 1 bytes/week", 16, "longer than an hour" },
		{ "udp pass limit 5/second burst 0", 31, "'0' is not a burst" },
		{ "udp pass limit 5/second burst 5 bytes", 31, "a number without bytes" },
		{ "udp pass limit 5 bytes/second burst 5", 37, "kbytes or mbytes" },
		{ "udp pass limit 1/week burst 10000", 29, "more than a hundred years" },
		{ "udp pass limit 5/second per tcp", 29, "expected ip saddr" },
		{ "udp pass limit 5/second per ip ttl", 32, "expected saddr or daddr" },
		{ "udp pass limit 5/second per ip saddr/0", 38, "1-32" },
		{ "udp pass limit 5/second per ip saddr/33", 38, "1-32" },
		{ "udp pass limit 5/second per ip6 saddr/129", 39, "1-128" },
		{ "ip ttl 1 pass limit 5/second per ip6 saddr", 34, "no frame of this rule has" },
		{ "ip6 hoplimit 1 pass limit 5/second per ip daddr", 40,
		  "no frame of this rule has" },
		{ "arp pass limit 5/second per ip saddr", 29, "no frame of this rule has" },
		{ "udp pass limit 5/second per flow size 0", 39, "is not a number of keys" },
		{ "udp pass limit 5/second per flow size 4194305", 39, "expected 1-4194304" },
		{ "udp pass limit 5/second size 5", 25, "the verdict comes last" },
		{ "udp pass limit 5/second else tx", 30, "pass or drop" },
		{ "udp pass limit 5/second else pass", 10, "expected 'else drop'" },
		{ "udp drop limit 5/second", 10, "expected 'else pass'" },
		{ "udp limit 5/second pass", 5, "it stands behind the verdict" },
		{ "default pass limit 5/second", 14, "end of the line" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(rows); i++)
		assert_error(rows[i].text, 1, rows[i].column, rows[i].part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(field_table_agrees_with_the_model),
		cmocka_unit_test(each_match_has_its_ranges),
		cmocka_unit_test(every_name_has_its_value),
		cmocka_unit_test(each_verdict_has_its_action),
		cmocka_unit_test(what_is_not_said_has_its_default),
		cmocka_unit_test(default_and_malformed_stand_anywhere),
		cmocka_unit_test(canonical_text_is_as_stated),
		cmocka_unit_test(elements_become_rules),
		cmocka_unit_test(chains_become_rules),
		cmocka_unit_test(jumps_lead_sixteen_deep),
		cmocka_unit_test(rules_that_returns_make_are_bounded),
		cmocka_unit_test(a_rule_of_a_chain_has_its_matches_and_those_of_the_jumps),
		cmocka_unit_test(one_mistake_in_a_block_is_one_error),
		cmocka_unit_test(an_include_may_stand_within_a_block),
		cmocka_unit_test(policy_of_a_netdev_chain_is_the_default),
		cmocka_unit_test(elements_have_their_lines),
		cmocka_unit_test(lines_are_those_of_the_file),
		cmocka_unit_test(matches_keep_their_order),
		cmocka_unit_test(errors_point_at_the_place),
		cmocka_unit_test(a_joined_last_line_needs_no_newline),
		cmocka_unit_test(nul_byte_is_an_error),
		cmocka_unit_test(all_errors_are_told_in_one_run),
		cmocka_unit_test(errors_end_at_a_limit),
		cmocka_unit_test(excerpt_of_a_long_line_holds_the_place),
		cmocka_unit_test(include_gives_rules_defines_and_lines),
		cmocka_unit_test(include_errors_name_the_file),
		cmocka_unit_test(sets_take_members_of_files),
		cmocka_unit_test(errors_in_files_of_values_have_their_place),
		cmocka_unit_test(include_depth_is_limited),
		cmocka_unit_test(limits_hold_at_their_edge),
		cmocka_unit_test(names_of_names_cannot_fill_memory),
		cmocka_unit_test(hundred_thousand_rules_are_quick),
		cmocka_unit_test(limits_are_read),
		cmocka_unit_test(a_limit_stands_behind_any_verdict),
		cmocka_unit_test(bad_limits),
	};

	return cmocka_run_group_tests_name("rule_text", tests, NULL, NULL);
}
