// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * limit: what is within passes as the verdict says, what is over is counted and decided by
 * `else`, and which rule decides never changes. Rates are either so low that nothing comes
 * back during a test, or their bounds are computed from the time that the test took.
 */
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../rule_errors.h"
#include "../rule_rows.h"
#include "lib/set/limits.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "xsteer.skel.h"

static const struct test_want passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					 XS_REASON_none };
static const struct test_want dropped = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					  XS_REASON_none };
static const struct test_want over_dropped = { XDP_DROP, XS_VERDICT_drop, XS_REASON_none,
					       XS_REASON_over_limit };
static const struct test_want over_passed = { XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
					      XS_REASON_over_limit };

/* One frame, whose rule must be the first of the set. */
static void offer(struct test_env *env, struct test_rules *rules, const char *text,
		  const struct test_want *want)
{
	static struct packet packet;
	struct test_frame frame = { text, packet.data, 0, 0, 0 };

	packet_text(&packet, text);
	frame.len = packet.len;
	test_frame(env, &frame, want);
	test_rules_count(rules, 0, packet.len);
	assert_int_equal(test_rules_diff_one(env, rules, 0), 0);
}

/* What the set's counters of the first limit say, summed over CPUs. */
static struct xs_rule_stats refused(const struct test_env *env, const struct test_rules *rules,
				    enum xs_limit_counter counter)
{
	struct xs_rule_stats sum = {}, row;
	__u32 rows = rules->parsed.rule_cnt + XS_LIMIT_COUNTERS * rules->limit_cnt;

	for (__u32 cpu = 0; cpu < env->cpu_cnt; cpu++) {
		__u32 at = cpu * rows + rules->parsed.rule_cnt + counter;

		assert_int_equal(bpf_map_lookup_elem(env->rule_counters.fd, &at, &row), 0);
		sum.packets += row.packets;
		sum.bytes += row.bytes;
	}
	return sum;
}

static void the_burst_passes_and_the_next_frame_does_not(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp pass limit 1/day burst 3\ntcp drop");
	for (int i = 0; i < 3; i++)
		offer(env, &rules, "ip udp data=20", &passed);
	for (int i = 0; i < 2; i++)
		offer(env, &rules, "ip udp data=20", &over_dropped);
	assert_int_equal(refused(env, &rules, XS_LIMIT_OVER).packets, 2);
	assert_int_equal(refused(env, &rules, XS_LIMIT_OVER).bytes, 2 * 62);
	assert_int_equal(refused(env, &rules, XS_LIMIT_NO_ROOM).packets, 0);
	test_text(env, "ip tcp", &dropped); /* the other rule has no limit */
	test_rules_close(&rules);
}

static void else_says_what_happens_over_the_limit(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp drop limit 1/day burst 1 else pass");
	offer(env, &rules, "ip udp", &dropped);
	offer(env, &rules, "ip udp", &over_passed);
	test_rules_close(&rules);
	/* no socket is there: within the limit that is the reason, over it the limit */
	rule_apply(env, &rules, "udp xsk else pass limit 1/day burst 1 else drop");
	offer(env, &rules, "ip udp",
	      &(struct test_want){ XDP_PASS, XS_VERDICT_pass, XS_REASON_none,
				   XS_REASON_no_socket });
	offer(env, &rules, "ip udp", &over_dropped);
	test_rules_close(&rules);
}

/* Nothing is asked that another rule decides, and a refused frame goes to no later rule. */
static void the_rule_that_decides_is_the_same(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp dport 9 pass limit 1/day burst 1\nudp pass");
	offer(env, &rules, "ip udp dport=9", &passed);
	test_text(env, "ip udp dport=10", &passed);
	test_text(env, "ip udp dport=10", &passed);
	offer(env, &rules, "ip udp dport=9", &over_dropped);
	test_rules_close(&rules);
}

