// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What `xsteer-loader reserve` plans, from answers of NICs that are made up here: the table, the rules
 * that the NIC gets, what is left out and why, and what is refused by name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../rule_parse.h"
#include "tools/loader/reserve_plan.h"

#define SLOTS 64

/* A NIC's answers, and a question. */
static struct xs_rss rss;
static struct xs_ntuple_rules there;
static struct ethtool_rx_flow_spec rows[200];
static struct xs_queue_list queues;
static struct xs_ruleset rules;
static struct xs_reserve_wishes wishes;
static struct xs_reserve_facts facts;
static struct xs_reserve_plan plan;

static int fresh(void **state)
{
	(void)state;
	rss = (struct xs_rss){ .queues = 4, .size = 8, .entry = { 0, 1, 2, 3, 0, 1, 2, 3 } };
	memset(rows, 0, sizeof(rows));
	there = (struct xs_ntuple_rules){ .room = 8, .rows = rows };
	queues = (struct xs_queue_list){ .cnt = 1, .queue = { 2 } };
	facts = (struct xs_reserve_facts){
		.ifname = "nic0",
		.driver = "fake",
		.rss = &rss,
		.ntuple = XS_NTUPLE_ON,
		.there = &there,
		.queues = &queues,
		.wishes = &wishes,
	};
	return 0;
}

static int freed(void **state)
{
	(void)state;
	xs_reserve_plan_free(&plan);
	xs_reserve_wishes_free(&wishes);
	xs_ruleset_free(&rules);
	memset(&rules, 0, sizeof(rules));
	return 0;
}

static void reserve(__u32 first, __u32 cnt)
{
	queues.cnt = cnt;
	for (__u32 i = 0; i < cnt; i++)
		queues.queue[i] = first + i;
}

static void plan_for(const char *text)
{
	freed(NULL);
	parse_good(&rules, text);
	assert_int_equal(xs_reserve_wishes_find(&rules, &queues, SLOTS, &wishes), 0);
	assert_int_equal(xs_reserve_plan_make(&facts, &plan), 0);
}

static void refused(int err, const char *part)
{
	freed(NULL);
	assert_int_equal(xs_reserve_plan_make(&facts, &plan), err);
	if (!strstr(plan.why, part))
		fail_msg("'%s' is not in: %s", part, plan.why);
	assert_non_null(strstr(plan.why, "nic0"));
}

static void assert_flow(__u32 i, __u32 location, __u32 queue, const char *want)
{
	char text[XS_FLOW_TEXT_MAX];

	assert_true(i < plan.record.flow_cnt);
	xs_flow_text(&plan.record.flows[i], text);
	assert_string_equal(text, want);
	assert_int_equal(plan.record.flows[i].location, location);
	assert_int_equal(plan.record.flows[i].queue, queue);
	assert_int_equal(plan.record.flows[i].state, XS_RESERVED_NOT);
}

static void assert_skip(__u32 i, __u32 rule, const char *part)
{
	assert_true(i < plan.skip_cnt);
	assert_int_equal(plan.skips[i].rule, rule);
	if (!strstr(plan.skips[i].why, part))
		fail_msg("'%s' is not in: %s", part, plan.skips[i].why);
}

/* ---- the table ---- */

static void assert_after(const __u16 *want)
{
	assert_memory_equal(plan.record.after, want, rss.size * sizeof(*want));
	assert_memory_equal(plan.record.before, rss.entry, rss.size * sizeof(*want));
	assert_int_equal(plan.record.table_size, rss.size);
}

static void the_table_loses_the_reserved_queues_alone(void **state)
{
	(void)state;
	plan_for("");
	assert_after((const __u16[]){ 0, 1, 0, 3, 0, 1, 1, 3 });
	assert_int_equal(plan.entries, 2);
	assert_int_equal(plan.record.by_default, 1);
	assert_int_equal(plan.left.cnt, 3);
	assert_int_equal(plan.record.queue_cnt, 1);
	assert_int_equal(plan.record.queues[0].queue, 2);
	assert_int_equal(plan.record.since_ns, 0);
}

