// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* drop: nowhere. */
#include "../rule_rows.h"

static const struct test_want drop = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none, XS_REASON_none };

static void every_kind_of_frame_drops(void **state)
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

	rule_apply(env, &rules, "ip6 daddr ::1 pass\ndrop");
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		rule_check(env, &rules, NULL, frames[i], env->has_ctx ? i % TEST_QUEUES : 0, 2,
			   &drop);
	test_rules_close(&rules);
}

static void a_frame_of_several_buffers_drops(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	rule_apply(env, &rules, "udp dport 53 drop\ndefault pass");
	rule_check(env, &rules, NULL, "ip udp data=9000", 0, 1, &drop);
	test_rules_close(&rules);
}

static void as_the_default_it_drops_what_no_rule_decides(void **state)
{
	const struct test_want by_default = { XDP_DROP, XS_VERDICT_drop, XS_REASON_default,
					      XS_REASON_none };
	const struct test_want ruled = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					 XS_REASON_none };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "default drop\nudp pass");
	rule_check(env, &rules, NULL, "ip tcp data=30", 0, 0, &by_default);
	rule_check(env, &rules, NULL, "ip udp data=30", 0, 2, &ruled);
	test_rules_close(&rules);
}

static void malformed_frames_drops_where_the_file_says_so(void **state)
{
	const struct test_want bad = { XDP_DROP, XS_VERDICT_drop, XS_REASON_malformed_ipv4,
				       XS_REASON_none };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "malformed drop\nether type ip pass");
	rule_check(env, &rules, NULL, "ip version=7 data=30", 0, RULE_MALFORMED, &bad);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_frame_drops),
		cmocka_unit_test(a_frame_of_several_buffers_drops),
		cmocka_unit_test(as_the_default_it_drops_what_no_rule_decides),
		cmocka_unit_test(malformed_frames_drops_where_the_file_says_so),
	};

	return cmocka_run_group_tests_name("verdict_drop", tests, test_open, test_close);
}
