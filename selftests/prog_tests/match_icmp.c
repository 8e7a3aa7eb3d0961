// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* icmp type and code in IPv4, icmpv6 type and code in IPv6. */
#include "../rule_rows.h"

static void icmp(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("icmp type echo-request drop", "ip icmp type=8", 1),
		RULE_FRAME("ip icmp type=7", 0),
		RULE_FRAME("ip icmp type=9", 0),
		RULE_FRAME("ip6 icmp type=8", 0),
		RULE_FRAME("ip6 icmpv6 type=8", 0),
		RULE_FRAME("ip offset=1 icmp type=8", 0),
		RULE_FRAME("ip mf=1 icmp type=8", 1),
		RULE_BAD("ip icmp type=8 cut=41", icmp),
		RULE_ROW("icmp type { 0, 255 } drop", "ip icmp type=0", 1),
		RULE_FRAME("ip icmp type=255", 1),
		RULE_FRAME("ip icmp type=254", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip offset=1 icmp type=0", 0),
		RULE_ROW("icmp code 4 icmp type destination-unreachable drop",
			 "ip icmp type=3 code=4", 1),
		RULE_FRAME("ip icmp type=3 code=3", 0),
		RULE_FRAME("ip icmp type=4 code=4", 0),
		RULE_ROW("icmp type != 8 drop", "ip icmp type=8", 0),
		RULE_FRAME("ip icmp type=0", 1),
		RULE_FRAME("ip tcp", 0),
		RULE_FRAME("ip offset=1 icmp type=0", 0),
		RULE_ROW("icmp code != 0-5 drop", "ip icmp code=5", 0),
		RULE_FRAME("ip icmp code=6", 1),
	};

	RULE_ROWS_RUN(state, rows);
}

static void icmpv6(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("icmpv6 type { 133-137 } drop", "ip6 icmpv6 type=133", 1),
		RULE_FRAME("ip6 icmpv6 type=137", 1),
		RULE_FRAME("ip6 icmpv6 type=132", 0),
		RULE_FRAME("ip6 icmpv6 type=138", 0),
		RULE_FRAME("ip icmpv6 type=135", 0),
		RULE_FRAME("ip icmp type=135", 0),
		RULE_FRAME("ip6 hopopt icmpv6 type=135", 1),
		RULE_FRAME("ip6 frag offset=1 icmpv6 type=135", 0),
		RULE_BAD("ip6 icmpv6 type=135 cut=61", icmpv6),
		RULE_ROW("icmpv6 type 0 drop", "ip6 icmpv6 type=0", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("ip6 frag offset=1 icmpv6 type=0", 0),
		RULE_ROW("icmpv6 code 255 drop", "ip6 icmpv6 code=255", 1),
		RULE_FRAME("ip6 icmpv6 code=254", 0),
		RULE_FRAME("ip6 tcp", 0),
		RULE_ROW("icmpv6 type != 128 drop", "ip6 icmpv6 type=128", 0),
		RULE_FRAME("ip6 icmpv6 type=129", 1),
		RULE_FRAME("ip icmp type=8", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(icmp),
		cmocka_unit_test(icmpv6),
	};

	return cmocka_run_group_tests_name("match_icmp", tests, test_open, test_close);
}
