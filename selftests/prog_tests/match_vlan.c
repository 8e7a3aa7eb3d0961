// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* vlan id, pcp and dei: of frames with a tag, its outermost. */
#include "../rule_rows.h"

static void id(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vlan id 100 drop", "vlan id=100 ip udp", 1),
		RULE_FRAME("qinq id=100 vlan id=7 ip udp", 1),
		RULE_FRAME("qinq id=7 vlan id=100 ip udp", 0),
		RULE_FRAME("vlan id=99 ip udp", 0),
		RULE_FRAME("vlan id=101 ip udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("vlan id=100 pcp=7 dei=1 arp", 1),
		RULE_BAD("vlan id=100 cut=16", vlan),
		RULE_ROW("vlan id 0 drop", "vlan id=0 pcp=7 dei=1", 1),
		RULE_FRAME("vlan id=1", 0),
		RULE_FRAME("data=50", 0),
		RULE_ROW("vlan id 4095 drop", "vlan id=4095", 1),
		RULE_FRAME("vlan id=4094", 0),
		RULE_FRAME("data=50", 0),
		RULE_ROW("vlan id { 1, 5-7, 4095 } drop", "vlan id=5", 1),
		RULE_FRAME("vlan id=7", 1),
		RULE_FRAME("vlan id=4", 0),
		RULE_FRAME("vlan id=8", 0),
		RULE_FRAME("vlan id=4095", 1),
	};

	RULE_ROWS_RUN(state, rows);
}

static void not_equal_needs_a_tag(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vlan id != 100 drop", "ip udp", 0),
		RULE_FRAME("vlan id=100 ip udp", 0),
		RULE_FRAME("vlan id=101 ip udp", 1),
		RULE_ROW("vlan id != 5-7 drop", "vlan id=6", 0),
		RULE_FRAME("vlan id=8", 1),
		RULE_ROW("vlan id 0-4095 drop", "ip udp", 0),
		RULE_FRAME("vlan id=0 ip udp", 1),
		RULE_FRAME("qinq id=4095", 1),
		RULE_ROW("vlan pcp != 0 drop", "arp", 0),
		RULE_FRAME("vlan pcp=0 arp", 0),
		RULE_FRAME("vlan pcp=1 arp", 1),
	};

	RULE_ROWS_RUN(state, rows);
}

static void pcp(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vlan pcp 5 drop", "vlan pcp=5 id=4095 dei=1", 1),
		RULE_FRAME("vlan pcp=4 id=4095 dei=1", 0),
		RULE_FRAME("vlan pcp=6", 0),
		RULE_FRAME("qinq pcp=5 vlan pcp=0", 1),
		RULE_FRAME("qinq pcp=0 vlan pcp=5", 0),
		RULE_FRAME("data=4", 0),
		RULE_ROW("vlan pcp 6-7 vlan id 1-10 drop", "vlan pcp=7 id=10", 1),
		RULE_FRAME("vlan pcp=5 id=10", 0),
		RULE_FRAME("vlan pcp=7 id=11", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void dei(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vlan dei 1 drop", "vlan dei=1 id=4095 pcp=7 ip udp", 1),
		RULE_FRAME("vlan dei=0 id=4095 pcp=7 ip udp", 0),
		RULE_FRAME("qinq dei=1 vlan dei=0", 1),
		RULE_FRAME("qinq dei=0 vlan dei=1", 0),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("vlan dei 0 drop", "vlan dei=0 id=0", 1),
		RULE_FRAME("vlan dei=1 id=0", 0),
		RULE_FRAME("ip udp", 0),
		RULE_BAD("vlan dei=0 cut=17", vlan),
		RULE_ROW("vlan dei != 1 vlan id 7 drop", "vlan dei=0 id=7", 1),
		RULE_FRAME("vlan dei=1 id=7", 0),
		RULE_FRAME("data=20", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id),
		cmocka_unit_test(not_equal_needs_a_tag),
		cmocka_unit_test(pcp),
		cmocka_unit_test(dei),
	};

	return cmocka_run_group_tests_name("match_vlan", tests, test_open, test_close);
}