static void each_key_has_a_bucket(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp pass limit 1/day burst 1 per ip saddr/24");
	offer(env, &rules, "ip saddr=10.0.0.1 udp", &passed);
	offer(env, &rules, "ip saddr=10.0.0.2 daddr=10.9.9.9 udp sport=7", &over_dropped);
	offer(env, &rules, "ip saddr=10.0.1.1 udp", &passed);
	offer(env, &rules, "ip saddr=10.0.1.255 udp", &over_dropped);
	/* what has no such address shares one bucket */
	offer(env, &rules, "ip6 saddr=2001:db8::1 udp", &passed);
	offer(env, &rules, "ip6 saddr=2001:db8::2 udp", &over_dropped);
	test_rules_close(&rules);

	rule_apply(env, &rules, "udp pass limit 1/day burst 1 per ip daddr");
	offer(env, &rules, "ip daddr=10.0.0.1 udp", &passed);
	offer(env, &rules, "ip daddr=10.0.0.2 udp", &passed);
	offer(env, &rules, "ip saddr=1.1.1.1 daddr=10.0.0.1 udp", &over_dropped);
	test_rules_close(&rules);

	rule_apply(env, &rules, "udp pass limit 1/day burst 1 per ip6 saddr/64");
	offer(env, &rules, "ip6 saddr=2001:db8::1 udp", &passed);
	offer(env, &rules, "ip6 saddr=2001:db8::ffff:ffff:ffff:ffff udp", &over_dropped);
	offer(env, &rules, "ip6 saddr=2001:db8:0:1::1 udp", &passed);
	test_rules_close(&rules);

	rule_apply(env, &rules, "udp pass limit 1/day burst 1 per ip6 daddr/65");
	offer(env, &rules, "ip6 daddr=2001:db8::1 udp", &passed);
	offer(env, &rules, "ip6 daddr=2001:db8::2 udp", &over_dropped);
	offer(env, &rules, "ip6 daddr=2001:db8::8000:0:0:2 udp", &passed);
	test_rules_close(&rules);
}

static void a_flow_is_addresses_ports_and_protocol(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "pass limit 1/day burst 1 per flow");
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.2 udp sport=1 dport=2", &passed);
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.2 ttl=9 udp sport=1 dport=2 data=9",
	      &over_dropped);
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.2 udp sport=1 dport=3", &passed);
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.2 udp sport=2 dport=2", &passed);
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.3 udp sport=1 dport=2", &passed);
	offer(env, &rules, "ip saddr=10.0.0.3 daddr=10.0.0.2 udp sport=1 dport=2", &passed);
	offer(env, &rules, "ip saddr=10.0.0.1 daddr=10.0.0.2 tcp sport=1 dport=2", &passed);
	offer(env, &rules, "ip6 saddr=::1 daddr=::2 udp sport=1 dport=2", &passed);
	offer(env, &rules, "ip6 saddr=::1 daddr=::3 udp sport=1 dport=2", &passed);
	offer(env, &rules, "ip6 saddr=::1 daddr=::2 udp sport=1 dport=2", &over_dropped);
	test_rules_close(&rules);
}

static void the_oldest_key_makes_room(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;
	char text[64];

	rule_apply(env, &rules, "udp pass limit 1/day burst 1 per ip saddr size 1000");
	offer(env, &rules, "ip saddr=10.9.0.1 udp", &passed);
	offer(env, &rules, "ip saddr=10.9.0.1 udp", &over_dropped);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "ip saddr=10.8.%d.%d udp", i / 250, i % 250);
		offer(env, &rules, text, &passed);
	}
	assert_int_equal(refused(env, &rules, XS_LIMIT_NO_ROOM).packets, 0);
	offer(env, &rules, "ip saddr=10.9.0.1 udp", &passed); /* it was forgotten */
	test_rules_close(&rules);
}

static void no_room_for_a_key_is_counted_and_decided_by_else(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	int keys = bpf_map__fd(env->skel->maps.limit_keys);
	struct test_rules rules;
	__u32 row = 1;

	rule_apply(env, &rules, "udp pass limit 1/day per ip saddr");
	assert_int_equal(bpf_map_delete_elem(keys, &row), 0);
	offer(env, &rules, "ip udp data=20", &over_dropped);
	assert_int_equal(refused(env, &rules, XS_LIMIT_OVER).packets, 0);
	assert_int_equal(refused(env, &rules, XS_LIMIT_NO_ROOM).packets, 1);
	assert_int_equal(refused(env, &rules, XS_LIMIT_NO_ROOM).bytes, 62);
	test_rules_close(&rules);
}