static void their_entries_are_spread_over_all_that_are_left(void **state)
{
	__u32 cnt[3] = {};

	(void)state;
	rss.size = 128;
	for (__u32 i = 0; i < 128; i++)
		rss.entry[i] = i / 32; /* in blocks, as igb does */
	reserve(3, 1);
	plan_for("");
	assert_int_equal(plan.record.by_default, 0);
	assert_int_equal(plan.entries, 32);
	for (__u32 i = 96; i < 128; i++)
		cnt[plan.record.after[i]]++;
	assert_int_equal(cnt[0], 11);
	assert_int_equal(cnt[1], 11);
	assert_int_equal(cnt[2], 10);
}

static void a_table_that_somebody_set_is_not_made_wider(void **state)
{
	(void)state;
	rss = (struct xs_rss){ .queues = 4, .size = 4, .entry = { 2, 1, 2, 1 } };
	plan_for("");
	assert_after((const __u16[]){ 1, 1, 1, 1 });
	assert_int_equal(plan.record.by_default, 0);
	assert_int_equal(plan.left.cnt, 1);
	/* it is not in the table: there is nothing to change */
	reserve(3, 1);
	plan_for("");
	assert_after((const __u16[]){ 2, 1, 2, 1 });
	assert_int_equal(plan.entries, 0);
	assert_int_equal(plan.left.queue[0], 1);
	assert_int_equal(plan.left.queue[1], 2);
}

static void what_cannot_be_is_refused_by_name(void **state)
{
	(void)state;
	reserve(4, 1);
	refused(-EINVAL, "has no queue 4: it receives on 4 queues; valid: 0-3");
	reserve(0, 4);
	refused(-EINVAL, "no more queues than these 4");
	reserve(0, 2);
	memcpy(rss.entry, (const __u16[]){ 0, 1, 0, 1, 0, 1, 0, 1 }, 16);
	refused(-EINVAL, "leads to these queues only");
	facts.rss_err = -EOPNOTSUPP;
	refused(-EOPNOTSUPP, "has no RSS table (driver 'fake'), so");
	facts.driver = "";
	refused(-EOPNOTSUPP, "has no RSS table, so");
	facts.rss_err = -E2BIG;
	refused(-EOPNOTSUPP, "more than 4096 entries");
	facts.rss_err = -EIO;
	refused(-EIO, "cannot read the RSS table");
}

static void rss_contexts_are_refused(void **state)
{
	(void)state;
	there.cnt = 2;
	rows[1].location = 5;
	rows[1].flow_type = TCP_V4_FLOW | FLOW_RSS;
	refused(-EBUSY, "ethtool -N nic0 delete 5");
}

/* ---- the NIC's rules ---- */

static void rules_become_flows_of_their_queue(void **state)
{
	(void)state;
	plan_for("udp dport 53 xsk slot 2\n"
		 "ip saddr 10.0.0.0/8 ip daddr 192.0.2.7 tcp sport 80 xsk slot 2 else drop\n"
		 "ip6 daddr 2001:db8::/32 xsk\n"
		 "ip protocol gre chain web\n");
	assert_int_equal(plan.skip_cnt, 0);
	assert_int_equal(plan.record.flow_cnt, 5);
	assert_flow(0, 0, 2, "udp4 dst-port 53");
	assert_flow(1, 1, 2, "udp6 dst-port 53");
	assert_flow(2, 2, 2, "tcp4 src-ip 10.0.0.0/8 dst-ip 192.0.2.7 src-port 80");
	assert_flow(3, 3, 2, "ip6 dst-ip 2001:db8::/32");
	assert_flow(4, 4, 2, "ip4 l4proto 47");
	assert_int_equal(plan.flow_rule[1], 0);
	assert_int_equal(plan.flow_rule[4], 3);
}

