// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tcp, udp, sctp, icmp, icmpv6 alone: the protocol, fragments included. */
#include "../rule_rows.h"

static void a_protocol_alone(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp drop", "ip tcp", 1),
		RULE_FRAME("ip6 tcp", 1),
		RULE_FRAME("ip6 hopopt tcp", 1),
		RULE_FRAME("ip offset=9 protocol=6", 1),
		RULE_FRAME("ip6 frag offset=9 nexthdr=6", 1),
		RULE_FRAME("ip mf=1 tcp", 1),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("arp", 0),
		RULE_BAD("ip tcp cut=53", tcp),
		RULE_BAD("ip6 tcp doff=4", tcp),
		RULE_ROW("udp drop", "ip udp", 1),
		RULE_FRAME("ip6 udp", 1),
		RULE_FRAME("ip udplite", 0),
		RULE_FRAME("ip offset=1 protocol=17", 1),
		RULE_BAD("ip udp cut=41", udp),
		RULE_ROW("sctp drop", "ip sctp", 1),
		RULE_FRAME("ip6 sctp", 1),
		RULE_FRAME("ip dccp", 0),
		RULE_BAD("ip sctp cut=45", sctp),
	};

	RULE_ROWS_RUN(state, rows);
}

static void icmp_is_ipv4_and_icmpv6_is_ipv6(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("icmp drop", "ip icmp", 1),
		RULE_FRAME("ip offset=1 protocol=1", 1),
		RULE_FRAME("ip6 icmp", 0),
		RULE_FRAME("ip6 icmpv6", 0),
		RULE_FRAME("ip icmpv6", 0),
		RULE_BAD("ip icmp cut=41", icmp),
		RULE_BAD("ip6 icmp cut=61", icmp),
		RULE_ROW("icmpv6 drop", "ip6 icmpv6", 1),
		RULE_FRAME("ip6 hopopt icmpv6", 1),
		RULE_FRAME("ip6 frag offset=1 nexthdr=58", 1),
		RULE_FRAME("ip icmpv6", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_BAD("ip6 icmpv6 cut=61", icmpv6),
		RULE_BAD("ip icmpv6 cut=41", icmpv6),
		RULE_ROW("tcp ip6 saddr 2001:db8::/32 drop", "ip6 tcp", 1),
		RULE_FRAME("ip tcp", 0),
		RULE_FRAME("ip6 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_protocol_alone),
		cmocka_unit_test(icmp_is_ipv4_and_icmpv6_is_ipv6),
	};

	return cmocka_run_group_tests_name("match_l4", tests, test_open, test_close);
}