static void bytes_are_those_of_the_frame(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	/* 62 bytes each: four are 248, and 52 are left */
	rule_apply(env, &rules, "udp pass limit 100 bytes/day burst 300 bytes");
	for (int i = 0; i < 4; i++)
		offer(env, &rules, "ip udp data=20", &passed);
	offer(env, &rules, "ip udp data=20", &over_dropped);
	offer(env, &rules, "ip udp data=10", &passed); /* exactly what is left */
	offer(env, &rules, "ip udp data=1", &over_dropped);
	test_rules_close(&rules);
}

/* Else it could never pass. */
static void a_frame_longer_than_the_burst_passes_a_full_bucket(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct test_rules rules;

	rule_apply(env, &rules, "udp pass limit 100 bytes/day burst 50 bytes");
	offer(env, &rules, "ip udp data=20", &passed);
	offer(env, &rules, "ip udp", &over_dropped);
	test_rules_close(&rules);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Frames offered as fast as they go; what passed must fit the time that it took. */
static void check_rate(struct test_env *env, const char *text, double rate, double burst)
{
	static __u8 out[2048];
	static struct packet packet;
	struct test_rules rules;
	double start, took, within;
	__u64 cnt = 0;

	rule_apply(env, &rules, text);
	packet_text(&packet, "ip udp data=20");
	start = now_s();
	do {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet.data,
			    .data_size_in = packet.len, .data_out = out,
			    .data_size_out = sizeof(out), .repeat = 10000);

		assert_int_equal(bpf_prog_test_run_opts(env->prog_fd, &opts), 0);
		cnt += opts.repeat;
	} while (now_s() - start < 0.3);
	took = now_s() - start;
	within = (double)(cnt - refused(env, &rules, XS_LIMIT_OVER).packets);
	/* what a stall of this process takes away beyond the burst is not given later */
	if (within > burst + rate * took * 1.001 + 1)
		fail_msg("%s: %.0f of %llu passed in %.3f s", text, within, cnt, took);
	if (within < burst)
		fail_msg("%s: only %.0f of %llu passed", text, within, cnt);
	test_rules_close(&rules);
	test_stats_read(env, env->stats);
}

static void the_rate_comes_back(void **state)
{
	struct test_env *env = test_env_that_remembers(state);

	check_rate(env, "udp pass limit 1000/second burst 10", 1000, 10);
	check_rate(env, "udp pass limit 100000/second burst 1000", 100000, 1000);
	check_rate(env, "udp pass limit 6200000 bytes/second burst 62000 bytes", 100000, 1000);
	check_rate(env, "udp pass limit 1000/second burst 10 per ip saddr", 1000, 10);
}

/* ---- apply ---- */

static struct xs_pins own_pins(const struct test_env *env)
{
	struct xs_pins pins = { .ctx = test_ctx(), .slots = TEST_SLOTS };

	pins.meta.set_layout = XS_SET_LAYOUT;
	for (int i = 0; i < XS_MAP_MAX; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(env->skel->obj, xs_map_names[i]);

		pins.map_fds[i] = map ? bpf_map__fd(map) : -1;
	}
	return pins;
}

static void apply(struct xs_pins *pins, const char *text)
{
	const struct xs_rule_source source = { .name = "-", .text = text, .len = strlen(text) };
	struct xs_rule_errors errors = {};
	struct xs_ruleset rules;
	struct xs_apply result;

	assert_int_equal(xs_rules_parse(&rules, &source, &errors), 0);
	assert_int_equal(xs_rule_sets_apply(pins, &rules, 0, &result), 0);
	xs_ruleset_free(&rules);
}

static int xdp_of(const struct test_env *env, const char *text)
{
	static struct packet packet;
	static struct test_got got;
	struct test_frame frame = { text, packet.data, 0, 0, 0 };

	packet_text(&packet, text);
	frame.len = packet.len;
	assert_int_equal(test_run(env, &frame, &got), 0);
	return got.xdp;
}

