// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * `cpu { ... } by ...`: which CPU a frame goes to. Only CPU 1 takes frames here, so the outcome
 * tells where a frame was sent.
 */
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../rule_rows.h"
#include "xsteer.skel.h"

#define FLOWS 400

static struct test_env *env_of_two(void **state)
{
	struct test_env *env = test_env_that_remembers(state);

	if (env->cpu_cnt < 2) {
		print_message("one CPU: there is nothing to choose\n");
		skip();
	}
	return env;
}

static void use(struct test_env *env, struct test_rules *rules, const char *text)
{
	const __u32 cpu = 0;

	rule_apply(env, rules, text);
	assert_int_equal(bpf_map_delete_elem(bpf_map__fd(env->skel->maps.cpu_map), &cpu), 0);
}

static __u32 returned(struct test_env *env, const char *text)
{
	static struct packet packet;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .repeat = 1);

	packet_text(&packet, text);
	opts.data_in = packet.data;
	opts.data_size_in = packet.len;
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(env->skel->progs.xsteer), &opts),
			 0);
	return opts.retval;
}

static int cpu_of(struct test_env *env, const char *text)
{
	__u32 xdp = returned(env, text);

	assert_true(xdp == XDP_PASS || xdp == XDP_REDIRECT);
	return xdp == XDP_REDIRECT;
}

static int cpu_of_flow(struct test_env *env, const char *l3, const char *from, __u32 saddr,
		       __u32 daddr, __u32 sport, __u32 dport)
{
	char text[200];

	snprintf(text, sizeof(text), "%s saddr=%s%u daddr=%s%u udp sport=%u dport=%u data=9", l3,
		 from, saddr, from, daddr, sport, dport);
	return cpu_of(env, text);
}

static void a_flow_has_one_cpu_in_both_directions(void **state)
{
	static const struct {
		const char *l3, *from;
	} families[] = { { "ip", "10.0.0." }, { "ip6", "2001:db8::" } };
	struct test_env *env = env_of_two(state);
	struct test_rules rules;

	use(env, &rules, "udp cpu { 1, 0 } by flow");
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		const char *l3 = families[f].l3, *from = families[f].from;
		int sum = 0;

		for (__u32 i = 0; i < FLOWS; i++) {
			__u32 a = 1 + i % 9, b = 1 + i % 7, port = 1000 + i;
			int cpu = cpu_of_flow(env, l3, from, a, b, port, 53);

			assert_int_equal(cpu_of_flow(env, l3, from, a, b, port, 53), cpu);
			assert_int_equal(cpu_of_flow(env, l3, from, b, a, 53, port), cpu);
			sum += cpu;
		}
		/* half of them, within five times what chance allows */
		assert_in_range(sum, FLOWS / 2 - 50, FLOWS / 2 + 50);
	}
	test_rules_close(&rules);
}

static void an_apply_changes_nothing(void **state)
{
	struct test_env *env = env_of_two(state);
	struct test_rules rules;
	int before[FLOWS];

	use(env, &rules, "udp cpu { 0-1 } by flow");
	for (__u32 i = 0; i < FLOWS; i++)
		before[i] = cpu_of_flow(env, "ip", "10.0.0.", i % 250, 1, i, 53);
	test_rules_close(&rules);
	use(env, &rules,
	    "tcp drop\nudp dport 1 cpu { 0 } by ip saddr\nudp cpu { 1, 0, 1 } by flow");
	for (__u32 i = 0; i < FLOWS; i++)
		assert_int_equal(cpu_of_flow(env, "ip", "10.0.0.", i % 250, 1, i, 53), before[i]);
	test_rules_close(&rules);
}

static void an_address_alone_chooses(void **state)
{
	struct test_env *env = env_of_two(state);
	struct test_rules rules;
	int sum = 0;

	use(env, &rules, "udp cpu { 0-1 } by ip saddr");
	for (__u32 i = 0; i < 200; i++) {
		int cpu = cpu_of_flow(env, "ip", "10.0.0.", i, 1, 7, 53);

		assert_int_equal(cpu_of_flow(env, "ip", "10.0.0.", i, 200 - i, i, 99), cpu);
		sum += cpu;
	}
	assert_in_range(sum, 60, 140);
	test_rules_close(&rules);
	use(env, &rules, "udp cpu { 0-1 } by ip6 daddr");
	for (__u32 i = 0, other = 0; i < 200; i++) {
		int cpu = cpu_of_flow(env, "ip6", "2001:db8::", 1, i, 7, 53);

		assert_int_equal(cpu_of_flow(env, "ip6", "2001:db8::", 200 - i, i, i, 99), cpu);
		other += cpu;
		assert_true(i < 199 || (other > 60 && other < 140));
	}
	test_rules_close(&rules);
}

