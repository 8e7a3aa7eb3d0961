// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* dev: out of another interface; pass if that interface is gone. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "../rule_rows.h"

static const struct test_want taken = { XDP_REDIRECT, XS_VERDICT_dev, XS_REASON_none,
					XS_REASON_none };
static const struct test_want passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					 XS_REASON_no_dev };

static int run(const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), "PATH=$PATH:/usr/sbin:/sbin; %s", command);
	return system(line);
}

static void to_the_interface_named_until_it_goes(void **state)
{
	struct test_env *env = test_env(state);
	struct oracle_world world = { .dev_cnt = 1 };
	struct test_rules rules;
	__u32 ifindex;

	assert_int_equal(run("ip link add xst2 type veth peer name xst3"), 0);
	ifindex = if_nametoindex("xst2");
	world.devs = &ifindex;
	rule_apply(env, &rules, "udp dev xst2\ntcp drop");
	rule_check(env, &rules, &world, "ip udp data=50", 0, 1, &taken);
	rule_check(env, &rules, &world, "vlan ip6 udp data=500", 0, 1, &taken);
	/* the kernel removes a device that is deleted from the map */
	assert_int_equal(run("ip link del xst2"), 0);
	rule_check(env, &rules, NULL, "ip udp data=50", 0, 1, &passed);
	test_rules_close(&rules);
}

static void as_the_default(void **state)
{
	const struct test_want by_default = { XDP_REDIRECT, XS_VERDICT_dev, XS_REASON_default,
					      XS_REASON_none };
	struct test_env *env = test_env(state);
	struct oracle_world world = { .devs = &env->peer_ifindex, .dev_cnt = 1 };
	struct test_rules rules;

	rule_apply(env, &rules, "default dev " TEST_PEER);
	rule_check(env, &rules, &world, "arp", 0, 0, &by_default);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_interface_named_until_it_goes),
		cmocka_unit_test(as_the_default),
	};

	return cmocka_run_group_tests_name("verdict_dev", tests, test_open, test_close);
}
