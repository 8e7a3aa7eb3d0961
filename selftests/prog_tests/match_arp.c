// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* arp, and the fields of its header; a header that is cut short has none and is no error. */
#include "../rule_rows.h"

static void alone(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("arp drop", "arp", 1), RULE_FRAME("vlan arp", 1),
		RULE_FRAME("arp cut=14", 1),	RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip6 udp", 0),	RULE_FRAME("eth type=0x0807 data=28", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void operation(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("arp operation request drop", "arp op=1", 1),
		RULE_FRAME("arp op=2", 0),
		RULE_FRAME("arp op=0", 0),
		RULE_FRAME("vlan vlan arp op=1", 1),
		RULE_FRAME("arp op=1 cut=22", 1),
		RULE_FRAME("arp op=1 cut=21", 0),
		RULE_FRAME("ip udp sport=1", 0),
		RULE_FRAME("data=40", 0),
		RULE_ROW("arp operation != request drop", "arp op=2", 1),
		RULE_FRAME("arp op=1", 0),
		RULE_FRAME("arp op=65535", 1),
		RULE_FRAME("arp op=2 cut=21", 0),
		RULE_FRAME("ip tcp sport=2", 0),
		RULE_ROW("arp operation 255-256 drop", "arp op=255", 1),
		RULE_FRAME("arp op=256", 1),
		RULE_FRAME("arp op=254", 0),
		RULE_FRAME("arp op=257", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void other_fields(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("arp htype 1 drop", "arp", 1),
		RULE_FRAME("arp htype=257", 0),
		RULE_FRAME("arp htype=0", 0),
		RULE_FRAME("ip udp dport=1", 0),
		RULE_ROW("arp hlen 6 arp plen 4 drop", "arp", 1),
		RULE_FRAME("arp hlen=5", 0),
		RULE_FRAME("arp plen=16", 0),
		RULE_FRAME("arp hlen=4 plen=6", 0),
		RULE_ROW("arp plen != 0-254 drop", "arp plen=255", 1),
		RULE_FRAME("arp plen=254", 0),
		RULE_FRAME("ip icmp code=255", 0),
		RULE_ROW("arp htype != 0 arp operation 1-2 meta rxqueue 0 drop", "arp op=2", 1),
		RULE_FRAME("arp op=3", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

/* The places of ports and types in the key are those of other headers, too. */
static void beside_ports_and_types(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("th sport 1 drop", "arp op=1", 0), RULE_FRAME("ip udp sport=1", 1),
		RULE_ROW("icmp type 6 drop", "arp", 0),	    RULE_FRAME("ip icmp type=6", 1),
		RULE_ROW("tcp flags != 0 drop", "arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(operation),
		cmocka_unit_test(other_fields),
		cmocka_unit_test(beside_ports_and_types),
	};

	return cmocka_run_group_tests_name("match_arp", tests, test_open, test_close);
}
