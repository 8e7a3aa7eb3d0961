// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A rule file put before the program of a test; see test_rules.h. */
#include "test.h"
#include "test_rules.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/set/limits.h"
#include "lib/set/members.h"
#include "lib/set/read.h"
#include "rule_errors.h"
#include "xsteer.skel.h"

#define CPU_QUEUE 64
#define STATS_ROWS 4096
#define MEMBERS 4096 /* room of the test's maps, whatever size a set declares */

static int open_cpu(int cpus, __u32 cpu)
{
	__u32 frames = CPU_QUEUE, there;

	/* only once, since each time a thread is started and ended */
	if (!bpf_map_lookup_elem(cpus, &cpu, &there))
		return 0;
	return bpf_map_update_elem(cpus, &cpu, &frames, BPF_ANY) ? -errno : 0;
}

/* Chains of tests are called cN, and N is their row. */
static int open_target(const struct test_env *env, const struct xs_spread *spreads,
		       struct xs_action *action, const char *name)
{
	int cpus = bpf_map__fd(env->skel->maps.cpu_map),
	    devs = bpf_map__fd(env->skel->maps.dev_map), err = 0;

	if (action->verdict == XS_VERDICT_cpu && action->own_slot == XS_SLOT_SPREAD) {
		const struct xs_spread *spread = &spreads[action->target];

		for (__u32 i = 0; !err && i < spread->cnt; i++)
			err = open_cpu(cpus, spread->member[i]);
		return err;
	}
	if (action->verdict == XS_VERDICT_cpu)
		return open_cpu(cpus, action->target);
	if (action->verdict == XS_VERDICT_chain)
		action->target = XS_CHAIN_BASE((__u32)atoi(name + 1), TEST_SLOTS);
	if (action->verdict != XS_VERDICT_dev)
		return 0;
	action->target = if_nametoindex(name);
	if (!action->target)
		return -ENODEV;
	return bpf_map_update_elem(devs, &action->target, &action->target, BPF_ANY) ? -errno : 0;
}

static int open_targets(const struct test_env *env, struct xs_ruleset *rules)
{
	int err = open_target(env, NULL, &rules->default_action, rules->default_target_name);

	for (__u32 i = 0; i < rules->rule_cnt && !err; i++)
		err = open_target(env, rules->spreads, &rules->rules[i].action,
				  rules->rules[i].target_name);
	return err;
}

static int put_in_slot(const struct bpf_map *outer, __u32 slot, int fd)
{
	return bpf_map_update_elem(bpf_map__fd(outer), &slot, &fd, BPF_ANY) ? -errno : 0;
}

/* All sets of a test share one map of counters, since an update of rule_stats waits for RCU. */
static int make_stats(struct test_env *env, __u32 rows)
{
	struct xs_rule_stats none = { 0 };
	int err;

	if (env->rule_counters.bytes < rows * sizeof(none)) {
		xs_rule_counters_close(&env->rule_counters);
		err = xs_rule_counters_create(test_ctx(), &env->rule_counters, rows + STATS_ROWS);
		/* stats_slot of the compiled header is 0 */
		return err ? err
			   : put_in_slot(env->skel->maps.rule_stats, 0, env->rule_counters.fd);
	}
	for (__u32 i = 0; i < rows; i++)
		if (bpf_map_update_elem(env->rule_counters.fd, &i, &none, BPF_ANY))
			return -errno;
	return 0;
}

static int make_set(const struct test_env *env, struct test_rules *rules,
		    const struct xs_rule_blob *blob)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = env->rule_set_flags);
	size_t bytes = (size_t)blob->chunk_cnt * XS_CHUNK_BYTES;
	void *map;

	rules->set_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_set", sizeof(__u32),
				       XS_CHUNK_BYTES, blob->chunk_cnt, &opts);
	if (rules->set_fd < 0)
		return -errno;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, rules->set_fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	memcpy(map, blob->bytes, blob->size);
	munmap(map, bytes);
	return 0;
}

/* Rows from 1 on, with full buckets. */
static int make_limits(const struct test_env *env, struct test_rules *rules,
		       const struct xs_rule_blob *blob)
{
	struct xs_set_limit *limits = xs_set_limits(blob->bytes);
	int fds[XS_MAP_MAX], err = 0;

	fds[XS_MAP_limits] = bpf_map__fd(env->skel->maps.limits);
	fds[XS_MAP_limit_leases] = bpf_map__fd(env->skel->maps.limit_leases);
	fds[XS_MAP_limit_keys] = bpf_map__fd(env->skel->maps.limit_keys);
	rules->limit_cnt = limits ? ((const struct xs_set_header *)blob->bytes)->limit_cnt : 0;
	for (__u32 i = 1; !err && i <= rules->limit_cnt; i++) {
		limits[i].row = i;
		err = xs_limit_row_make(fds, &limits[i]);
	}
	return err;
}

struct xs_members test_members(const struct test_env *env, const struct xs_ruleset *rules, __u32 i)
{
	struct xs_members members = { .ctx = test_ctx(), .fd = env->member_fds[i] };

