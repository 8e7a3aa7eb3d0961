// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cpu: to the kernel on another CPU; pass if that CPU accepts no frames. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../rule_rows.h"
#include "xsteer.skel.h"

static void to_the_cpu_named_or_passed(void **state)
{
	static const struct test_want taken = { XDP_REDIRECT, XS_VERDICT_cpu, XS_REASON_none,
						XS_REASON_none };
	static const struct test_want passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
						 XS_REASON_no_cpu };
	static const __u32 cpus[] = { 0 };
	static const struct oracle_world world = { .cpus = cpus, .cpu_cnt = 1 };
	struct test_env *env = test_env(state);
	struct test_rules rules;
	__u32 cpu = 0;

	rule_apply(env, &rules, "vlan id 100 ip protocol gre cpu 0\ndefault cpu 0");
	rule_check(env, &rules, &world, "vlan id=100 ip protocol=47 data=9", 0, 1, &taken);
	rule_check(env, &rules, &world, "vlan id=100 ip protocol=47 data=900", 0, 1, &taken);
	assert_int_equal(bpf_map_delete_elem(bpf_map__fd(env->skel->maps.cpu_map), &cpu), 0);
	rule_check(env, &rules, NULL, "vlan id=100 ip protocol=47 data=9", 0, 1, &passed);
	test_rules_close(&rules);
}

static void as_the_default(void **state)
{
	static const struct test_want taken = { XDP_REDIRECT, XS_VERDICT_cpu, XS_REASON_default,
						XS_REASON_none };
	static const __u32 cpus[] = { 0 };
	static const struct oracle_world world = { .cpus = cpus, .cpu_cnt = 1 };
	struct test_env *env = test_env(state);
	struct test_rules rules;

	rule_apply(env, &rules, "default cpu 0");
	rule_check(env, &rules, &world, "arp", 0, 0, &taken);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_cpu_named_or_passed),
		cmocka_unit_test(as_the_default),
	};

	return cmocka_run_group_tests_name("verdict_cpu", tests, test_open, test_close);
}
