// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sport, dport and port of tcp, udp, sctp, and of all that have ports (th). */
#include "../rule_rows.h"

static void tcp(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp dport 1234 drop", "ip tcp dport=1234", 1),
		RULE_FRAME("ip6 tcp dport=1234", 1),
		RULE_FRAME("ip6 dstopt tcp dport=1234", 1),
		RULE_FRAME("ip mf=1 tcp dport=1234", 1),
		RULE_FRAME("ip tcp dport=1233", 0),
		RULE_FRAME("ip tcp dport=1235", 0),
		RULE_FRAME("ip tcp sport=1234", 0),
		RULE_FRAME("ip udp dport=1234", 0),
		RULE_FRAME("ip offset=1 tcp dport=1234", 0),
		RULE_FRAME("ip6 frag offset=1 tcp dport=1234", 0),
		RULE_BAD("ip tcp dport=1234 cut=53", tcp),
		RULE_ROW("tcp sport 0 drop", "ip tcp sport=0", 1),
		RULE_FRAME("ip tcp sport=1", 0),
		RULE_FRAME("ip tcp sport=65535", 0),
		RULE_FRAME("ip offset=1 tcp sport=0", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("tcp dport 65535 drop", "ip6 tcp dport=65535", 1),
		RULE_FRAME("ip6 tcp dport=65534", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("tcp dport { 80, 443, 8000-8100 } drop", "ip tcp dport=80", 1),
		RULE_FRAME("ip tcp dport=8000", 1),
		RULE_FRAME("ip tcp dport=8100", 1),
		RULE_FRAME("ip tcp dport=7999", 0),
		RULE_FRAME("ip tcp dport=8101", 0),
		RULE_FRAME("ip tcp dport=81", 0),
		RULE_ROW("tcp sport != 80-90 drop", "ip tcp sport=80", 0),
		RULE_FRAME("ip tcp sport=90", 0),
		RULE_FRAME("ip tcp sport=79", 1),
		RULE_FRAME("ip tcp sport=91", 1),
		RULE_FRAME("ip udp sport=91", 0),
		RULE_FRAME("ip offset=1 tcp sport=91", 0),
		RULE_ROW("tcp port 22 drop", "ip tcp sport=22", 1),
		RULE_FRAME("ip tcp dport=22", 1),
		RULE_FRAME("ip tcp sport=22 dport=22", 1),
		RULE_FRAME("ip tcp sport=21 dport=23", 0),
		RULE_FRAME("ip udp dport=22", 0),
		RULE_ROW("tcp port != 22 drop", "ip tcp sport=22", 0),
		RULE_FRAME("ip tcp dport=22", 0),
		RULE_FRAME("ip tcp sport=21 dport=23", 1),
		RULE_FRAME("ip offset=1 tcp sport=21 dport=23", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("tcp port { 1000-2000, 53 } ip saddr 10.0.0.0/8 drop",
			 "ip saddr=10.0.0.1 tcp sport=2000 dport=9", 1),
		RULE_FRAME("ip saddr=10.0.0.1 tcp sport=9 dport=1000", 1),
		RULE_FRAME("ip saddr=10.0.0.1 tcp sport=9 dport=999", 0),
		RULE_FRAME("ip saddr=11.0.0.1 tcp sport=9 dport=1000", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void udp(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("udp dport 1234 drop", "ip udp dport=1234", 1),
		RULE_FRAME("ip6 udp dport=1234", 1),
		RULE_FRAME("ip6 dstopt udp dport=1234", 1),
		RULE_FRAME("ip mf=1 udp dport=1234", 1),
		RULE_FRAME("ip udp dport=1233", 0),
		RULE_FRAME("ip udp dport=1235", 0),
		RULE_FRAME("ip udp sport=1234", 0),
		RULE_FRAME("ip tcp dport=1234", 0),
		RULE_FRAME("ip offset=1 udp dport=1234", 0),
		RULE_FRAME("ip6 frag offset=1 udp dport=1234", 0),
		RULE_BAD("ip udp dport=1234 cut=41", udp),
		RULE_ROW("udp sport 0 drop", "ip udp sport=0", 1),
		RULE_FRAME("ip udp sport=1", 0),
		RULE_FRAME("ip udp sport=65535", 0),
		RULE_FRAME("ip offset=1 udp sport=0", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("udp dport 65535 drop", "ip6 udp dport=65535", 1),
		RULE_FRAME("ip6 udp dport=65534", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("udp dport { 80, 443, 8000-8100 } drop", "ip udp dport=80", 1),
		RULE_FRAME("ip udp dport=8000", 1),
		RULE_FRAME("ip udp dport=8100", 1),
		RULE_FRAME("ip udp dport=7999", 0),
		RULE_FRAME("ip udp dport=8101", 0),
		RULE_FRAME("ip udp dport=81", 0),
		RULE_ROW("udp sport != 80-90 drop", "ip udp sport=80", 0),
		RULE_FRAME("ip udp sport=90", 0),
		RULE_FRAME("ip udp sport=79", 1),
		RULE_FRAME("ip udp sport=91", 1),
		RULE_FRAME("ip tcp sport=91", 0),
		RULE_FRAME("ip offset=1 udp sport=91", 0),
		RULE_ROW("udp port 22 drop", "ip udp sport=22", 1),
		RULE_FRAME("ip udp dport=22", 1),
		RULE_FRAME("ip udp sport=22 dport=22", 1),
		RULE_FRAME("ip udp sport=21 dport=23", 0),
		RULE_FRAME("ip tcp dport=22", 0),
		RULE_ROW("udp port != 22 drop", "ip udp sport=22", 0),
		RULE_FRAME("ip udp dport=22", 0),
		RULE_FRAME("ip udp sport=21 dport=23", 1),
		RULE_FRAME("ip offset=1 udp sport=21 dport=23", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("udp port { 1000-2000, 53 } ip saddr 10.0.0.0/8 drop",
			 "ip saddr=10.0.0.1 udp sport=2000 dport=9", 1),
		RULE_FRAME("ip saddr=10.0.0.1 udp sport=9 dport=1000", 1),
		RULE_FRAME("ip saddr=10.0.0.1 udp sport=9 dport=999", 0),
		RULE_FRAME("ip saddr=11.0.0.1 udp sport=9 dport=1000", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void sctp(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("sctp dport 1234 drop", "ip sctp dport=1234", 1),
		RULE_FRAME("ip6 sctp dport=1234", 1),
		RULE_FRAME("ip6 dstopt sctp dport=1234", 1),
		RULE_FRAME("ip mf=1 sctp dport=1234", 1),
		RULE_FRAME("ip sctp dport=1233", 0),
		RULE_FRAME("ip sctp dport=1235", 0),
		RULE_FRAME("ip sctp sport=1234", 0),
		RULE_FRAME("ip udp dport=1234", 0),
		RULE_FRAME("ip offset=1 sctp dport=1234", 0),
		RULE_FRAME("ip6 frag offset=1 sctp dport=1234", 0),
		RULE_BAD("ip sctp dport=1234 cut=45", sctp),
		RULE_ROW("sctp sport 0 drop", "ip sctp sport=0", 1),
		RULE_FRAME("ip sctp sport=1", 0),
		RULE_FRAME("ip sctp sport=65535", 0),
		RULE_FRAME("ip offset=1 sctp sport=0", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("sctp dport 65535 drop", "ip6 sctp dport=65535", 1),
		RULE_FRAME("ip6 sctp dport=65534", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("sctp dport { 80, 443, 8000-8100 } drop", "ip sctp dport=80", 1),
		RULE_FRAME("ip sctp dport=8000", 1),
		RULE_FRAME("ip sctp dport=8100", 1),
		RULE_FRAME("ip sctp dport=7999", 0),
		RULE_FRAME("ip sctp dport=8101", 0),
		RULE_FRAME("ip sctp dport=81", 0),
		RULE_ROW("sctp sport != 80-90 drop", "ip sctp sport=80", 0),
		RULE_FRAME("ip sctp sport=90", 0),
		RULE_FRAME("ip sctp sport=79", 1),
		RULE_FRAME("ip sctp sport=91", 1),
		RULE_FRAME("ip udp sport=91", 0),
		RULE_FRAME("ip offset=1 sctp sport=91", 0),
		RULE_ROW("sctp port 22 drop", "ip sctp sport=22", 1),
		RULE_FRAME("ip sctp dport=22", 1),
		RULE_FRAME("ip sctp sport=22 dport=22", 1),
		RULE_FRAME("ip sctp sport=21 dport=23", 0),
		RULE_FRAME("ip udp dport=22", 0),
		RULE_ROW("sctp port != 22 drop", "ip sctp sport=22", 0),
		RULE_FRAME("ip sctp dport=22", 0),
		RULE_FRAME("ip sctp sport=21 dport=23", 1),
		RULE_FRAME("ip offset=1 sctp sport=21 dport=23", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("sctp port { 1000-2000, 53 } ip saddr 10.0.0.0/8 drop",
			 "ip saddr=10.0.0.1 sctp sport=2000 dport=9", 1),
		RULE_FRAME("ip saddr=10.0.0.1 sctp sport=9 dport=1000", 1),
		RULE_FRAME("ip saddr=10.0.0.1 sctp sport=9 dport=999", 0),
		RULE_FRAME("ip saddr=11.0.0.1 sctp sport=9 dport=1000", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void th_is_every_protocol_with_ports(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("th dport 7 drop", "ip tcp dport=7", 1),
		RULE_FRAME("ip udp dport=7", 1),
		RULE_FRAME("ip sctp dport=7", 1),
		RULE_FRAME("ip dccp dport=7", 1),
		RULE_FRAME("ip udplite dport=7", 1),
		RULE_FRAME("ip6 hopopt dccp dport=7", 1),
		RULE_FRAME("ip dccp dport=8", 0),
		RULE_FRAME("ip icmp type=0 code=0", 0),
		RULE_FRAME("ip protocol=47 data=20", 0),
		RULE_FRAME("ip offset=1 udp dport=7", 0),
		RULE_BAD("ip dccp dport=7 cut=45", dccp),
		RULE_BAD("ip udplite dport=7 cut=41", udp),
		RULE_ROW("th sport 0 drop", "ip udplite sport=0", 1),
		RULE_FRAME("ip protocol=47 data=20", 0),
		RULE_FRAME("ip6 nexthdr=59", 0),
		RULE_FRAME("arp", 0),
		RULE_FRAME("ip offset=1 udp sport=0", 0),
		RULE_ROW("th port 53 drop", "ip udp sport=53", 1),
		RULE_FRAME("ip6 tcp dport=53", 1),
		RULE_FRAME("ip6 tcp dport=54", 0),
		RULE_ROW("th port != 53 drop", "ip udp sport=53", 0),
		RULE_FRAME("ip udp sport=52 dport=54", 1),
		RULE_FRAME("ip protocol=47 data=20", 0),
		RULE_FRAME("ip offset=1 udp sport=52 dport=54", 0),
		RULE_ROW("th dport 0-65535 drop", "ip dccp", 1),
		RULE_FRAME("ip icmp", 0),
		RULE_FRAME("ip6 frag offset=1 tcp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void both_ports(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("udp sport 5000-5010 udp dport 53 drop", "ip udp sport=5010 dport=53", 1),
		RULE_FRAME("ip udp sport=5011 dport=53", 0),
		RULE_FRAME("ip udp sport=5010 dport=54", 0),
		RULE_ROW("udp port 53 udp sport != 53 drop", "ip udp sport=9 dport=53", 1),
		RULE_FRAME("ip udp sport=53 dport=53", 0),
		RULE_FRAME("ip udp sport=53 dport=9", 0),
		RULE_ROW("th dport 53 tcp drop", "ip tcp dport=53", 1),
		RULE_FRAME("ip udp dport=53", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp),	      cmocka_unit_test(udp),
		cmocka_unit_test(sctp),	      cmocka_unit_test(th_is_every_protocol_with_ports),
		cmocka_unit_test(both_ports),
	};

	return cmocka_run_group_tests_name("match_ports", tests, test_open, test_close);
}
