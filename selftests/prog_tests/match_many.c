// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * More addresses than a chunk of the set holds, and more verdicts than an entry can number.
 * What is promised is larger still (user_tests/rule_compile.c has the limits themselves); here
 * are as few as need all of the search.
 */
#include "../rule_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CNT4 400000U /* one chunk holds 300,000 */
#define CNT6 300000U /* 245,000 of these */
#define VERDICTS XS_ACTIONS_MAX /* all slots there are; 13 bits hold 8,191 */

/* Scattered, and all different. They leave room for those that are named one by one. */
static __u32 addr4(__u32 i)
{
	return (i * 0x9e3779b1U) | 1;
}

static __u64 upper6(__u32 i)
{
	return 0x2000000000000000ULL | (i * 0x9e3779b97f4a7c15ULL) >> 3;
}

static void say4(FILE *out, __u32 addr)
{
	fprintf(out, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255, addr & 255);
}

static void say6(FILE *out, __u64 upper, __u64 lower)
{
	fprintf(out, "%x:%x:%x:%x:%x:%x:%x:%x", (unsigned)(upper >> 48),
		(unsigned)(upper >> 32 & 0xffff), (unsigned)(upper >> 16 & 0xffff),
		(unsigned)(upper & 0xffff), (unsigned)(lower >> 48),
		(unsigned)(lower >> 32 & 0xffff), (unsigned)(lower >> 16 & 0xffff),
		(unsigned)(lower & 0xffff));
}

/* A text that is being written. */
struct text {
	FILE *out;
	char *text;
	size_t len;
};

static void text_begin(struct text *t)
{
	t->out = open_memstream(&t->text, &t->len);
	assert_non_null(t->out);
}

static const char *text_end(struct text *t)
{
	fclose(t->out);
	return t->text;
}

/* Runs one frame and checks that this rule decided it; -1: none. */
static void decides(struct test_env *env, struct test_rules *rules, const char *text, int rule,
		    int xdp)
{
	static struct packet packet;
	struct test_frame frame = { text, packet.data, 0, 0, 0 };
	static struct test_got got;

	packet_text(&packet, text);
	frame.len = packet.len;
	assert_int_equal(test_run(env, &frame, &got), 0);
	test_rules_count(rules, rule, frame.len);
	if (got.xdp != xdp || test_rules_diff_one(env, rules, rule))
		fail_msg("%s: returned %s; rule %d was to decide", text, test_xdp_name(got.xdp),
			 rule);
}

static void decides4(struct test_env *env, struct test_rules *rules, __u32 addr, int rule)
{
	struct text t;

	text_begin(&t);
	fprintf(t.out, "ip saddr=");
	say4(t.out, addr);
	decides(env, rules, text_end(&t), rule, rule < 0 ? XDP_PASS : XDP_DROP);
	free(t.text);
}

static void decides6(struct test_env *env, struct test_rules *rules, __u64 upper, __u64 lower,
		     int rule)
{
	struct text t;

	text_begin(&t);
	fprintf(t.out, "ip6 daddr=");
	say6(t.out, upper, lower);
	decides(env, rules, text_end(&t), rule, rule < 0 ? XDP_PASS : XDP_DROP);
	free(t.text);
}

/* Whether the set is one that programs before this layout cannot search. */
static void assert_layout(const struct test_rules *rules, __u32 layout)
{
	const struct xs_set_header *set =
		mmap(NULL, sizeof(*set), PROT_READ, MAP_SHARED, rules->set_fd, 0);

	assert_ptr_not_equal(set, MAP_FAILED);
	assert_int_equal(set->layout, layout);
	munmap((void *)set, sizeof(*set));
}

static void close_rules(struct test_env *env, struct test_rules *rules)
{
	test_rules_close(rules);
	test_rules_clear(env);
	test_stats_read(env, env->stats);
}

