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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(prefixes_ranges_and_sets),
		cmocka_unit_test(negation_needs_ipv4),
		cmocka_unit_test(protocol_dscp_ttl),
	};

	return cmocka_run_group_tests_name("match_ip", tests, test_open, test_close);
}
