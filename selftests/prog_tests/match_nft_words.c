// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What nft has besides values and sets: == < & | ! counter, and other names of fields. */
#include "../rule_rows.h"

static void bounds(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp dport < 1024 drop", "ip tcp dport=1023", 1),
		RULE_FRAME("ip6 tcp dport=0", 1),
		RULE_FRAME("ip tcp dport=1024", 0),
		RULE_FRAME("ip udp dport=1023", 0),
		RULE_FRAME("ip offset=1 tcp dport=1023", 0),
		RULE_ROW("tcp dport <= 1024 drop", "ip tcp dport=1024", 1),
		RULE_FRAME("ip tcp dport=1025", 0),
		RULE_ROW("tcp dport > 1024 drop", "ip tcp dport=1025", 1),
		RULE_FRAME("ip tcp dport=65535", 1),
		RULE_FRAME("ip tcp dport=1024", 0),
		RULE_ROW("tcp dport >= 1024 drop", "ip tcp dport=1024", 1),
		RULE_FRAME("ip tcp dport=1023", 0),
		RULE_ROW("udp port < 10 drop", "ip udp sport=9 dport=99", 1),
		RULE_FRAME("ip udp sport=99 dport=9", 1),
		RULE_FRAME("ip udp sport=99 dport=10", 0),
		RULE_ROW("ip ttl < 1 drop\nip ttl > 254 drop\nip ttl < 0 drop", "ip ttl=0 udp", 1),
		RULE_FRAME("ip ttl=255 udp", 2),
		RULE_FRAME("ip ttl=1 udp", 0),
		RULE_FRAME("ip6 hoplimit=0 udp", 0),
		RULE_ROW("ip saddr >= 10.0.0.2 ip saddr < 10.0.0.4 drop", "ip saddr=10.0.0.2 udp",
			 1),
		RULE_FRAME("ip saddr=10.0.0.3 udp", 1),
		RULE_FRAME("ip saddr=10.0.0.1 udp", 0),
		RULE_FRAME("ip saddr=10.0.0.4 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void masks(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr & 255.255.255.0 == 10.1.2.0 drop", "ip saddr=10.1.2.0 udp", 1),
		RULE_FRAME("ip saddr=10.1.2.255 udp", 1),
		RULE_FRAME("ip saddr=10.1.3.0 udp", 0),
		RULE_FRAME("ip saddr=10.1.1.255 udp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ip saddr & 0xffff00ff != 10.1.0.1 drop", "ip saddr=10.1.2.2 udp", 1),
		RULE_FRAME("ip saddr=10.2.2.1 udp", 1),
		RULE_FRAME("ip saddr=10.1.2.1 udp", 0),
		RULE_FRAME("ip saddr=10.1.255.1 udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 drop",
			 "eth daddr=01:00:5e:00:00:01 ip udp", 1),
		RULE_FRAME("eth daddr=ff:ff:ff:ff:ff:ff ip udp", 1),
		RULE_FRAME("eth daddr=fe:ff:ff:ff:ff:ff ip udp", 0),
		RULE_FRAME("eth daddr=02:01:01:01:01:01 ip udp", 0),
		RULE_ROW("udp dport & 1 == 1 drop", "ip udp dport=1", 1),
		RULE_FRAME("ip udp dport=65535", 1),
		RULE_FRAME("ip udp dport=2", 0),
		RULE_FRAME("ip tcp dport=1", 0),
		RULE_ROW("ip6 saddr & ffff:: { fe80::, fec0:: } drop", "ip6 saddr=fe80::9 udp", 1),
		RULE_FRAME("ip6 saddr=fec0:ffff::9 udp", 1),
		RULE_FRAME("ip6 saddr=fe81:: udp", 0),
		RULE_FRAME("ip6 saddr=fe7f:: udp", 0),
		RULE_ROW("ip dscp & 0x38 == cs1 drop", "ip dscp=8 udp", 1),
		RULE_FRAME("ip dscp=15 udp", 1),
		RULE_FRAME("ip dscp=16 udp", 0),
		RULE_FRAME("ip dscp=7 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void flags(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("tcp flags & (fin | syn | rst | ack) == syn drop", "ip tcp flags=2", 1),
		RULE_FRAME("ip tcp flags=0xea", 1),
		RULE_FRAME("ip tcp flags=0x12", 0),
		RULE_FRAME("ip tcp flags=3", 0),
		RULE_FRAME("ip tcp flags=0", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip offset=1 tcp flags=2", 0),
		RULE_ROW("tcp flags & (fin|syn) == (fin|syn) drop", "ip tcp flags=3", 1),
		RULE_FRAME("ip6 tcp flags=0xff", 1),
		RULE_FRAME("ip tcp flags=2", 0),
		RULE_FRAME("ip tcp flags=1", 0),
		RULE_ROW("tcp flags & ack != 0 drop", "ip tcp flags=0x10", 1),
		RULE_FRAME("ip tcp flags=0xef", 0),
		RULE_ROW("tcp flags == syn drop", "ip tcp flags=2", 1),
		RULE_FRAME("ip tcp flags=0x12", 0),
		RULE_FRAME("ip tcp flags=0", 0),
		RULE_ROW("tcp flags { 0, syn, syn | ack } drop", "ip tcp flags=0", 1),
		RULE_FRAME("ip tcp flags=2", 1),
		RULE_FRAME("ip tcp flags=0x12", 1),
		RULE_FRAME("ip tcp flags=0x10", 0),
		RULE_FRAME("ip tcp flags=0x13", 0),
		RULE_ROW("tcp flags != { syn, ack } drop", "ip tcp flags=2", 0),
		RULE_FRAME("ip tcp flags=0x10", 0),
		RULE_FRAME("ip tcp flags=0x12", 1),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("tcp flags syn | ack drop", "ip tcp flags=0x10", 1),
		RULE_FRAME("ip tcp flags=0xed", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void fields(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("meta nfproto ipv4 drop", "ip udp", 1),
		RULE_FRAME("vlan id=1 ip udp", 1),
		RULE_FRAME("ip offset=1 udp", 1),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta nfproto != ipv4 drop", "ip udp", 0),
		RULE_FRAME("ip6 udp", 1),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta protocol { arp, ip6 } drop", "arp", 1),
		RULE_FRAME("vlan id=1 ip6 udp", 1),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("dccp drop", "ip dccp", 1),
		RULE_FRAME("ip6 dccp", 1),
		RULE_FRAME("ip offset=1 dccp", 1),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("dccp dport 22 drop", "ip dccp dport=22", 1),
		RULE_FRAME("ip dccp sport=22 dport=23", 0),
		RULE_FRAME("ip tcp dport=22", 0),
		RULE_FRAME("ip offset=1 dccp dport=22", 0),
		RULE_BAD("ip dccp dport=22 cut=45", dccp),
		RULE_ROW("dccp sport 22 drop\ndccp port 23 drop", "ip dccp sport=22", 1),
		RULE_FRAME("ip6 dccp sport=9 dport=23", 2),
		RULE_FRAME("ip udp sport=22 dport=23", 0),
		RULE_ROW("udplite drop", "ip udplite", 1),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("udplite sport 7 drop\nudplite dport 7 drop\nudplite port 8 drop",
			 "ip udplite sport=7 dport=7", 1),
		RULE_FRAME("ip6 udplite sport=6 dport=7", 2),
		RULE_FRAME("ip udplite sport=8 dport=9", 3),
		RULE_FRAME("ip udplite sport=6 dport=6", 0),
		RULE_FRAME("ip udp sport=7 dport=7", 0),
		RULE_BAD("ip udplite cut=41", udp),
	};

	RULE_ROWS_RUN(state, rows);
}

static void concatenations(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr . tcp dport {\n10.0.0.1 . 22,\n10.1.0.0/16 . 80-90 } drop",
			 "ip saddr=10.0.0.1 tcp dport=22", 2),
		RULE_FRAME("ip saddr=10.1.255.255 tcp dport=90", 3),
		RULE_FRAME("ip saddr=10.1.0.0 tcp dport=80", 3),
		RULE_FRAME("ip saddr=10.0.0.1 tcp dport=80", 0),
		RULE_FRAME("ip saddr=10.1.0.0 tcp dport=22", 0),
		RULE_FRAME("ip saddr=10.2.0.0 tcp dport=80", 0),
		RULE_FRAME("ip saddr=10.0.0.1 udp dport=22", 0),
		RULE_FRAME("ip offset=1 saddr=10.0.0.1 tcp dport=22", 0),
		RULE_ROW("meta l4proto . th dport { tcp . 53,\nudp . 54 } drop", "ip tcp dport=53",
			 1),
		RULE_FRAME("ip6 udp dport=54", 2),
		RULE_FRAME("ip udp dport=53", 0),
		RULE_FRAME("ip sctp dport=53", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void concatenations_with_not(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip saddr . tcp dport != { 10.0.0.1 . 22, 10.1.0.0/16 . 80-90 } drop",
			 "ip saddr=10.0.0.1 tcp dport=22", 0),
		RULE_FRAME("ip saddr=10.0.0.1 tcp dport=23", 1),
		RULE_FRAME("ip saddr=10.0.0.2 tcp dport=22", 1),
		RULE_FRAME("ip saddr=10.0.0.1 tcp dport=80", 1),
		RULE_FRAME("ip saddr=10.1.0.0 tcp dport=80", 0),
		RULE_FRAME("ip saddr=10.1.255.255 tcp dport=90", 0),
		RULE_FRAME("ip saddr=10.1.0.0 tcp dport=79", 1),
		RULE_FRAME("ip saddr=10.1.255.255 tcp dport=91", 1),
		RULE_FRAME("ip saddr=10.2.0.0 tcp dport=80", 1),
		RULE_FRAME("ip saddr=10.0.255.255 tcp dport=80", 1),
		RULE_FRAME("ip saddr=10.0.0.1 udp dport=23", 0),
		RULE_FRAME("ip offset=1 saddr=10.0.0.1 tcp dport=23", 0),
		RULE_FRAME("ip6 tcp dport=23", 0),
		RULE_ROW("meta l4proto . th dport != { tcp . 53, udp . 54 } drop",
			 "ip tcp dport=53", 0),
		RULE_FRAME("ip6 udp dport=54", 0),
		RULE_FRAME("ip udp dport=53", 1),
		RULE_FRAME("ip sctp dport=53", 1),
		RULE_FRAME("ip icmp", 0),
		RULE_ROW("ip ttl . udp port != 5 . 53 drop", "ip ttl=5 udp sport=53 dport=9", 0),
		RULE_FRAME("ip ttl=5 udp sport=9 dport=53", 0),
		RULE_FRAME("ip ttl=5 udp sport=9 dport=54", 1),
		RULE_FRAME("ip ttl=6 udp sport=9 dport=53", 1),
	};

	RULE_ROWS_RUN(state, rows);
}

static void verdict_maps(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("udp dport vmap {\n* : drop,\n22 : drop,\n30-40 : drop }\nudp drop",
			 "ip udp dport=22", 3),
		RULE_FRAME("ip6 udp dport=30", 4),
		RULE_FRAME("ip udp dport=40", 4),
		RULE_FRAME("ip udp dport=41", 2),
		RULE_FRAME("ip offset=1 udp dport=22", 5),
		RULE_FRAME("ip tcp dport=22", 0),
		RULE_ROW("ip protocol . ip ttl vmap {\nudp . 1 : drop,\ntcp . 2 : drop }",
			 "ip ttl=1 udp", 2),
		RULE_FRAME("ip ttl=2 tcp", 3),
		RULE_FRAME("ip ttl=1 tcp", 0),
		RULE_FRAME("ip6 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void idioms(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip frag-off & 0x1fff != 0 drop", "ip offset=1 udp", 1),
		RULE_FRAME("ip mf=1 udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("ip6 frag offset=1 udp", 0),
		RULE_ROW("ip frag-off & 0x1fff == 0 drop", "ip mf=1 udp", 1),
		RULE_FRAME("ip udp", 1),
		RULE_FRAME("ip offset=1 udp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ip frag-off & 0x3fff != 0 drop", "ip mf=1 udp", 1),
		RULE_FRAME("ip offset=1 udp", 1),
		RULE_FRAME("ip df=1 udp", 0),
		RULE_ROW("ip frag-off & 0x3fff == 0 drop", "ip df=1 udp", 1),
		RULE_FRAME("ip offset=8191 udp", 0),
		RULE_ROW("ip version 4 drop\nip6 version 6 drop", "ip udp", 1),
		RULE_FRAME("ip6 udp", 2),
		RULE_FRAME("arp", 0),
		RULE_ROW("meta pkttype broadcast drop\nmeta pkttype multicast drop",
			 "eth daddr=ff:ff:ff:ff:ff:ff ip udp", 1),
		RULE_FRAME("eth daddr=33:33:00:00:00:01 ip6 udp", 2),
		RULE_FRAME("eth daddr=02:00:00:00:00:01 ip udp", 0),
		RULE_ROW("meta pkttype != { broadcast, multicast } drop",
			 "eth daddr=02:00:00:00:00:01 ip udp", 1),
		RULE_FRAME("eth daddr=01:00:5e:00:00:01 ip udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void statements(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("udp dport 1 counter drop; udp dport { 2, { 3, 4 } } counter packets 0 "
			 "bytes 0 pass;",
			 "ip udp dport=1", 1),
		RULE_ROW("\nudp dport == 010 drop", "ip udp dport=8", 2),
		RULE_FRAME("ip udp dport=10", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),	  cmocka_unit_test(masks),
		cmocka_unit_test(flags),	  cmocka_unit_test(fields),
		cmocka_unit_test(concatenations), cmocka_unit_test(concatenations_with_not),
		cmocka_unit_test(verdict_maps),	  cmocka_unit_test(idioms),
		cmocka_unit_test(statements),
	};

	return cmocka_run_group_tests_name("match_nft_words", tests, test_open, test_close);
}