static void ipv4_addresses(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	struct text t;

	text_begin(&t);
	fprintf(t.out, "default pass\nip saddr { 0.0.0.0, 255.255.255.255");
	for (__u32 i = 0; i < CNT4; i++) {
		fprintf(t.out, ", ");
		say4(t.out, addr4(i));
	}
	fprintf(t.out, " } drop\n");
	rule_apply(env, &rules, text_end(&t));
	assert_layout(&rules, XS_SET_LAYOUT_SIZES);
	assert_true(rules.report.step_max <= 2);
	decides4(env, &rules, 0, 0);
	decides4(env, &rules, 0xffffffff, 0);
	decides4(env, &rules, 0xfffffffe, -1);
	for (__u32 i = 0; i < CNT4; i += 97) {
		decides4(env, &rules, addr4(i), 0);
		decides4(env, &rules, addr4(i) ^ 1,
			 addr4(i) == 1 || addr4(i) == 0xffffffff ? 0 : -1);
	}
	free(t.text);
	close_rules(env, &rules);
}

/*
 * Of each kind a third: prefixes of 64 bits, single addresses, and neighbours within 64 bits,
 * which fill more than a chunk alone. And at both ends of both trees.
 */
static void ipv6_addresses(void **state)
{
	static const __u64 ends[] = { 0, 0x7fffffffffffffffULL, 0x8000000000000000ULL, ~0ULL };
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	struct text t;

	text_begin(&t);
	fprintf(t.out, "default pass\nip6 daddr { ::5");
	for (int i = 1; i < 4; i++) {
		fprintf(t.out, ", ");
		say6(t.out, ends[i], 5);
	}
	for (__u32 i = 0; i < CNT6; i++) {
		fprintf(t.out, ", ");
		say6(t.out, i % 3 == 2 ? 0x20010db8ULL << 32 : upper6(i), i % 3 ? 2 * i : 0);
		fprintf(t.out, i % 3 ? "" : "/64");
	}
	fprintf(t.out, " } drop\n");
	rule_apply(env, &rules, text_end(&t));
	assert_layout(&rules, XS_SET_LAYOUT_SIZES);
	for (int i = 0; i < 4; i++) {
		decides6(env, &rules, ends[i], 5, 0);
		decides6(env, &rules, ends[i], 4, -1);
		decides6(env, &rules, ends[i], 6, -1);
		decides6(env, &rules, ends[i], ~0ULL, -1);
	}
	for (__u32 i = 0; i < CNT6; i += 41) {
		__u64 upper = i % 3 == 2 ? 0x20010db8ULL << 32 : upper6(i);

		decides6(env, &rules, upper, 2 * i, 0);
		decides6(env, &rules, upper, 2 * i + 1, i % 3 ? -1 : 0);
		decides6(env, &rules, upper6(i) + 1, 2 * i, -1);
	}
	free(t.text);
	close_rules(env, &rules);
}

/* The tree over lower ones has a single interval, which is that before the other's first. */
static void ipv6_addresses_above_the_middle(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	struct text t;

	text_begin(&t);
	fprintf(t.out, "default pass\nip6 daddr { ffff:ffff:ffff:ffff::/64");
	for (__u32 i = 0; i < CNT6; i++) {
		fprintf(t.out, ", ");
		say6(t.out, upper6(i) | 1ULL << 63, i % 2 ? 2 * i : 0);
		fprintf(t.out, i % 2 ? "" : "/64");
	}
	fprintf(t.out, " } drop\n");
	rule_apply(env, &rules, text_end(&t));
	assert_layout(&rules, XS_SET_LAYOUT_SIZES);
	decides6(env, &rules, ~0ULL, ~0ULL, 0);
	decides6(env, &rules, 1ULL << 63, 0, -1);
	decides6(env, &rules, 0, 0, -1);
	for (__u32 i = 0; i < CNT6; i += 97) {
		decides6(env, &rules, upper6(i) | 1ULL << 63, 2 * i, 0);
		decides6(env, &rules, upper6(i) | 1ULL << 63, 2 * i + 1, i % 2 ? -1 : 0);
		decides6(env, &rules, upper6(i), 2 * i, -1);
	}
	free(t.text);
	close_rules(env, &rules);
}

