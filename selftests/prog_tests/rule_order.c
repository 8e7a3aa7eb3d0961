// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The first rule of the file that holds decides. If none holds, the default does. */
#include "../rule_rows.h"

static void first_match_wins(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp dport 80 pass\nip saddr 10.0.0.0/8 drop\ntcp drop\nip saddr "
			 "10.1.0.0/16 tx",
			 "ip saddr=10.1.1.1 tcp dport=80", 1),
		RULE_FRAME("ip saddr=10.1.1.1 tcp dport=81", 2),
		RULE_FRAME("ip saddr=11.1.1.1 tcp dport=81", 3),
		RULE_FRAME("ip6 tcp dport=80", 1),
		RULE_FRAME("ip saddr=10.1.1.1 icmp", 2),
		RULE_FRAME("ip saddr=11.1.1.1 udp", 0),
		RULE_ROW("udp dport 1-100 drop\nudp dport 50-150 pass\nudp dport 75 tx\nudp dport "
			 "140-200 tx",
			 "ip udp dport=75", 1),
		RULE_FRAME("ip udp dport=101", 2),
		RULE_FRAME("ip6 udp dport=150", 2),
		RULE_FRAME("ip6 udp dport=151", 4),
		RULE_FRAME("ip6 udp dport=201", 0),
		RULE_ROW("ip6 saddr ::/0 pass\nether type ip6 drop\nether type arp drop", "ip6", 1),
		RULE_FRAME("arp", 3),
		RULE_FRAME("ip", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void a_rule_without_matches_holds_for_every_frame(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("udp pass\ndrop", "ip udp", 1),
		RULE_FRAME("ip tcp", 2),
		RULE_FRAME("arp", 2),
		RULE_FRAME("", 2),
		RULE_BAD("ip version=5", ipv4),
	};

	RULE_ROWS_RUN(state, rows);
}

static void an_empty_file_is_the_default(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("", "ip udp", 0),
		RULE_FRAME("arp", 0),
		RULE_BAD("ip tcp doff=1", tcp),
	};

	RULE_ROWS_RUN(state, rows);
}

static void default_and_malformed_say_what_the_rest_becomes(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("malformed drop\nudp pass\ndefault tx", "ip udp", 2),
		RULE_FRAME("ip tcp", 0),
		RULE_BAD("ip udp cut=40", udp),
		RULE_BAD("vlan cut=16", vlan),
		RULE_ROW("default drop", "arp", 0),
		RULE_BAD("ip6 version=4", ipv6),
		RULE_ROW("default xsk else drop", "arp", 0),
		RULE_QUEUE("arp", 0, 3),
		RULE_ROW("default pass", "ip tcp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void matches_may_stand_in_any_order_and_say_the_same(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp dport 80 ip saddr 10.0.0.0/8 vlan id 5 drop\nvlan id 5 ip saddr "
			 "10.0.0.0/8 tcp dport 80 pass",
			 "vlan id=5 ip saddr=10.0.0.1 tcp dport=80", 1),
		RULE_FRAME("vlan id=6 ip saddr=10.0.0.1 tcp dport=80", 0),
		RULE_ROW("ip saddr 10.0.0.0/8 ip saddr 10.1.0.0/16 drop", "ip saddr=10.1.0.1", 1),
		RULE_FRAME("ip saddr=10.2.0.1", 0),
		RULE_ROW("ip saddr 10.0.0.0/8 ip6 saddr ::/0 drop\nip saddr 10.0.0.0/8 pass",
			 "ip saddr=10.0.0.1", 2),
		RULE_FRAME("ip6", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_match_wins),
		cmocka_unit_test(a_rule_without_matches_holds_for_every_frame),
		cmocka_unit_test(an_empty_file_is_the_default),
		cmocka_unit_test(default_and_malformed_say_what_the_rest_becomes),
		cmocka_unit_test(matches_may_stand_in_any_order_and_say_the_same),
	};

	return cmocka_run_group_tests_name("rule_order", tests, test_open, test_close);
}
