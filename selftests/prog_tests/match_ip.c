// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ip saddr, daddr, protocol, dscp, ttl: for IPv4 only. */
#include "../rule_rows.h"

static void addresses(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr 192.0.2.7 drop", "ip saddr=192.0.2.7 udp", 1),
		RULE_FRAME("ip saddr=192.0.2.6 udp", 0),
		RULE_FRAME("ip saddr=192.0.2.8 udp", 0),
		RULE_FRAME("ip daddr=192.0.2.7 udp", 0),
		RULE_FRAME("vlan ip saddr=192.0.2.7 ihl=15 protocol=47", 1),
		RULE_FRAME("ip saddr=192.0.2.7 offset=1 tcp", 1),
		RULE_FRAME("arp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_BAD("ip saddr=192.0.2.7 cut=33", ipv4),
		RULE_BAD("ip saddr=192.0.2.7 udp cut=41", udp),
		RULE_ROW("ip daddr 0.0.0.0 drop", "ip daddr=0.0.0.0", 1),
		RULE_FRAME("ip daddr=0.0.0.1", 0),
		RULE_FRAME("arp", 0),
		RULE_FRAME("ip6", 0),
		RULE_ROW("ip daddr 255.255.255.255 drop", "ip daddr=255.255.255.255", 1),
		RULE_FRAME("ip daddr=255.255.255.254", 0),
		RULE_FRAME("ip6 saddr=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void prefixes_ranges_and_sets(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr 10.1.2.3/8 drop", "ip saddr=10.0.0.0", 1),
		RULE_FRAME("ip saddr=10.255.255.255", 1),
		RULE_FRAME("ip saddr=11.0.0.0", 0),
		RULE_FRAME("ip saddr=9.255.255.255", 0),
		RULE_ROW("ip daddr 128.0.0.0/1 drop", "ip daddr=128.0.0.0", 1),
		RULE_FRAME("ip daddr=127.255.255.255", 0),
		RULE_FRAME("ip daddr=255.255.255.255", 1),
		RULE_ROW("ip daddr 0.0.0.0/0 drop", "ip", 1),
		RULE_FRAME("ip6", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip saddr 10.0.0.1/32 drop", "ip saddr=10.0.0.1", 1),
		RULE_FRAME("ip saddr=10.0.0.2", 0),
		RULE_ROW("ip saddr 10.0.0.250-10.0.1.5 drop", "ip saddr=10.0.0.250", 1),
		RULE_FRAME("ip saddr=10.0.1.5", 1),
		RULE_FRAME("ip saddr=10.0.0.249", 0),
		RULE_FRAME("ip saddr=10.0.1.6", 0),
		RULE_ROW("ip saddr { 1.1.1.1, 2.0.0.0/8, 3.3.3.3-3.3.3.5 } drop",
			 "ip saddr=1.1.1.1", 1),
		RULE_FRAME("ip saddr=2.255.0.0", 1),
		RULE_FRAME("ip saddr=3.3.3.5", 1),
		RULE_FRAME("ip saddr=3.3.3.6", 0),
		RULE_FRAME("ip saddr=1.1.1.2", 0),
		RULE_ROW("ip saddr 10.0.0.0/8 ip daddr 10.0.0.0/8 drop",
			 "ip saddr=10.1.1.1 daddr=10.2.2.2", 1),
		RULE_FRAME("ip saddr=10.1.1.1", 0),
		RULE_FRAME("ip daddr=10.1.1.1", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void negation_needs_ipv4(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr != 10.0.0.0/8 drop", "ip saddr=10.1.1.1", 0),
		RULE_FRAME("ip saddr=11.0.0.0", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip daddr != { 1.1.1.1, 9.9.9.9 } drop", "ip daddr=1.1.1.1", 0),
		RULE_FRAME("ip daddr=9.9.9.9", 0),
		RULE_FRAME("ip daddr=1.1.1.2", 1),
		RULE_ROW("ip protocol != tcp drop", "ip tcp", 0),
		RULE_FRAME("ip udp", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ip ttl != 64 drop", "ip ttl=64", 0),
		RULE_FRAME("ip ttl=63", 1),
		RULE_FRAME("ip6 hoplimit=63", 0),
		RULE_ROW("ip dscp != ef drop", "ip dscp=46", 0),
		RULE_FRAME("ip dscp=0", 1),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void protocol_dscp_ttl(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip protocol gre drop", "ip protocol=47 data=3", 1),
		RULE_FRAME("ip protocol=47", 1),
		RULE_FRAME("ip protocol=46", 0),
		RULE_FRAME("ip6 nexthdr=47", 0),
		RULE_FRAME("ip protocol=47 offset=9", 1),
		RULE_ROW("ip protocol { 0, 255, 50-51 } drop", "ip protocol=0", 1),
		RULE_FRAME("ip protocol=255", 1),
		RULE_FRAME("ip protocol=51", 1),
		RULE_FRAME("ip protocol=52", 0),
		RULE_FRAME("ip protocol=254", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip dscp ef drop", "ip dscp=46", 1),
		RULE_FRAME("ip dscp=45", 0),
		RULE_FRAME("ip dscp=47", 0),
		RULE_FRAME("ip6 dscp=46", 0),
		RULE_ROW("ip dscp { cs0, 0x3f } drop", "ip dscp=0", 1),
		RULE_FRAME("ip dscp=63", 1),
		RULE_FRAME("ip dscp=62", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip ttl 1 drop", "ip ttl=1 udp", 1),
		RULE_FRAME("ip ttl=0 udp", 0),
		RULE_FRAME("ip ttl=2 udp", 0),
		RULE_ROW("ip ttl 0-1 drop", "ip ttl=0", 1),
		RULE_FRAME("ip ttl=2", 0),
		RULE_FRAME("ip6 hoplimit=0", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void ecn(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip ecn ce drop", "ip ecn=3 dscp=63 udp", 1),
		RULE_FRAME("ip ecn=2 udp", 0),
		RULE_FRAME("ip6 ecn=3 udp", 0),
		RULE_FRAME("ip ecn=3 protocol=47", 1),
		RULE_FRAME("ip ecn=3 offset=1", 1),
		RULE_ROW("ip ecn { not-ect, ect0 } drop", "ip udp", 1),
		RULE_FRAME("ip ecn=1 udp", 0),
		RULE_FRAME("ip ecn=2 udp", 1),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip ecn != 0 ip dscp 0 drop", "ip ecn=1 udp", 1),
		RULE_FRAME("ip ecn=0 dscp=1 udp", 0),
		RULE_FRAME("ip ecn=1 dscp=32 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void length_and_header_length(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip length 28 drop", "ip udp", 1),
		RULE_FRAME("vlan ip udp", 1),
		RULE_FRAME("ip udp data=1", 0),
		RULE_FRAME("ip len=28 udp data=30", 1),
		RULE_FRAME("ip len=27 protocol=47 data=38", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_BAD("ip len=29 udp", ipv4),
		RULE_ROW("ip length > 1499 drop", "ip udp data=1472", 1),
		RULE_FRAME("ip udp data=1471", 0),
		RULE_ROW("ip length != 20-65535 drop", "ip udp", 0),
		RULE_ROW("ip hdrlength > 5 drop", "ip ihl=6 udp", 1),
		RULE_FRAME("ip ihl=15 udp", 1),
		RULE_FRAME("ip ihl=5 udp", 0),
		RULE_BAD("ip ihl=4 udp", ipv4),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ip hdrlength 5 drop", "ip udp", 1),
		RULE_FRAME("ip ihl=6 udp", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void id_and_fragment_word(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip id 0 drop", "ip id=0 udp", 1),
		RULE_FRAME("ip id=1 udp", 0),
		RULE_FRAME("ip id=32768 udp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ip id 255-256 ip frag-off 0 drop", "ip id=255 udp", 1),
		RULE_FRAME("ip id=256 udp", 1),
		RULE_FRAME("ip id=257 udp", 0),
		RULE_FRAME("ip id=256 df=1 udp", 0),
		RULE_ROW("ip frag-off & 0x4000 != 0 drop", "ip df=1 udp", 1),
		RULE_FRAME("ip df=0 mf=1 udp", 0),
		RULE_FRAME("ip df=1 offset=8191", 1),
		RULE_FRAME("ip6 frag udp", 0),
		RULE_ROW("ip frag-off { 0x2000, 0x8001 } drop", "ip mf=1 udp", 1),
		RULE_FRAME("ip reserved=1 offset=1", 1),
		RULE_FRAME("ip offset=1", 0),
		RULE_FRAME("ip mf=1 offset=1", 0),
		RULE_ROW("ip frag-off != 0x4000 ip daddr 192.0.2.2 drop", "ip udp", 1),
		RULE_FRAME("ip df=1 udp", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(prefixes_ranges_and_sets),
		cmocka_unit_test(negation_needs_ipv4),
		cmocka_unit_test(protocol_dscp_ttl),
		cmocka_unit_test(ecn),
		cmocka_unit_test(length_and_header_length),
		cmocka_unit_test(id_and_fragment_word),
	};

	return cmocka_run_group_tests_name("match_ip", tests, test_open, test_close);
}