static void sets_and_either_port_become_several(void **state)
{
	(void)state;
	there.room = 100;
	plan_for("ip daddr { 192.0.2.1, 192.0.2.4-192.0.2.7 } udp port 7 xsk slot 2\n"
		 "ip saddr 192.0.2.1-192.0.2.6 tcp dport 80-81 xsk slot 2\n");
	assert_int_equal(plan.skip_cnt, 0);
	assert_int_equal(plan.record.flow_cnt, 4 + 8);
	assert_flow(0, 0, 2, "udp4 dst-ip 192.0.2.1 src-port 7");
	assert_flow(1, 1, 2, "udp4 dst-ip 192.0.2.4/30 src-port 7");
	assert_flow(2, 2, 2, "udp4 dst-ip 192.0.2.1 dst-port 7");
	assert_flow(3, 3, 2, "udp4 dst-ip 192.0.2.4/30 dst-port 7");
	assert_flow(4, 4, 2, "tcp4 src-ip 192.0.2.1 dst-port 80");
	assert_flow(5, 5, 2, "tcp4 src-ip 192.0.2.2/31 dst-port 80");
	assert_flow(6, 6, 2, "tcp4 src-ip 192.0.2.4/31 dst-port 80");
	assert_flow(7, 7, 2, "tcp4 src-ip 192.0.2.6 dst-port 80");
	assert_flow(8, 8, 2, "tcp4 src-ip 192.0.2.1 dst-port 81");
}

static void sixteen_of_a_rule_are_made_and_no_more(void **state)
{
	(void)state;
	there.room = 100;
	plan_for("ip protocol udp udp dport 100-115 xsk slot 2\n");
	assert_int_equal(plan.record.flow_cnt, 16);
	assert_flow(15, 15, 2, "udp4 dst-port 115");
	plan_for("ip protocol udp udp dport 100-116 xsk slot 2\nudp dport 1-9 xsk slot 2\n"
		 "ip saddr != 10.1.2.3 xsk slot 2\n");
	assert_int_equal(plan.record.flow_cnt, 0);
	assert_int_equal(plan.skip_cnt, 3);
	for (__u32 i = 0; i < 3; i++)
		assert_skip(i, i, "more than 16 rules of the NIC");
}

static void what_a_nic_does_not_compare_is_left_out(void **state)
{
	(void)state;
	plan_for("set s { type ip; }\n"
		 "ip saddr @s xsk slot 2\n"
		 "vlan id 7 udp dport 53 xsk slot 2\n"
		 "ip dscp 10 xsk slot 2\n"
		 "meta rxqueue 1 xsk slot 2\n"
		 "dccp dport 7 xsk slot 2\n"
		 "ether type arp xsk slot 2\n"
		 "arp operation 1 xsk slot 2\n"
		 "xsk slot 2\n"
		 "tcp flags syn xsk slot 2\n");
	assert_int_equal(plan.record.flow_cnt, 0);
	assert_int_equal(plan.skip_cnt, 9);
	assert_skip(0, 0, "dynamic set");
	assert_skip(1, 1, "'vlan id'");
	assert_skip(2, 2, "'ip dscp'");
	assert_skip(3, 3, "'meta rxqueue'");
	assert_skip(4, 4, "ports of tcp, udp and sctp only");
	assert_skip(5, 5, "'ether type'");
	assert_skip(6, 6, "'arp operation'");
	assert_skip(7, 7, "every frame");
	assert_skip(8, 8, "'tcp flags'");
}

/* check and doctor propose `meta rxqueue N` before `xsk slot N`. */
static void the_queue_that_a_rule_names_is_where_the_nic_brings_it(void **state)
{
	(void)state;
	there.room = 100;
	plan_for("meta rxqueue 2 ip protocol udp udp dport 7 xsk slot 2\n"
		 "meta rxqueue 1-3 ip protocol udp udp dport 8 xsk slot 2\n"
		 "meta rxqueue != 1 ip protocol udp udp dport 9 xsk slot 2\n"
		 "meta rxqueue != 2 ip protocol udp udp dport 10 xsk slot 2\n"
		 "meta rxqueue 2 xsk slot 2\n");
	assert_int_equal(plan.record.flow_cnt, 3);
	assert_flow(0, 0, 2, "udp4 dst-port 7");
	assert_flow(1, 1, 2, "udp4 dst-port 8");
	assert_flow(2, 2, 2, "udp4 dst-port 9");
	assert_int_equal(plan.skip_cnt, 2);
	assert_skip(0, 3, "'meta rxqueue'");
	assert_skip(1, 4, "every frame");
}

