// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Fields that the data path reads only if rules ask for one of them: the second VLAN tag, ARP's
 * addresses, IPv6's flow label, numbers and keys of tunnels. What is cut short has none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../rule_rows.h"

static void second_tag(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vlan inner id 100 drop", "qinq id=7 vlan id=100 ip udp", 1),
		RULE_FRAME("vlan id=100 vlan id=100 ip6 udp", 1),
		RULE_FRAME("qinq id=7 qinq id=100 vlan id=9 data=50", 1),
		RULE_FRAME("vlan vlan vlan vlan id=100 ip udp", 0),
		RULE_FRAME("qinq id=100 vlan id=7 ip udp", 0),
		RULE_FRAME("vlan id=100 ip udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("qinq vlan id=99", 0),
		RULE_FRAME("qinq vlan id=101", 0),
		RULE_FRAME("qinq vlan id=100 pcp=7 dei=1 arp", 1),
		RULE_FRAME("qinq vlan id=100 cut=22", 1),
		RULE_BAD("qinq vlan id=100 cut=21", vlan),
		RULE_ROW("vlan inner id != 0 drop", "qinq vlan id=0", 0),
		RULE_FRAME("qinq vlan id=1", 1),
		RULE_FRAME("qinq vlan id=4095", 1),
		RULE_FRAME("vlan id=1 data=50", 0),
		RULE_FRAME("data=50", 0),
		RULE_ROW("vlan inner pcp 5-7 vlan id 3 drop", "vlan id=3 vlan pcp=5 ip udp", 1),
		RULE_FRAME("vlan id=3 vlan pcp=7 dei=1 id=4095 ip udp", 1),
		RULE_FRAME("vlan id=3 vlan pcp=4 ip udp", 0),
		RULE_FRAME("vlan id=3 pcp=7 ip udp", 0),
		RULE_FRAME("vlan id=2 vlan pcp=5 ip udp", 0),
		RULE_FRAME("vlan id=3 vlan pcp=0 vlan pcp=7 ip udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void arp_addresses(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("arp saddr ip 10.0.0.0/24 drop", "arp saddr=10.0.0.0", 1),
		RULE_FRAME("vlan vlan arp saddr=10.0.0.255", 1),
		RULE_FRAME("arp saddr=10.0.1.0", 0),
		RULE_FRAME("arp saddr=9.255.255.255", 0),
		RULE_FRAME("arp daddr=10.0.0.1", 0),
		RULE_FRAME("ip saddr=10.0.0.1 udp", 0),
		RULE_FRAME("arp saddr=10.0.0.1 cut=32", 1),
		RULE_FRAME("arp saddr=10.0.0.1 cut=31", 0),
		RULE_FRAME("arp saddr=10.0.0.1 cut=21", 0),
		RULE_ROW("arp daddr ip != { 10.0.0.1, 10.0.0.3 } drop", "arp daddr=10.0.0.2", 1),
		RULE_FRAME("arp daddr=255.255.255.255", 1),
		RULE_FRAME("arp daddr=0.0.0.0", 1),
		RULE_FRAME("arp daddr=10.0.0.1", 0),
		RULE_FRAME("arp daddr=10.0.0.3", 0),
		RULE_FRAME("arp daddr=10.0.0.2 cut=42", 1),
		RULE_FRAME("arp daddr=10.0.0.2 cut=41", 0),
		RULE_FRAME("ip6 flow=0xfffff udp", 0),
		RULE_FRAME("data=60", 0),
		RULE_ROW("arp operation 1 arp saddr ip 10.0.0.1 arp daddr ip 10.0.0.2 drop",
			 "arp op=1 saddr=10.0.0.1 daddr=10.0.0.2", 1),
		RULE_FRAME("arp op=2 saddr=10.0.0.1 daddr=10.0.0.2", 0),
		RULE_FRAME("arp op=1 saddr=10.0.0.2 daddr=10.0.0.1", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void flow_label(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 flowlabel 0x12345 drop", "ip6 flow=0x12345 udp", 1),
		RULE_FRAME("vlan ip6 flow=0x12345 ecn=3 dscp=63 frag offset=1", 1),
		RULE_FRAME("ip6 flow=0x12344 udp", 0),
		RULE_FRAME("ip6 flow=0x02345 udp", 0),
		RULE_FRAME("ip id=0x2345 udp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ip6 flowlabel 0 drop\nip6 flowlabel 0xfffff drop", "ip6 flow=0 tcp", 1),
		RULE_FRAME("ip6 flow=0 dscp=63 ecn=3", 1),
		RULE_FRAME("ip6 flow=0xfffff udp", 2),
		RULE_FRAME("ip6 flow=1 udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_BAD("ip6 flow=0 udp snap=53", ipv6),
		RULE_ROW("ip6 flowlabel & 0xf0000 != 0x10000 drop", "ip6 flow=0x20000 udp", 1),
		RULE_FRAME("ip6 flow=0x1ffff udp", 0),
		RULE_FRAME("ip udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void vxlan(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("vxlan vni 10 drop", "ip udp dport=4789 vxlan vni=10", 1),
		RULE_FRAME("qinq vlan ip6 hopopt udp dport=4789 vxlan vni=10 rest=255", 1),
		RULE_FRAME("ip ihl=15 udp dport=4789 vxlan vni=10", 1),
		RULE_FRAME("ip mf=1 udp dport=4789 vxlan vni=10", 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=11", 0),
		RULE_FRAME("ip udp dport=4789 vxlan vni=0x0a0000", 0),
		RULE_FRAME("ip udp dport=4790 vxlan vni=10", 0),
		RULE_FRAME("ip udp sport=4789 vxlan vni=10", 0),
		RULE_FRAME("ip udplite dport=4789 vxlan vni=10", 0),
		RULE_FRAME("ip tcp dport=4789 data=40", 0),
		RULE_FRAME("ip offset=1 udp dport=4789 vxlan vni=10", 0),
		RULE_FRAME("ip udp dport=6081 geneve vni=10", 0),
		RULE_FRAME("ip udp dport=4789 vxlan vni=10 cut=50", 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=10 cut=49", 0),
		RULE_FRAME("ip udp dport=4789 cut=42", 0),
		/* behind the IP packet's end is padding */
		RULE_FRAME("ip len=35 udp dport=4789 vxlan vni=10 data=20", 0),
		RULE_FRAME("ip len=36 udp dport=4789 vxlan vni=10 data=20", 1),
		RULE_BAD("ip udp dport=4789 vxlan vni=10 cut=41", udp),
		RULE_ROW("vxlan vni != 10 drop", "ip udp dport=4789 vxlan vni=0", 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=0xffffff", 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=10", 0),
		RULE_FRAME("ip udp dport=4789", 0),
		RULE_FRAME("ip udp dport=53 vxlan", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void geneve(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("geneve vni 0xfffffe-0xffffff drop",
			 "ip udp dport=6081 geneve vni=0xffffff", 1),
		RULE_FRAME("ip6 udp dport=6081 geneve vni=0xfffffe options=63", 1),
		RULE_FRAME("ip udp dport=6081 geneve vni=0xfffffd", 0),
		RULE_FRAME("ip udp dport=6081 geneve vni=0", 0),
		RULE_FRAME("ip udp dport=4789 vxlan vni=0xffffff", 0),
		RULE_FRAME("ip udp dport=6081 geneve vni=0xffffff cut=49", 0),
		RULE_FRAME("ip udp dport=6081 geneve vni=0xffffff cut=50", 1),
		RULE_ROW("geneve vni 1 drop\nvxlan vni 1 drop", "ip udp dport=6081 geneve vni=1",
			 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=1", 2),
		RULE_FRAME("ip gre key=1", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void gre(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("gre key 7 drop", "ip gre key=7", 1),
		RULE_FRAME("ip6 dstopt gre key=7", 1),
		RULE_FRAME("ip gre s=1 key=7", 1),
		RULE_FRAME("ip gre c=1 key=1 key2=7", 1),
		RULE_FRAME("ip gre r=1 key=1 key2=7", 1),
		RULE_FRAME("ip gre c=1 key=7 key2=1", 0),
		RULE_FRAME("ip gre k=0 key=7", 0),
		RULE_FRAME("ip gre version=1 key=7", 0),
		RULE_FRAME("ip gre version=4 key=7", 0),
		RULE_FRAME("ip gre key=8", 0),
		RULE_FRAME("ip mf=1 gre key=7", 1),
		RULE_FRAME("ip offset=1 gre key=7", 0),
		RULE_FRAME("ip6 frag offset=1 gre key=7", 0),
		RULE_FRAME("ip protocol=46 gre key=7", 0),
		RULE_FRAME("ip gre key=7 cut=42", 1),
		RULE_FRAME("ip gre key=7 cut=41", 0),
		RULE_FRAME("ip gre key=7 cut=37", 0),
		RULE_FRAME("ip gre c=1 key2=7 cut=46", 1),
		RULE_FRAME("ip gre c=1 key2=7 cut=45", 0),
		RULE_FRAME("ip len=28 gre key=7", 1),
		RULE_FRAME("ip len=27 gre key=7", 0),
		RULE_FRAME("ip len=28 gre c=1 key2=7", 0),
		RULE_ROW("gre key != 7 drop", "ip gre key=0", 1),
		RULE_FRAME("ip gre key=0xffffffff", 1),
		RULE_FRAME("ip gre key=7", 0),
		RULE_FRAME("ip gre k=0", 0),
		RULE_FRAME("ip gre version=1", 0),
		RULE_FRAME("ip udp dport=4789 vxlan vni=8", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

/* Places in the key that several of them share. */
static void beside_each_other(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ip6 flowlabel 10 drop\narp daddr ip 0.0.0.10 drop", "ip6 flow=10 udp", 1),
		RULE_FRAME("arp daddr=0.0.0.10", 2),
		RULE_FRAME("ip udp", 0),
		RULE_FRAME("data=60", 0),
		RULE_ROW("vlan inner id 5 ip6 flowlabel 6 gre key 7 meta rxqueue 0 drop",
			 "vlan vlan id=5 ip6 flow=6 gre key=7", 1),
		RULE_FRAME("vlan vlan id=4 ip6 flow=6 gre key=7", 0),
		RULE_FRAME("vlan vlan id=5 ip6 flow=5 gre key=7", 0),
		RULE_FRAME("vlan vlan id=5 ip6 flow=6 gre key=6", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static const struct test_want dropped = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					  XS_REASON_none };

/* A field that lies in another buffer than the headers before it is read all the same. */
static void in_any_buffer(void **state)
{
	static const char *const frames[] = {
		"qinq vlan id=5 ip udp", "vlan arp saddr=10.0.0.1",
		"arp daddr=10.0.0.2",	 "ip6 flow=6 udp",
		"ip gre c=1 key2=7",	 "ip6 udp dport=6081 geneve vni=8",
	};
	struct test_env *env = test_env(state);
	static struct packet p;
	struct test_rules rules;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	rule_apply(env, &rules,
		   "vlan inner id 5 drop\narp saddr ip 10.0.0.1 drop\narp daddr ip 10.0.0.2 drop\n"
		   "ip6 flowlabel 6 drop\ngre key 7 drop\ngeneve vni 8 drop\n");
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		packet_text(&p, frames[i]);
		for (__u32 linear = 14; linear < p.len; linear++) {
			struct test_frame frame = { frames[i], p.data, p.len, 0, linear };

			test_frame(env, &frame, &dropped);
		}
	}
	test_rules_close(&rules);
}

/* They are hashed: a table of many costs no more steps than one of few. */
static void one_of_many(void **state)
{
	struct test_env *env = *state;
	struct test_rules rules;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (int i = 0; i < 1000; i++)
		fprintf(out, "vxlan vni %d %s\n", i * 7919 % 0x1000000, i % 2 ? "drop" : "pass");
	fclose(out);
	rule_apply(env, &rules, text);
	free(text);
	rule_check(env, &rules, NULL, "ip udp dport=4789 vxlan vni=7919", 0, 2, &dropped);
	rule_check(env, &rules, NULL, "ip6 udp dport=4789 vxlan vni=7911081", 0, 1000, &dropped);
	rule_check(env, &rules, NULL, "ip udp dport=4789 vxlan vni=7918", 0, RULE_DEFAULT,
		   &test_no_socket);
	test_rules_close(&rules);
}

/* By the kernel's table, which has no connection of these frames; without one nothing is new. */
static void connections(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("ct state new drop", "ip tcp", 1),
		RULE_FRAME("ip6 hopopt udp", 1),
		RULE_FRAME("vlan ip mf=1 udp", 1),
		RULE_FRAME("ip offset=1 udp", 0),
		RULE_FRAME("ip icmp", 0),
		RULE_FRAME("ip udplite", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("ct state established,related drop", "ip tcp", 0),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("ct state != established drop", "ip tcp", 1),
		RULE_FRAME("ip icmp", 0),
		RULE_FRAME("arp", 0),
		RULE_ROW("udp dport 53 ct state != new drop\nudp dport 53 ct state { new, related "
			 "} drop",
			 "ip udp dport=53", 2),
		RULE_FRAME("ip udp dport=54", 0),
		RULE_ROW("vxlan vni 10 ct state new drop", "ip udp dport=4789 vxlan vni=10", 1),
		RULE_FRAME("ip udp dport=4789 vxlan vni=11", 0),
	};
	const struct test_env *env = *state;

	if (!env->tells_connections)
		test_skip("this kernel does not tell XDP programs of its connections");
	RULE_ROWS_RUN(state, rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_tag),	 cmocka_unit_test(arp_addresses),
		cmocka_unit_test(flow_label),	 cmocka_unit_test(vxlan),
		cmocka_unit_test(geneve),	 cmocka_unit_test(gre),
		cmocka_unit_test(connections),	 cmocka_unit_test(beside_each_other),
		cmocka_unit_test(in_any_buffer), cmocka_unit_test(one_of_many),
	};

	return cmocka_run_group_tests_name("match_inner", tests, test_open, test_close);
}
