// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ether saddr, daddr, type: for every frame; the type is the one after the tags. */
#include "../rule_rows.h"

static void saddr_and_daddr(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ether saddr 02:00:00:00:00:07 drop", "eth saddr=02:00:00:00:00:07", 1),
		RULE_FRAME("eth saddr=02:00:00:00:00:06 data=46", 0),
		RULE_FRAME("eth saddr=02:00:00:00:00:08 ip udp", 0),
		RULE_FRAME("eth daddr=02:00:00:00:00:07 ip udp", 0),
		RULE_FRAME("eth saddr=02:00:00:00:00:07 vlan ip6 tcp", 1),
		RULE_ROW("ether daddr ff:ff:ff:ff:ff:ff drop", "eth daddr=ff:ff:ff:ff:ff:ff arp",
			 1),
		RULE_FRAME("eth daddr=ff:ff:ff:ff:ff:fe arp", 0),
		RULE_FRAME("eth daddr=7f:ff:ff:ff:ff:ff arp", 0),
		RULE_ROW("ether daddr 00:00:00:00:00:00 drop", "eth daddr=00:00:00:00:00:00 arp",
			 1),
		RULE_FRAME("eth daddr=00:00:00:00:00:01 arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void sets_ranges_and_negation(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ether saddr { 02:00:00:00:00:01, 0a:00:00:00:00:00-0a:00:00:00:ff:ff } "
			 "drop",
			 "eth saddr=02:00:00:00:00:01", 1),
		RULE_FRAME("eth saddr=0a:00:00:00:00:00", 1),
		RULE_FRAME("eth saddr=0a:00:00:00:ff:ff", 1),
		RULE_FRAME("eth saddr=0a:00:00:01:00:00", 0),
		RULE_FRAME("eth saddr=09:ff:ff:ff:ff:ff", 0),
		RULE_ROW("ether daddr != 02:00:00:00:00:01 drop", "eth daddr=02:00:00:00:00:01", 0),
		RULE_FRAME("eth daddr=02:00:00:00:00:02", 1),
		RULE_ROW("ether daddr != { 02:00:00:00:00:01, 02:00:00:00:00:05-02:00:00:00:00:06 "
			 "} drop",
			 "eth daddr=02:00:00:00:00:05", 0),
		RULE_FRAME("eth daddr=02:00:00:00:00:04", 1),
		RULE_FRAME("eth daddr=02:00:00:00:00:07", 1),
	};

	RULE_ROWS_RUN(state, rows);
}

static void type_is_what_follows_the_tags(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ether type arp drop", "arp", 1),
		RULE_FRAME("vlan arp", 1),
		RULE_FRAME("qinq vlan vlan vlan arp", 1),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("eth type=0x0807 data=28", 0),
		RULE_ROW("ether type 0x88b5 drop", "eth", 1),
		RULE_FRAME("vlan", 1),
		RULE_FRAME("eth type=0x88b4", 0),
		RULE_ROW("ether type ip drop", "ip", 1),
		RULE_FRAME("ip6", 0),
		RULE_BAD("ip version=6", ipv4),
		RULE_BAD("eth type=0x0800 data=19", ipv4),
		RULE_ROW("ether type { ip6, 0x600-0x6ff } drop", "ip6", 1),
		RULE_FRAME("eth type=0x600", 1),
		RULE_FRAME("eth type=0x6ff", 1),
		RULE_FRAME("eth type=0x5ff", 0),
		RULE_FRAME("eth type=0x700", 0),
		RULE_ROW("ether type != ip drop", "ip udp", 0),
		RULE_FRAME("ip6 udp", 1),
		RULE_FRAME("eth type=0", 1),
		RULE_FRAME("vlan type=0xffff", 1),
		RULE_ROW("ether type 8021q drop", "vlan ip udp", 0),
		RULE_BAD("vlan vlan vlan vlan vlan", vlan),
		RULE_BAD("vlan cut=17", vlan),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saddr_and_daddr),
		cmocka_unit_test(sets_ranges_and_negation),
		cmocka_unit_test(type_is_what_follows_the_tags),
	};

	return cmocka_run_group_tests_name("match_ether", tests, test_open, test_close);
}