static void only_rules_for_reserved_queues_count(void **state)
{
	(void)state;
	plan_for("udp dport 1 xsk slot 1\n" /* another queue */
		 "udp dport 2 drop\nudp dport 3 pass\nudp dport 4 cpu 1\n" /* no socket */
		 "udp dport 5 xsk slot 70\n"); /* no queue */
	assert_int_equal(plan.record.flow_cnt, 0);
	assert_int_equal(plan.skip_cnt, 2);
	assert_skip(0, 0, "slot 1 is not that of a reserved queue");
	assert_skip(1, 4, "slot 70 is not that of a reserved queue");
	/* the frame's own queue is one of several */
	reserve(2, 2);
	plan_for("udp dport 1 xsk\nip protocol udp udp dport 2 xsk slot 3\n");
	assert_int_equal(plan.record.flow_cnt, 1);
	assert_flow(0, 0, 3, "udp4 dst-port 2");
	assert_skip(0, 0, "none of queues 2-3");
	assert_after((const __u16[]){ 0, 1, 0, 1, 0, 1, 0, 1 });
}

/* ---- the NIC's table of rules ---- */

static void put_row(__u32 i, __u32 location, const char *rule, __u32 queue)
{
	struct xs_reserve_wishes one;
	struct xs_ruleset set;

	parse_good(&set, rule);
	assert_int_equal(xs_reserve_wishes_find(&set, &queues, SLOTS, &one), 0);
	assert_int_equal(one.cnt, 1);
	xs_ntuple_spec(&one.wishes[0].flow, &rows[i]);
	rows[i].location = location;
	rows[i].ring_cookie = queue;
	there.cnt = i + 1;
	xs_reserve_wishes_free(&one);
	xs_ruleset_free(&set);
}

#define UDP(port) "ip protocol udp udp dport " #port " xsk slot 2\n"

static void free_locations_are_taken_in_order(void **state)
{
	(void)state;
	put_row(0, 1, UDP(1000), 0);
	put_row(1, 0, UDP(1001), 2);
	there.room = 5;
	plan_for(UDP(1) UDP(2) UDP(3) UDP(4));
	assert_int_equal(plan.record.flow_cnt, 3);
	assert_flow(0, 2, 2, "udp4 dst-port 1");
	assert_flow(1, 3, 2, "udp4 dst-port 2");
	assert_flow(2, 4, 2, "udp4 dst-port 3");
	assert_skip(0, 3, "room for 5 rules");
	assert_int_equal(plan.other_cnt, 1);
	assert_int_equal(plan.others[0].location, 0);
	assert_int_equal(plan.others[0].queue, 2);
	/* or the driver chooses */
	there.picks_location = true;
	plan_for(UDP(1) UDP(2));
	assert_flow(1, RX_CLS_LOC_ANY, 2, "udp4 dst-port 2");
}

static void rules_of_others_are_not_made_again(void **state)
{
	(void)state;
	put_row(0, 3, UDP(1), 2);
	put_row(1, 4, UDP(2), 0);
	plan_for(UDP(1) UDP(2) UDP(3) UDP(3));
	assert_int_equal(plan.record.flow_cnt, 1); /* nor is ours twice */
	assert_flow(0, 0, 2, "udp4 dst-port 3");
	assert_int_equal(plan.skip_cnt, 2);
	assert_skip(0, 0, "rule 3 of the NIC, not ours, does it already");
	assert_skip(1, 1, "rule 4 of the NIC, not ours, has the same frames, and another queue");
}

/* What was made for one set of rules, and another one is in force. The NIC has what was made. */
static void drift_to(const char *text, __u32 stale, __u32 missing, const char *want)
{
	struct xs_reserved made = plan.record;
	struct xs_reserve_drift drift;
	char got[XS_RESERVE_DRIFT_MAX];

	plan_for(text);
	xs_reserve_drift_find(&facts, &made, &drift);
	assert_int_equal(drift.stale, stale);
	assert_int_equal(drift.missing, missing);
	xs_reserve_drift_text(&drift, got);
	assert_string_equal(got, want);
	plan.record = made;
}