/* The layout of a set with so many IPv6 addresses that they are packed, if they can be. */
static __u32 packed_layout(const struct test_env *env)
{
	return env->remembers ? XS_SET_LAYOUT_PACKED : XS_SET_LAYOUT_BEFORE_FIELDS;
}

#define PACKED_MOST 11U /* elements: two leaves and one */

struct element {
	__u64 upper, lo, hi; /* lower halves */
};

/* Prefixes, addresses and ranges take turns. The last elements lie at the ends of both trees. */
static __u32 packed_elements(struct element *e, __u32 cnt, bool at_ends)
{
	static const struct element ends[] = {
		{ ~0ULL >> 1, 5, 5 },
		{ ~0ULL, 5, 7 },
		{ 0, 0, ~0ULL },
		{ 1ULL << 63, 0, 0 },
	};

	for (__u32 i = 0; i < cnt; i++) {
		e[i] = (struct element){ 0x20010db800000000ULL + 2 * i, 0, ~0ULL };
		if (i % 3)
			e[i].lo = 5;
		if (i % 3)
			e[i].hi = i % 3 == 1 ? 5 : 7;
	}
	for (__u32 i = 0; at_ends && i < cnt && i < sizeof(ends) / sizeof(ends[0]); i++)
		e[cnt - 1 - i] = ends[i];
	return cnt;
}

static void say_elements(FILE *out, const struct element *e, __u32 cnt)
{
	for (__u32 i = 0; i < cnt; i++) {
		fprintf(out, i ? ", " : "default pass\nip6 daddr { ");
		say6(out, e[i].upper, e[i].lo);
		fprintf(out, "-");
		say6(out, e[i].upper, e[i].hi);
	}
	fprintf(out, " } drop\n");
}

static int rule_of(const struct element *e, __u32 cnt, __u64 upper, __u64 lower)
{
	for (__u32 i = 0; i < cnt; i++)
		if (e[i].upper == upper && e[i].lo <= lower && lower <= e[i].hi)
			return 0;
	return -1;
}

static void packed_ipv6_addresses_at_each_place_of_a_leaf(void **state)
{
	static const __u64 lowers[] = { 0, 4, 5, 6, 8, ~0ULL };
	struct test_env *env = test_env(state);

	env->pack = true;
	for (__u32 n = 2; n < 2 * PACKED_MOST + 2; n++) {
		struct element e[PACKED_MOST];
		__u32 cnt = packed_elements(e, n / 2, n & 1);
		struct test_rules rules = { .set_fd = -1 };
		struct text t;

		text_begin(&t);
		say_elements(t.out, e, cnt);
		rule_apply(env, &rules, text_end(&t));
		assert_layout(&rules, packed_layout(env));
		for (__u32 i = 0; i < cnt; i++)
			for (__u32 k = 0; k < 3 * sizeof(lowers) / sizeof(lowers[0]); k++) {
				__u64 upper = e[i].upper + k % 3 - 1, lower = lowers[k / 3];

				decides6(env, &rules, upper, lower, rule_of(e, cnt, upper, lower));
			}
		free(t.text);
		close_rules(env, &rules);
	}
	env->pack = false;
}

