// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Dynamic sets before the real program: exact and prefix members, both families and sides, their
 * time, and what other programs may have written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "../rule_rows.h"
#include "../test_rules.h"
#include "lib/base/clock.h"
#include "lib/rules/model/dynamic_set.h"

#define SECOND 1000000000ULL

static void exact_and_prefix_members(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("set s { type ip; elements { 192.0.2.7, 198.51.100.0/24, 10.0.0.0/9 } }\n"
			 "ip saddr @s drop",
			 "ip saddr=192.0.2.7 udp", 2),
		RULE_FRAME("ip saddr=192.0.2.6 udp", 0),
		RULE_FRAME("ip saddr=192.0.2.8 udp", 0),
		RULE_FRAME("ip saddr=198.51.99.255 udp", 0),
		RULE_FRAME("ip saddr=198.51.100.0 udp", 2),
		RULE_FRAME("ip saddr=198.51.100.255 udp", 2),
		RULE_FRAME("ip saddr=198.51.101.0 udp", 0),
		RULE_FRAME("ip saddr=10.127.255.255 udp", 2),
		RULE_FRAME("ip saddr=10.128.0.0 udp", 0),
		RULE_FRAME("ip daddr=192.0.2.7 udp", 0),
		RULE_FRAME("ip saddr=192.0.2.7 protocol=200 data=4", 2),
		RULE_FRAME("vlan ip saddr=192.0.2.7 tcp", 2),
		RULE_FRAME("ip6 udp", 0),
		RULE_FRAME("arp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void none_of_the_members(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("set s { type ip; elements { 192.0.2.0/24 } }\nip daddr != @s drop",
			 "ip daddr=192.0.2.7 udp", 0),
		RULE_FRAME("ip daddr=192.0.3.0 udp", 2),
		RULE_FRAME("ip6 udp", 0), /* has no ip daddr */
		RULE_FRAME("arp", 0),
		RULE_ROW("set s { type ip; }\nip saddr @s drop", "ip udp", 0),
		RULE_ROW("set s { type ip; }\nip saddr != @s drop", "ip udp", 2),
		RULE_FRAME("ip6 udp", 0),
		RULE_ROW("set s { type ip; elements { 0.0.0.0/0 } }\nip saddr @s drop", "ip udp",
			 2),
		RULE_FRAME("ip6 udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void ipv6_members(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("set s { type ip6; elements { 2001:db8::7, 2001:db8:1::/65 } }\n"
			 "ip6 saddr @s drop",
			 "ip6 saddr=2001:db8::7 udp", 2),
		RULE_FRAME("ip6 saddr=2001:db8::6 udp", 0),
		RULE_FRAME("ip6 saddr=2001:db8:1::7fff:0:0:1 udp", 2),
		RULE_FRAME("ip6 saddr=2001:db8:1:0:8000::1 udp", 0),
		RULE_FRAME("ip6 daddr=2001:db8::7 udp", 0),
		RULE_FRAME("ip udp", 0),
		RULE_ROW("set s { type ip6; elements { ::/0 } }\nip6 daddr != @s drop", "ip6 udp",
			 0),
		RULE_FRAME("ip udp", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

static void several_sets_in_a_rule(void **state)
{
	static const struct rule_row rows[] = {
		RULE_ROW("set a { type ip; elements { 10.0.0.0/8 } }\n"
			 "set b { type ip; elements { 10.1.0.0/16, 192.0.2.1 } }\n"
			 "set c { type ip6; elements { ::1 } }\n"
			 "ip saddr @a ip saddr != @b ip daddr @b udp dport 53 drop",
			 "ip saddr=10.2.0.0 daddr=192.0.2.1 udp dport=53", 4),
		RULE_FRAME("ip saddr=10.1.0.0 daddr=192.0.2.1 udp dport=53", 0),
		RULE_FRAME("ip saddr=11.2.0.0 daddr=192.0.2.1 udp dport=53", 0),
		RULE_FRAME("ip saddr=10.2.0.0 daddr=192.0.2.2 udp dport=53", 0),
		RULE_FRAME("ip saddr=10.2.0.0 daddr=192.0.2.1 udp dport=54", 0),
		RULE_FRAME("ip saddr=10.2.0.0 daddr=10.1.255.255 udp dport=53", 4),
		RULE_FRAME("ip6 saddr=::1 udp dport=53", 0),
	};

	RULE_ROWS_RUN(state, rows);
}

/* Eight sets of one family, each with another answer, on both sides. */
static void as_many_sets_as_there_may_be(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	char text[4096] = "", frame[128];
	struct test_want want = { .reason = XS_REASON_none };
	struct test_rules rules;

	for (int i = 0; i < XS_MEMBER_SETS_OF_FAMILY; i++)
		sprintf(text + strlen(text), "set s%d { type ip; elements { 10.0.0.%d } }\n", i, i);
	for (int i = 0; i < XS_MEMBER_SETS_OF_FAMILY; i++)
		sprintf(text + strlen(text), "ip saddr @s%d ip daddr @s%d tx\n", i,
			XS_MEMBER_SETS_OF_FAMILY - 1 - i);
	strcat(text, "ip saddr @s0 drop\ndefault pass\n");
	assert_int_equal(test_rules_open(env, &rules, text), 0);
	for (int src = 0; src < XS_MEMBER_SETS_OF_FAMILY + 1; src++)
		for (int dst = 0; dst < XS_MEMBER_SETS_OF_FAMILY + 1; dst++) {
			bool tx = src + dst == XS_MEMBER_SETS_OF_FAMILY - 1;

			want.done = tx ? XS_VERDICT_tx : src ? XS_VERDICT_pass : XS_VERDICT_drop;
			want.xdp = tx ? XDP_TX : src ? XDP_PASS : XDP_DROP;
			want.reason = tx || !src ? XS_REASON_none : XS_REASON_default;
			sprintf(frame, "ip saddr=10.0.0.%d daddr=10.0.0.%d udp", src, dst);
			test_text(env, frame, &want);
		}
	test_rules_close(&rules);
}

/* Whether the frame "ip saddr=SRC udp" is dropped by the only rule. */
static void assert_member(struct test_env *env, const char *src, bool is)
{
	const struct test_want want = { .xdp = is ? XDP_DROP : XDP_PASS,
					.done = is ? XS_VERDICT_drop : XS_VERDICT_pass,
					.reason = is ? XS_REASON_none : XS_REASON_default };
	char frame[64];

	snprintf(frame, sizeof(frame), "ip saddr=%s udp", src);
	test_text(env, frame, &want);
}

static void open_set(struct test_env *env, struct test_rules *rules, struct xs_members *members)
{
	assert_int_equal(
		test_rules_open(env, rules, "set s { type ip; }\nip saddr @s drop\ndefault pass\n"),
		0);
	*members = test_members(env, &rules->parsed, 0);
}

/* Writes a row as another program would, with any numbers in it. */
static void put(const struct xs_members *members, const char *text, __u64 expires_ns,
		__u32 prefixlen)
{
	const struct xs_member value = { .expires_ns = expires_ns, .prefixlen = prefixlen };
	struct xs_member_key key = {};
	struct xs_member_row row;

	assert_int_equal(xs_member_parse(text, XS_FAMILY_ipv4, &row), 0);
	key.prefixlen = row.prefixlen;
	for (int i = 0; i < 4; i++)
		key.addr[i] = (__u8)(row.addr >> (24 - 8 * i));
	assert_int_equal(bpf_map_update_elem(members->fd, &key, &value, BPF_ANY), 0);
}

static void members_past_their_time(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct xs_members members;
	struct test_rules rules;
	__u64 now;

	open_set(env, &rules, &members);
	assert_int_equal(xs_kernel_ns(&now), 0);
	put(&members, "192.0.2.1", now - 1, 32);
	put(&members, "192.0.2.2", now + 3600 * SECOND, 32);
	put(&members, "192.0.2.3", 1, 32);
	assert_member(env, "192.0.2.1", false);
	assert_member(env, "192.0.2.2", true);
	assert_member(env, "192.0.2.3", false);
	/* a longer one that is over does not hide a shorter one, nor the other way round */
	put(&members, "192.0.2.0/24", 0, 24);
	assert_member(env, "192.0.2.1", true);
	assert_member(env, "192.0.2.9", true);
	put(&members, "192.0.2.0/24", now - 1, 24);
	assert_member(env, "192.0.2.1", false);
	assert_member(env, "192.0.2.2", true);
	put(&members, "0.0.0.0/0", now + 3600 * SECOND, 0);
	assert_member(env, "192.0.2.1", true);
	put(&members, "0.0.0.0/0", now - 1, 0);
	assert_member(env, "192.0.2.1", false);
	assert_member(env, "192.0.2.2", true);
	test_rules_close(&rules);
}

/* Within each other, 16 lookups deep: one for the set, and 15 more. */
static void many_members_past_their_time_within_each_other(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct xs_members members;
	struct test_rules rules;
	char text[32];
	__u64 now;

	open_set(env, &rules, &members);
	assert_int_equal(xs_kernel_ns(&now), 0);
	put(&members, "10.0.0.0/8", 0, 8);
	for (int len = 32; len > 32 - (XS_MEMBER_STEPS - 1); len--) {
		snprintf(text, sizeof(text), "10.1.2.3/%d", len);
		put(&members, text, now - 1, (__u32)len);
	}
	assert_member(env, "10.1.2.3", true);
	snprintf(text, sizeof(text), "10.1.2.3/%d", 32 - (XS_MEMBER_STEPS - 1));
	put(&members, text, now - 1, 32 - (XS_MEMBER_STEPS - 1));
	assert_member(env, "10.1.2.3", false); /* documented: no further */
	assert_member(env, "10.128.2.3", true);
	test_rules_close(&rules);
}

/* Whatever is in a row, a frame is decided, and other members hold. */
static void rows_that_make_no_sense(void **state)
{
	static const __u32 lengths[] = { 0, 1, 23, 25, 33, 128, 129, 0x7fffffff, 0xffffffff };
	struct test_env *env = test_env_that_remembers(state);
	struct xs_members members;
	struct test_rules rules;

	open_set(env, &rules, &members);
	put(&members, "192.0.2.0/24", 0, 0); /* for good: the length is not needed */
	put(&members, "198.51.100.1", 0, 77);
	assert_member(env, "192.0.2.5", true);
	assert_member(env, "198.51.100.1", true);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put(&members, "192.0.2.5/31", 1, lengths[i]);
		/* found from 1 to 31: the shorter one lies within what is looked at */
		assert_member(env, "192.0.2.5", lengths[i] == 25);
		assert_member(env, "198.51.100.1", true);
	}
	test_rules_close(&rules);
}

/* The time is exact to what a test run takes. */
static void a_member_ends_by_itself(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	const struct timespec pause = { .tv_nsec = 60000000 };
	struct xs_members members;
	struct test_rules rules;
	struct xs_member_row row;
	__u32 cnt;

	open_set(env, &rules, &members);
	assert_int_equal(xs_member_parse("192.0.2.1", XS_FAMILY_ipv4, &row), 0);
	row.ns = 3600 * SECOND;
	assert_int_equal(xs_members_add(&members, &row, 1, &cnt), 0);
	assert_member(env, "192.0.2.1", true);
	row.ns = 50000000;
	assert_int_equal(xs_members_add(&members, &row, 1, &cnt), 0);
	nanosleep(&pause, NULL);
	assert_member(env, "192.0.2.1", false);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_and_prefix_members),
		cmocka_unit_test(none_of_the_members),
		cmocka_unit_test(ipv6_members),
		cmocka_unit_test(several_sets_in_a_rule),
		cmocka_unit_test(as_many_sets_as_there_may_be),
		cmocka_unit_test(members_past_their_time),
		cmocka_unit_test(many_members_past_their_time_within_each_other),
		cmocka_unit_test(rows_that_make_no_sense),
		cmocka_unit_test(a_member_ends_by_itself),
	};

	return cmocka_run_group_tests_name("members", tests, test_open, test_close);
}