static void rules_that_have_changed_since_are_told(void **state)
{
	(void)state;
	there.room = 6;
	plan_for(UDP(1) UDP(2) UDP(3));
	for (__u32 i = 0; i < 3; i++)
		plan.record.flows[i].state = XS_RESERVED_MADE;
	put_row(0, 0, UDP(1), 2);
	put_row(1, 1, UDP(2), 2);
	put_row(2, 2, UDP(3), 2);
	drift_to(UDP(3) UDP(2) UDP(1) UDP(1), 0, 0, "");
	drift_to(UDP(1) UDP(2), 1, 0, "1 rule of the NIC is not of the rules in force");
	drift_to("", 3, 0, "3 rules of the NIC are not of the rules in force");
	drift_to(UDP(1) UDP(2) UDP(3) UDP(4) UDP(4), 0, 1,
		 "1 flow of the rules in force has no rule of the NIC");
	drift_to(UDP(1) UDP(4) UDP(5), 2, 2,
		 "2 rules of the NIC are not of the rules in force, and "
		 "2 flows of the rules in force have no rule of the NIC");
	/* another queue */
	reserve(2, 2);
	drift_to("ip protocol udp udp dport 1 xsk slot 3\n" UDP(2) UDP(3), 1, 0,
		 "1 rule of the NIC is not of the rules in force");
	reserve(2, 1);
	/* somebody else has it already; the table is full */
	put_row(3, 3, UDP(4), 0);
	drift_to(UDP(1) UDP(2) UDP(3) UDP(4), 0, 0, "");
	there.room = 4;
	drift_to(UDP(1) UDP(2) UDP(3) UDP(5), 0, 0, "");
	/* the NIC refused it then; or somebody has removed it since */
	plan.record.flows[2].state = XS_RESERVED_NOT;
	there.cnt = 2;
	drift_to(UDP(1) UDP(2) UDP(3), 0, 0, "");
	drift_to(UDP(1) UDP(2), 0, 0, "");
	there.cnt = 1;
	drift_to(UDP(1) UDP(2), 0, 1, "1 flow of the rules in force has no rule of the NIC");
	/* rules of its own are off: nothing to compare with */
	facts.ntuple = XS_NTUPLE_OFF;
	drift_to("", 0, 0, "");
}

static void a_nic_without_rules_is_told_once_a_rule(void **state)
{
	(void)state;
	facts.ntuple = XS_NTUPLE_NEVER;
	plan_for("udp dport { 53, 54 } xsk slot 2\ntcp dport 80 xsk slot 2\n");
	assert_int_equal(plan.record.flow_cnt, 0);
	assert_int_equal(plan.skip_cnt, 2);
	assert_skip(0, 0, "no rules of its own");
	assert_skip(1, 1, "no rules of its own");
	assert_int_equal(plan.entries, 2);
	facts.ntuple = XS_NTUPLE_OFF;
	plan_for(UDP(1));
	assert_skip(0, 0, "ethtool -K nic0 ntuple on");
}

static void more_than_are_recorded_are_left_out(void **state)
{
	char text[XS_RESERVED_FLOWS_MAX * 60 + 200], *at = text;

	(void)state;
	for (int i = 0; i <= XS_RESERVED_FLOWS_MAX; i++)
		at += sprintf(at, "ip protocol udp udp dport %d xsk slot 2\n", 1000 + i);
	there.room = 10000;
	plan_for(text);
	assert_int_equal(plan.record.flow_cnt, XS_RESERVED_FLOWS_MAX);
	assert_int_equal(plan.skip_cnt, 1);
	assert_skip(0, XS_RESERVED_FLOWS_MAX, "no more are recorded");
}

/* ---- what the kernel gets ---- */