/* All fragments of a packet go where the first one goes, which alone has ports. */
static void fragments_stay_together(void **state)
{
	struct test_env *env = env_of_two(state);
	struct test_rules rules;
	char text[200];

	use(env, &rules, "meta l4proto udp cpu { 0-1 } by flow");
	for (int i = 0; i < 100; i++) {
		int first, later;

		snprintf(text, sizeof(text), "ip saddr=10.0.0.%d mf=1 udp sport=%d data=24", i, i);
		first = cpu_of(env, text);
		snprintf(text, sizeof(text), "ip saddr=10.0.0.%d offset=4 udp sport=%d data=24", i,
			 i + 9);
		later = cpu_of(env, text);
		assert_int_equal(first, later);
	}
	test_rules_close(&rules);
}

/* A tunnel whose packets are fragmented now and then is one flow. */
static void without_ports_fragments_go_with_the_whole(void **state)
{
	static const char *const forms[] = { "", " mf=1", " offset=4" };
	struct test_env *env = env_of_two(state);
	struct test_rules rules;
	char text[200];

	use(env, &rules, "ip protocol { gre, icmp } cpu { 0-1 } by flow");
	for (int i = 0; i < 100; i++) {
		for (int proto = 1; proto <= 47; proto += 46) {
			int cpu[3];

			for (int form = 0; form < 3; form++) {
				snprintf(text, sizeof(text),
					 "ip saddr=10.0.0.%d protocol=%d%s data=24", i, proto,
					 forms[form]);
				cpu[form] = cpu_of(env, text);
			}
			assert_int_equal(cpu[0], cpu[1]);
			assert_int_equal(cpu[0], cpu[2]);
		}
	}
	test_rules_close(&rules);
}

static void what_lacks_it_goes_to_the_lowest(void **state)
{
	struct test_env *env = env_of_two(state);
	struct test_rules rules;

	use(env, &rules, "cpu { 1 } by flow");
	assert_int_equal(cpu_of(env, "arp"), 1);
	test_rules_close(&rules);
	use(env, &rules, "cpu { 1, 0 } by flow");
	assert_int_equal(cpu_of(env, "arp"), 0);
	test_rules_close(&rules);
	use(env, &rules, "cpu { 1, 0 } by ip saddr");
	for (__u32 i = 0; i < 20; i++)
		assert_int_equal(cpu_of_flow(env, "ip6", "2001:db8::", i, 1, 7, 53), 0);
	test_rules_close(&rules);
}

/* A set of CPUs and a limit stand behind one verdict, and both hold. */
static void with_a_limit_both_hold(void **state)
{
	static const char flow[] = "ip saddr=10.0.0.3 daddr=10.0.0.4 udp sport=5 dport=6 data=9";
	struct test_env *env = env_of_two(state);
	struct test_rules rules;
	int cpu;

	use(env, &rules, "udp cpu { 0-1 } by flow");
	cpu = cpu_of(env, flow);
	test_rules_close(&rules);
	use(env, &rules, "udp cpu { 0-1 } by flow limit 1/day burst 2 per ip saddr");
	for (int i = 0; i < 2; i++)
		assert_int_equal(cpu_of(env, flow), cpu);
	assert_int_equal(returned(env, flow), XDP_DROP);
	/* another key, in the other direction of the flow */
	assert_int_equal(cpu_of(env, "ip saddr=10.0.0.4 daddr=10.0.0.3 udp sport=6 dport=5 data=9"),
			 cpu);
	test_rules_close(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_has_one_cpu_in_both_directions),
		cmocka_unit_test(an_apply_changes_nothing),
		cmocka_unit_test(an_address_alone_chooses),
		cmocka_unit_test(fragments_stay_together),
		cmocka_unit_test(without_ports_fragments_go_with_the_whole),
		cmocka_unit_test(what_lacks_it_goes_to_the_lowest),
		cmocka_unit_test(with_a_limit_both_hold),
	};

	return cmocka_run_group_tests_name("spread", tests, test_open, test_close);
}