static void assert_counted(const struct xs_pins *pins, __u32 rule, __u64 packets, __u64 over)
{
	struct xs_rules_in_force now;
	struct xs_rule_refused of;

	assert_int_equal(xs_rule_sets_read(pins, &now), 0);
	of = xs_rule_refused(&now, rule);
	assert_true(of.limited);
	assert_int_equal(now.stats[rule].packets, packets);
	assert_int_equal(of.over.packets, over);
	xs_rules_in_force_close(&now);
}

static void a_rule_that_goes_on_keeps_its_bucket(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct xs_pins pins = own_pins(env);

	apply(&pins, "udp pass limit 1/day burst 2\ntcp pass limit 1/day burst 1 per flow");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_PASS);
	assert_int_equal(xdp_of(env, "ip tcp"), XDP_PASS);
	apply(&pins, "icmp drop\ntcp pass limit 1/day burst 1 per flow\n"
		     "sctp pass limit 1/day\nudp pass limit 1/day burst 2");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_PASS);
	assert_int_equal(xdp_of(env, "ip udp"), XDP_DROP);
	assert_int_equal(xdp_of(env, "ip tcp"), XDP_DROP);
	assert_int_equal(xdp_of(env, "ip tcp sport=9"), XDP_PASS);
	assert_counted(&pins, 3, 3, 1);
	assert_counted(&pins, 1, 3, 1);
	/* the numbers of what was refused go on as well */
	apply(&pins, "udp pass limit 1/day burst 2");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_DROP);
	assert_counted(&pins, 0, 4, 2);
	xs_rule_sets_flush(&pins, &(struct xs_apply){});
	test_stats_read(env, env->stats);
}

static void another_limit_begins_with_a_full_bucket(void **state)
{
	struct test_env *env = test_env_that_remembers(state);
	struct xs_pins pins = own_pins(env);
	__u32 row = 1, id;

	apply(&pins, "name a: udp pass limit 1/day burst 1 per ip saddr");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_PASS);
	assert_int_equal(xdp_of(env, "ip udp"), XDP_DROP);
	assert_int_equal(bpf_map_lookup_elem(pins.map_fds[XS_MAP_limit_keys], &row, &id), 0);
	apply(&pins, "name a: udp pass limit 2/day burst 1");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_PASS);
	assert_int_equal(xdp_of(env, "ip udp"), XDP_DROP);
	assert_counted(&pins, 0, 4, 2); /* the name's */
	/* the keys of before are gone */
	assert_int_not_equal(bpf_map_lookup_elem(pins.map_fds[XS_MAP_limit_keys], &row, &id), 0);
	/* and the row of before is found full by whoever gets it next */
	apply(&pins, "tcp pass limit 2/day burst 1");
	apply(&pins, "udp pass limit 3/day burst 1");
	assert_int_equal(xdp_of(env, "ip udp"), XDP_PASS);
	xs_rule_sets_flush(&pins, &(struct xs_apply){});
	test_stats_read(env, env->stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_burst_passes_and_the_next_frame_does_not),
		cmocka_unit_test(else_says_what_happens_over_the_limit),
		cmocka_unit_test(the_rule_that_decides_is_the_same),
		cmocka_unit_test(each_key_has_a_bucket),
		cmocka_unit_test(a_flow_is_addresses_ports_and_protocol),
		cmocka_unit_test(the_oldest_key_makes_room),
		cmocka_unit_test(no_room_for_a_key_is_counted_and_decided_by_else),
		cmocka_unit_test(bytes_are_those_of_the_frame),
		cmocka_unit_test(a_frame_longer_than_the_burst_passes_a_full_bucket),
		cmocka_unit_test(the_rate_comes_back),
		cmocka_unit_test(a_rule_that_goes_on_keeps_its_bucket),
		cmocka_unit_test(another_limit_begins_with_a_full_bucket),
	};

	return cmocka_run_group_tests_name("limit", tests, test_open, test_close);
}