static void a_flow_is_what_ethtool_makes_of_it(void **state)
{
	static const __u8 addr[] = { 10, 0, 0, 0 }, mask[] = { 255, 0, 0, 0 };
	struct ethtool_rx_flow_spec spec, other;

	(void)state;
	plan_for("ip saddr 10.0.0.0/8 udp dport 53 xsk slot 2\n"
		 "ip6 saddr 2001:db8::/33 meta l4proto 89 xsk slot 2\n");
	xs_ntuple_spec(&plan.record.flows[0], &spec);
	assert_int_equal(spec.flow_type, UDP_V4_FLOW);
	assert_memory_equal(&spec.h_u.udp_ip4_spec.ip4src, addr, 4);
	assert_memory_equal(&spec.m_u.udp_ip4_spec.ip4src, mask, 4);
	assert_int_equal(spec.m_u.udp_ip4_spec.ip4dst, 0);
	assert_int_equal(spec.h_u.udp_ip4_spec.pdst, 53 << 8);
	assert_int_equal(spec.m_u.udp_ip4_spec.pdst, 0xffff);
	assert_int_equal(spec.m_u.udp_ip4_spec.psrc, 0);
	assert_int_equal(spec.ring_cookie, 2);
	assert_int_equal(xs_ntuple_queue(&spec), 2);
	other = spec;
	other.ring_cookie = 3;
	assert_true(xs_ntuple_same_frames(&spec, &other));
	assert_int_not_equal(xs_ntuple_digest(&spec), xs_ntuple_digest(&other));
	other.m_u.udp_ip4_spec.pdst = 0xff00;
	assert_false(xs_ntuple_same_frames(&spec, &other));
	xs_ntuple_spec(&plan.record.flows[1], &spec);
	assert_int_equal(spec.flow_type, IPV6_USER_FLOW);
	assert_int_equal(spec.h_u.usr_ip6_spec.l4_proto, 89);
	assert_int_equal(spec.m_u.usr_ip6_spec.l4_proto, 0xff);
	assert_int_equal(((const __u8 *)spec.m_u.usr_ip6_spec.ip6src)[3], 0xff);
	assert_int_equal(((const __u8 *)spec.m_u.usr_ip6_spec.ip6src)[4], 0x80);
	spec.ring_cookie = RX_CLS_FLOW_DISC;
	assert_int_equal(xs_ntuple_queue(&spec), -1);
}

static void lists_of_queues_are_short(void **state)
{
	const struct xs_queue_list list = { 6, { 0, 2, 3, 4, 7, 8 } };
	char text[64];

	(void)state;
	xs_queue_list_text(&list, text, sizeof(text));
	assert_string_equal(text, "queues 0, 2-4, 7-8");
	xs_queue_list_text(&list, text, 11);
	assert_string_equal(text, "queues 0, ");
	xs_queue_list_text(&(struct xs_queue_list){ 1, { 7 } }, text, sizeof(text));
	assert_string_equal(text, "queue 7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, freed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_table_loses_the_reserved_queues_alone),
		TEST(their_entries_are_spread_over_all_that_are_left),
		TEST(a_table_that_somebody_set_is_not_made_wider),
		TEST(what_cannot_be_is_refused_by_name),
		TEST(rss_contexts_are_refused),
		TEST(rules_become_flows_of_their_queue),
		TEST(sets_and_either_port_become_several),
		TEST(sixteen_of_a_rule_are_made_and_no_more),
		TEST(what_a_nic_does_not_compare_is_left_out),
		TEST(the_queue_that_a_rule_names_is_where_the_nic_brings_it),
		TEST(only_rules_for_reserved_queues_count),
		TEST(free_locations_are_taken_in_order),
		TEST(rules_of_others_are_not_made_again),
		TEST(rules_that_have_changed_since_are_told),
		TEST(a_nic_without_rules_is_told_once_a_rule),
		TEST(more_than_are_recorded_are_left_out),
		TEST(a_flow_is_what_ethtool_makes_of_it),
		TEST(lists_of_queues_are_short),
	};

	return cmocka_run_group_tests_name("reserve_plan", tests, NULL, NULL);
}
