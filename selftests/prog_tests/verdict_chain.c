// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* chain: to the chain's socket of the frame's queue; otherwise as the rule says. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../rule_rows.h"
#include "xsteer.skel.h"

static const struct test_want taken = { XDP_REDIRECT, XS_VERDICT_chain, XS_REASON_none,
					XS_REASON_none };
static const struct test_want passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					 XS_REASON_no_chain };
static const struct test_want dropped = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					  XS_REASON_no_chain };

/* A socket of queue 1, in that queue's slot of a row of `chains`. */
static __u32 serve(struct test_env *env, struct plain_xsk *xsk, __u32 row)
{
	__u32 slot = XS_CHAIN_BASE(row, TEST_SLOTS) + 1;

	assert_int_equal(plain_xsk_open(xsk, env->ifindex, 1), 0);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(env->skel->maps.xsks_map), &slot, &xsk->fd,
					     BPF_NOEXIST),
			 0);
	return slot;
}

static void check_served(struct test_env *env, __u32 row, const char *text)
{
	struct oracle_world world = { .slot_cnt = 1 };
	struct test_rules rules;
	struct plain_xsk xsk;
	__u32 slot = serve(env, &xsk, row);

	world.slots = &slot;
	rule_apply(env, &rules, text);
	for (__u32 queue = 0; queue < (env->has_ctx ? TEST_QUEUES : 1); queue++) {
		bool there = queue == 1;

		rule_check(env, &rules, &world, "ip udp data=20", queue, 1,
			   there ? &taken : &passed);
		rule_check(env, &rules, &world, "vlan ip6 tcp", queue, 2,
			   there ? &taken : &dropped);
		/* another chain, and the plain slot, have no socket */
		rule_check(env, &rules, &world, "ip icmp", queue, 3, &passed);
	}
	plain_xsk_close(&xsk);
	rule_check(env, &rules, NULL, "ip udp", 1, 1, &passed);
	test_rules_close(&rules);
}

static void to_the_socket_of_the_chain_at_its_queue(void **state)
{
	struct test_env *env = test_env(state);

	if (!env->has_ctx)
		test_skip("a queue other than 0 needs a test_run with context (Linux 5.15)");
	check_served(env, 0, "udp chain c0\ntcp chain c0 else drop\nicmp chain c1 else pass");
}

static void the_last_chain_has_slots_as_well(void **state)
{
	struct test_env *env = test_env(state);

	if (!env->has_ctx)
		test_skip("a queue other than 0 needs a test_run with context (Linux 5.15)");
	check_served(env, XS_CHAIN_SLOTS - 1,
		     "udp chain c15\ntcp chain c15 else drop\nicmp chain c14");
}

static void as_the_default_it_counts_both_reasons(void **state)
{
	const struct test_want dropped_by_default = { XDP_DROP, XS_VERDICT_drop, XS_REASON_default,
						      XS_REASON_no_chain };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp pass\ndefault chain c3 else drop");
	rule_check(env, &rules, NULL, "ip tcp", 0, 0, &dropped_by_default);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_socket_of_the_chain_at_its_queue),
		cmocka_unit_test(the_last_chain_has_slots_as_well),
		cmocka_unit_test(as_the_default_it_counts_both_reasons),
	};

	return cmocka_run_group_tests_name("verdict_chain", tests, test_open, test_close);
}
