// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tcp flags: any of those named, or exact under a mask. */
#include "../rule_rows.h"

static void any_of(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp flags syn drop", "ip tcp flags=0x02", 1),
		RULE_FRAME("ip6 tcp flags=0x12", 1),
		RULE_FRAME("ip tcp flags=0x10", 0),
		RULE_FRAME("ip tcp flags=0xfd", 0),
		RULE_FRAME("ip offset=1 tcp flags=2", 0),
		RULE_FRAME("ip6 frag offset=1 tcp flags=2", 0),
		RULE_FRAME("ip mf=1 tcp flags=2", 1),
		RULE_FRAME("ip udp", 0),
		RULE_BAD("ip tcp flags=2 cut=48", tcp),
		RULE_ROW("tcp flags fin,rst drop", "ip tcp flags=1", 1),
		RULE_FRAME("ip tcp flags=4", 1),
		RULE_FRAME("ip tcp flags=5", 1),
		RULE_FRAME("ip tcp flags=0xfa", 0),
		RULE_FRAME("ip tcp flags=0", 0),
		RULE_ROW("tcp flags cwr drop", "ip tcp flags=0x80", 1),
		RULE_FRAME("ip tcp flags=0x7f", 0),
		RULE_ROW("tcp flags ecn drop", "ip tcp flags=0x40", 1),
		RULE_FRAME("ip tcp flags=0xbf", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void exact_under_a_mask(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp flags syn / syn,ack drop", "ip tcp flags=2", 1),
		RULE_FRAME("ip tcp flags=0x12", 0),
		RULE_FRAME("ip tcp flags=0x10", 0),
		RULE_FRAME("ip tcp flags=0xee", 1),
		RULE_FRAME("ip tcp flags=0", 0),
		RULE_ROW("tcp flags syn,ack / syn,ack,fin,rst drop", "ip tcp flags=0x12", 1),
		RULE_FRAME("ip tcp flags=0x13", 0),
		RULE_FRAME("ip tcp flags=0x02", 0),
		RULE_FRAME("ip tcp flags=0x1a", 1),
		RULE_ROW("tcp flags 0x0 / 0xff drop", "ip tcp flags=0", 1),
		RULE_FRAME("ip tcp flags=1", 0),
		RULE_FRAME("ip tcp flags=0x80", 0),
		RULE_FRAME("ip udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void negation(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp flags ! syn drop", "ip tcp flags=2", 0),
		RULE_FRAME("ip tcp flags=0", 1),
		RULE_FRAME("ip tcp flags=0xfd", 1),
		RULE_FRAME("ip tcp flags=3", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip offset=1 tcp flags=0", 0),
		RULE_ROW("tcp flags != syn drop", "ip tcp flags=2", 0),
		RULE_FRAME("ip tcp flags=0", 1),
		RULE_FRAME("ip tcp flags=3", 1),
		RULE_FRAME("ip tcp flags=0xfd", 1),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip offset=1 tcp flags=0", 0),
		RULE_ROW("tcp flags != syn / syn,ack drop", "ip tcp flags=2", 0),
		RULE_FRAME("ip tcp flags=0x12", 1),
		RULE_FRAME("ip tcp flags=0", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("tcp flags syn tcp dport 80 drop", "ip tcp flags=2 dport=80", 1),
		RULE_FRAME("ip tcp flags=2 dport=81", 0),
		RULE_FRAME("ip tcp flags=0x10 dport=80", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_of),
		cmocka_unit_test(exact_under_a_mask),
		cmocka_unit_test(negation),
	};

	return cmocka_run_group_tests_name("match_tcp_flags", tests, test_open, test_close);
}
