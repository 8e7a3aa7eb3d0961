// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tx: back out of the interface, byte for byte as it came. */
#include "../rule_rows.h"

static const struct test_want tx = { XDP_TX, XS_VERDICT_tx, XS_REASON_none, XS_REASON_none };

static void every_kind_of_frame_goes_back(void **state)
{
	static const char *const frames[] = {
		"data=46",	    "arp",
		"vlan qinq arp",    "ip udp data=9",
		"ip icmp",	    "ip6 tcp data=9",
		"ip6 hopopt sctp",  "ip offset=3 data=100",
		"ip tcp data=1400",
	};
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "ip6 daddr ::1 drop\ntx");
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		rule_check(env, &rules, NULL, frames[i], env->has_ctx ? i % TEST_QUEUES : 0, 2,
			   &tx);
	test_rules_close(&rules);
}

static void a_frame_of_several_buffers_goes_back(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	rule_apply(env, &rules, "udp dport 53 tx\ndefault drop");
	rule_check(env, &rules, NULL, "ip udp data=9000", 0, 1, &tx);
	test_rules_close(&rules);
}

static void as_the_default_it_goes_back_what_no_rule_decides(void **state)
{
	const struct test_want by_default = { XDP_TX, XS_VERDICT_tx, XS_REASON_default,
					      XS_REASON_none };
	const struct test_want ruled = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					 XS_REASON_none };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "default tx\nudp drop");
	rule_check(env, &rules, NULL, "ip tcp data=30", 0, 0, &by_default);
	rule_check(env, &rules, NULL, "ip udp data=30", 0, 2, &ruled);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_frame_goes_back),
		cmocka_unit_test(a_frame_of_several_buffers_goes_back),
		cmocka_unit_test(as_the_default_it_goes_back_what_no_rule_decides),
	};

	return cmocka_run_group_tests_name("verdict_tx", tests, test_open, test_close);
}