/* Leaves number the intervals of their groups with 15 bits. Two of them are of the network ::. */
static void an_ipv6_network_with_more_addresses_than_a_leaf_numbers(void **state)
{
	struct test_env *env = test_env(state);

	for (__u32 cnt = 16382; cnt <= 16383; cnt++) {
		struct test_rules rules = { .set_fd = -1 };
		struct text t;

		text_begin(&t);
		fprintf(t.out, "default pass\nip6 daddr { ::");
		for (__u32 i = 0; i < cnt; i++) {
			fprintf(t.out, ", ");
			say6(t.out, 1ULL << 61, 2 * i + 1);
		}
		fprintf(t.out, " } drop\n");
		rule_apply(env, &rules, text_end(&t));
		assert_layout(&rules,
			      cnt == 16382 ? packed_layout(env) : XS_SET_LAYOUT_BEFORE_FIELDS);
		for (__u32 i = 0; i < cnt; i += i < 8 || i > cnt - 8 ? 1 : 1009) {
			decides6(env, &rules, 1ULL << 61, 2 * i, -1);
			decides6(env, &rules, 1ULL << 61, 2 * i + 1, 0);
		}
		decides6(env, &rules, 1ULL << 61, 2 * cnt, -1);
		decides6(env, &rules, (1ULL << 61) + 1, 1, -1);
		free(t.text);
		close_rules(env, &rules);
	}
}

static void rules_of_addresses_and_their_order(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	struct text t;

	text_begin(&t);
	fprintf(t.out, "default pass\nip saddr 10.0.0.0/8 pass\n");
	for (__u32 i = 0; i < CNT4; i++) {
		fprintf(t.out, "ip saddr ");
		say4(t.out, addr4(i));
		fprintf(t.out, " drop\n");
	}
	rule_apply(env, &rules, text_end(&t));
	assert_layout(&rules, XS_SET_LAYOUT_SIZES);
	for (__u32 i = 0; i < CNT4; i += 97)
		if (addr4(i) >> 24 != 10)
			decides4(env, &rules, addr4(i), 1 + i);
	decides(env, &rules, "ip saddr=10.1.2.3", 0, XDP_PASS);
	free(t.text);
	close_rules(env, &rules);
}

/* The fallback tells verdicts apart: no slot has a socket. */
static void verdicts_as_many_as_there_are(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	struct text t;

	text_begin(&t);
	fprintf(t.out, "default tx\n");
	for (__u32 i = 0; i < VERDICTS; i++) {
		__u32 otherwise = (i * 0x9e3779b1U) >> 31;

		fprintf(t.out, "ip daddr 10.%u.%u.%u ", i >> 16, i >> 8 & 255, i & 255);
		fprintf(t.out, i ? "" : "meta length 34-1000 ip ttl { 1, 64, 200 } ");
		fprintf(t.out, "xsk slot %u else %s\n", i & 0xffff, otherwise ? "drop" : "pass");
	}
	rule_apply(env, &rules, text_end(&t));
	assert_layout(&rules, XS_SET_LAYOUT_SIZES);
	for (__u32 i = 0; i < VERDICTS; i += i < 200 || i > VERDICTS - 200 ? 1 : 61) {
		__u32 otherwise = (i * 0x9e3779b1U) >> 31;
		char frame[64];

		snprintf(frame, sizeof(frame), "ip daddr=10.%u.%u.%u", i >> 16, i >> 8 & 255,
			 i & 255);
		decides(env, &rules, frame, i, otherwise ? XDP_DROP : XDP_PASS);
	}
	decides(env, &rules, "ip daddr=10.0.0.0 ttl=63", -1, XDP_TX);
	decides(env, &rules, "ip daddr=11.0.0.0", -1, XDP_TX);
	free(t.text);
	close_rules(env, &rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_addresses),
		cmocka_unit_test(ipv6_addresses),
		cmocka_unit_test(ipv6_addresses_above_the_middle),
		cmocka_unit_test(packed_ipv6_addresses_at_each_place_of_a_leaf),
		cmocka_unit_test(an_ipv6_network_with_more_addresses_than_a_leaf_numbers),
		cmocka_unit_test(rules_of_addresses_and_their_order),
		cmocka_unit_test(verdicts_as_many_as_there_are),
	};

	return cmocka_run_group_tests_name("match_many", tests, test_open, test_close);
}
