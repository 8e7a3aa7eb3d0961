// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsk: to the socket of the queue or of the named slot; otherwise as the rule says. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../rule_rows.h"
#include "xsteer.skel.h"

static const struct test_want taken = { XDP_REDIRECT, XS_VERDICT_xsk, XS_REASON_none,
					XS_REASON_none };
static const struct test_want passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					 XS_REASON_no_socket };
static const struct test_want dropped = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					  XS_REASON_no_socket };

static void open_socket(struct test_env *env, struct plain_xsk *xsk, __u32 slot)
{
	int map = bpf_map__fd(env->skel->maps.xsks_map);

	assert_int_equal(plain_xsk_open(xsk, env->ifindex, 1), 0);
	assert_int_equal(bpf_map_update_elem(map, &slot, &xsk->fd, BPF_NOEXIST), 0);
}

static void to_the_socket_of_its_queue(void **state)
{
	static const __u32 slots[] = { 1 };
	static const struct oracle_world world = { .slots = slots, .slot_cnt = 1 };
	struct test_env *env = test_env(state);
	struct test_rules rules;
	struct plain_xsk xsk;

	if (!env->has_ctx)
		test_skip("a queue other than 0 needs a test_run with context (Linux 5.15)");
	open_socket(env, &xsk, 1);
	rule_apply(env, &rules, "udp xsk\ntcp xsk else drop\nicmp xsk else pass");
	for (__u32 queue = 0; queue < TEST_QUEUES; queue++) {
		bool there = queue == 1;

		rule_check(env, &rules, &world, "ip udp data=20", queue, 1,
			   there ? &taken : &passed);
		rule_check(env, &rules, &world, "vlan ip6 tcp", queue, 2,
			   there ? &taken : &dropped);
		rule_check(env, &rules, &world, "ip icmp", queue, 3, there ? &taken : &passed);
	}
	plain_xsk_close(&xsk);
	rule_check(env, &rules, NULL, "ip udp", 1, 1, &passed);
	test_rules_close(&rules);
}

/* The socket is bound to queue 1, so frames of other queues take their fallback. */
static void to_the_socket_of_a_slot_from_its_queue_alone(void **state)
{
	static const __u32 slots[] = { 9, TEST_SLOTS - 1 };
	static const struct oracle_world world = { .slots = slots, .slot_cnt = 2, .slot_queue = 1 };
	struct test_env *env = test_env(state);
	struct test_rules rules;
	struct plain_xsk xsk;
	__u32 last = TEST_SLOTS - 1;

	open_socket(env, &xsk, 9);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(env->skel->maps.xsks_map), &last, &xsk.fd,
					     BPF_NOEXIST),
			 0);
	rule_apply(env, &rules,
		   "udp dport 9 xsk slot 9\nudp dport 8 xsk slot 8\n"
		   "udp dport 63 xsk slot 63 else drop\nudp xsk slot 10 else drop");
	for (__u32 queue = 0; queue < (env->has_ctx ? TEST_QUEUES : 1); queue++) {
		bool own = queue == 1;

		rule_check(env, &rules, &world, "ip udp dport=9", queue, 1, own ? &taken : &passed);
		rule_check(env, &rules, &world, "ip udp dport=8", queue, 2, &passed);
		rule_check(env, &rules, &world, "ip udp dport=63", queue, 3,
			   own ? &taken : &dropped);
		rule_check(env, &rules, &world, "ip udp dport=7", queue, 4, &dropped);
	}
	plain_xsk_close(&xsk);
	test_rules_close(&rules);
}

static void a_slot_beyond_the_map_has_no_socket(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp xsk slot 64 else drop\ntcp xsk slot 65535");
	rule_check(env, &rules, NULL, "ip udp", 0, 1, &dropped);
	rule_check(env, &rules, NULL, "ip tcp", 0, 2, &passed);
	test_rules_close(&rules);
}

static void as_the_default_it_counts_both_reasons(void **state)
{
	const struct test_want dropped_by_default = { XDP_DROP, XS_VERDICT_drop, XS_REASON_default,
						      XS_REASON_no_socket };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp pass\ndefault xsk else drop");
	rule_check(env, &rules, NULL, "ip tcp", 0, 0, &dropped_by_default);
	test_rules_close(&rules);
	rule_apply(env, &rules, "udp drop");
	rule_check(env, &rules, NULL, "ip tcp", 0, 0, &test_no_socket);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_socket_of_its_queue),
		cmocka_unit_test(to_the_socket_of_a_slot_from_its_queue_alone),
		cmocka_unit_test(a_slot_beyond_the_map_has_no_socket),
		cmocka_unit_test(as_the_default_it_counts_both_reasons),
	};

	return cmocka_run_group_tests_name("verdict_xsk", tests, test_open, test_close);
}