	members.set.family = rules->sets[i].family;
	members.set.size = MEMBERS;
	snprintf(members.set.name, sizeof(members.set.name), "%s", rules->sets[i].name);
	return members;
}

/* The elements, and nothing else, into the map in slot i, which is made once for all tests. */
static int fill_set(struct test_env *env, const struct xs_ruleset *rules, __u32 i)
{
	const struct xs_dynamic_set *set = &rules->sets[i];
	struct xs_member_rows old = { 0 };
	struct xs_members members;
	__u32 cnt;
	int err;

	if (!env->member_fds[i])
		env->member_fds[i] =
			xs_members_make(bpf_map__fd(env->skel->maps.member_sets), i, MEMBERS);
	if (env->member_fds[i] < 0)
		return env->member_fds[i];
	members = test_members(env, rules, i);
	members.set.family = XS_FAMILY_ipv6; /* all of the key, whatever family was there before */
	err = xs_members_read(&members, &old);
	if (!err)
		err = xs_members_remove(&members, old.rows, old.cnt, &cnt);
	free(old.rows);
	members.set.family = set->family;
	for (__u32 k = 0; !err && k < set->element_cnt; k++) {
		const struct xs_member_row row = { set->elements[k].addr,
						   set->elements[k].prefixlen,
						   set->elements[k].timeout_ns };

		err = xs_members_add(&members, &row, 1, &cnt);
	}
	return err;
}

/* Rows of one CPU's counters. */
static __u32 row_cnt(const struct test_rules *rules)
{
	return rules->parsed.rule_cnt + rules->limit_cnt * XS_LIMIT_COUNTERS;
}

int test_rules_open(struct test_env *env, struct test_rules *rules, const char *text)
{
	const struct xs_rule_target target = {
		.layout = env->remembers ? XS_SET_LAYOUT : XS_SET_LAYOUT_BEFORE_LIMITS,
		.small_too = env->pack,
	};
	struct xs_rule_blob blob = { 0 };
	int err;

	memset(rules, 0, sizeof(*rules));
	rules->set_fd = -1;
	err = test_parse_rules(&rules->parsed, text);
	if (!err)
		err = open_targets(env, &rules->parsed);
	if (!err)
		err = xs_rule_compile_for(&rules->parsed, &target, &blob, &rules->report);
	if (err)
		return err;
	rules->stats = calloc(rules->parsed.rule_cnt + 1, sizeof(*rules->stats));
	err = rules->stats ? make_limits(env, rules, &blob) : -ENOMEM;
	if (!err)
		err = make_set(env, rules, &blob);
	xs_rule_blob_free(&blob);
	if (!err)
		err = make_stats(env, row_cnt(rules) * env->cpu_cnt + 1);
	for (__u32 i = 0; !err && i < rules->parsed.set_cnt; i++)
		err = fill_set(env, &rules->parsed, i);
	if (!err)
		err = put_in_slot(env->skel->maps.rule_sets, XS_SET_IN_FORCE, rules->set_fd);
	return err;
}

void test_rules_close(struct test_rules *rules)
{
	if (rules->set_fd >= 0)
		close(rules->set_fd);
	free(rules->stats);
	xs_ruleset_free(&rules->parsed);
	memset(rules, 0, sizeof(*rules));
	rules->set_fd = -1;
}

void test_rules_clear(const struct test_env *env)
{
	__u32 slot = XS_SET_IN_FORCE;

	bpf_map_delete_elem(bpf_map__fd(env->skel->maps.rule_sets), &slot);
}

void test_rules_count(struct test_rules *rules, int rule, __u32 len)
{
	if (rule < 0)
		return;
	rules->stats[rule].packets++;
	rules->stats[rule].bytes += len;
}

int test_rules_diff_one(const struct test_env *env, const struct test_rules *rules, int rule)
{
	struct xs_rule_stats sum = { 0 }, row;

	if (rule < 0)
		return 0;
	for (__u32 cpu = 0; cpu < env->cpu_cnt; cpu++) {
		__u32 at = cpu * row_cnt(rules) + rule;

		assert_int_equal(bpf_map_lookup_elem(env->rule_counters.fd, &at, &row), 0);
		sum.packets += row.packets;
		sum.bytes += row.bytes;
	}
	if (!memcmp(&sum, &rules->stats[rule], sizeof(sum)))
		return 0;
	fprintf(stderr, "# line %u: %llu packets, %llu bytes, should be %llu, %llu\n",
		rules->parsed.rules[rule].line, sum.packets, sum.bytes, rules->stats[rule].packets,
		rules->stats[rule].bytes);
	return 1;
}

int test_rules_diff(const struct test_env *env, const struct test_rules *rules)
{
	int diffs = 0;

	for (__u32 rule = 0; rule < rules->parsed.rule_cnt; rule++)
		diffs += test_rules_diff_one(env, rules, rule);
	return diffs;
}

struct test_want test_want_of(const struct oracle_result *oracle)
{
	return (struct test_want){
		.xdp = oracle->xdp,
		.done = oracle->done,
		.reason = oracle->reason,
		.fallback = oracle->fallback,
	};
}
