// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ip6 saddr, daddr, nexthdr, dscp, hoplimit: for IPv6 only. */
#include "../rule_rows.h"

static void addresses(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 saddr 2001:db8::7 drop", "ip6 saddr=2001:db8::7 udp", 1),
		RULE_FRAME("ip6 saddr=2001:db8::6 udp", 0),
		RULE_FRAME("ip6 saddr=2001:db8::8 udp", 0),
		RULE_FRAME("ip6 saddr=2001:db8:0:1::7 udp", 0),
		RULE_FRAME("ip6 daddr=2001:db8::7 udp", 0),
		RULE_FRAME("qinq vlan ip6 saddr=2001:db8::7 hopopt dstopt tcp", 1),
		RULE_FRAME("ip udp", 0),
		RULE_BAD("ip6 saddr=2001:db8::7 cut=53", ipv6),
		RULE_BAD("ip6 saddr=2001:db8::7 hopopt cut=61", ipv6_ext),
		RULE_ROW("ip6 daddr :: drop", "ip6 daddr=::", 1),
		RULE_FRAME("ip6 daddr=::1", 0),
		RULE_FRAME("arp", 0),
		RULE_FRAME("ip daddr=0.0.0.0", 0),
		RULE_ROW("ip6 daddr ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff drop",
			 "ip6 daddr=ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1),
		RULE_FRAME("ip6 daddr=ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 0),
		RULE_FRAME("ip6 daddr=ffff:ffff:ffff:fffe:ffff:ffff:ffff:ffff", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void prefixes_of_every_length_cut_where_they_say(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 saddr 2001:db8::/32 drop", "ip6 saddr=2001:db8::", 1),
		RULE_FRAME("ip6 saddr=2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1),
		RULE_FRAME("ip6 saddr=2001:db9::", 0),
		RULE_FRAME("ip6 saddr=2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", 0),
		RULE_ROW("ip6 saddr 2001:db8:0:7::/64 drop", "ip6 saddr=2001:db8:0:7::", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:7:ffff:ffff:ffff:ffff", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:8::", 0),
		RULE_FRAME("ip6 saddr=2001:db8:0:6:ffff:ffff:ffff:ffff", 0),
		RULE_ROW("ip6 saddr 2001:db8::8000:0:0:0/65 drop", "ip6 saddr=2001:db8::8000:0:0:0",
			 1),
		RULE_FRAME("ip6 saddr=2001:db8::7fff:ffff:ffff:ffff", 0),
		RULE_FRAME("ip6 saddr=2001:db8::ffff:ffff:ffff:ffff", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:1::", 0),
		RULE_ROW("ip6 saddr 2001:db8::4/127 drop", "ip6 saddr=2001:db8::4", 1),
		RULE_FRAME("ip6 saddr=2001:db8::5", 1),
		RULE_FRAME("ip6 saddr=2001:db8::6", 0),
		RULE_FRAME("ip6 saddr=2001:db8::3", 0),
		RULE_ROW("ip6 saddr 8000::/1 drop", "ip6 saddr=8000::", 1),
		RULE_FRAME("ip6 saddr=7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0),
		RULE_ROW("ip6 daddr ::/0 drop", "ip6", 1),
		RULE_FRAME("ip", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void ranges_sets_and_negation(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 saddr 2001:db8::ffff:ffff:ffff:fffe-2001:db8:0:1::1 drop",
			 "ip6 saddr=2001:db8::ffff:ffff:ffff:fffe", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:1::", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:1::1", 1),
		RULE_FRAME("ip6 saddr=2001:db8:0:1::2", 0),
		RULE_FRAME("ip6 saddr=2001:db8::ffff:ffff:ffff:fffd", 0),
		RULE_ROW("ip6 daddr { fe80::/10, ff02::1, ::1 } drop", "ip6 daddr=febf::1", 1),
		RULE_FRAME("ip6 daddr=fec0::", 0),
		RULE_FRAME("ip6 daddr=ff02::1", 1),
		RULE_FRAME("ip6 daddr=ff02::2", 0),
		RULE_FRAME("ip6 daddr=::1", 1),
		RULE_ROW("ip6 saddr != 2001:db8::/32 drop", "ip6 saddr=2001:db8::1", 0),
		RULE_FRAME("ip6 saddr=2001:db9::1", 1),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip6 saddr != { ::1, fe80::/64 } ip6 daddr ff00::/8 drop",
			 "ip6 saddr=fe80::1 daddr=ff02::1", 0),
		RULE_FRAME("ip6 saddr=fe80:0:0:1::1 daddr=ff02::1", 1),
		RULE_FRAME("ip6 saddr=fe80:0:0:1::1", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void nexthdr_is_the_fixed_headers(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 nexthdr 0 drop", "ip6 hopopt udp", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("ip6 dstopt hopopt udp", 0),
		RULE_BAD("ip6 nexthdr=0", ipv6_ext),
		RULE_ROW("ip6 nexthdr udp drop", "ip6 udp", 1),
		RULE_FRAME("ip6 hopopt udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("ip6 nexthdr { 44, 59 } drop", "ip6 frag udp", 1),
		RULE_FRAME("ip6 nexthdr=59", 1),
		RULE_FRAME("ip6 nexthdr=58 data=8", 0),
		RULE_ROW("ip6 nexthdr != udp drop", "ip6 udp", 0),
		RULE_FRAME("ip6 hopopt udp", 1),
		RULE_FRAME("ip tcp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void dscp_and_hoplimit(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 dscp af11 drop", "ip6 dscp=10 flow=0xfffff", 1),
		RULE_FRAME("ip6 dscp=11", 0),
		RULE_FRAME("ip6 dscp=9 flow=0xfffff", 0),
		RULE_FRAME("ip dscp=10", 0),
		RULE_ROW("ip6 dscp 63 drop", "ip6 dscp=63", 1),
		RULE_FRAME("ip6 dscp=62", 0),
		RULE_FRAME("ip6 dscp=31", 0),
		RULE_ROW("ip6 hoplimit 255 drop", "ip6 hoplimit=255 icmpv6", 1),
		RULE_FRAME("ip6 hoplimit=254 icmpv6", 0),
		RULE_FRAME("ip ttl=255", 0),
		RULE_ROW("ip6 hoplimit != 255 drop", "ip6 hoplimit=255", 0),
		RULE_FRAME("ip6 hoplimit=0", 1),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void ecn(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 ecn ect1 drop", "ip6 ecn=1 dscp=63 flow=0xfffff udp", 1),
		RULE_FRAME("ip6 ecn=0 dscp=63 flow=0xfffff udp", 0),
		RULE_FRAME("ip6 ecn=1 hopopt udp", 1),
		RULE_FRAME("ip6 ecn=1 frag offset=1", 1),
		RULE_FRAME("ip ecn=1 udp", 0),
		RULE_ROW("ip6 ecn != ce ip6 saddr 2001:db8::1 drop", "ip6 udp", 1),
		RULE_FRAME("ip6 ecn=3 udp", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(prefixes_of_every_length_cut_where_they_say),
		cmocka_unit_test(ranges_sets_and_negation),
		cmocka_unit_test(nexthdr_is_the_fixed_headers),
		cmocka_unit_test(dscp_and_hoplimit),
		cmocka_unit_test(ecn),
	};

	return cmocka_run_group_tests_name("match_ip6", tests, test_open, test_close);
}
