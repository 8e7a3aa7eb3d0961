// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The differential test; see difftest.h. */
#include "difftest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "oracle.h"
#include "random_rules.h"
#include "test_rules.h"
#include "xsteer.skel.h"

static const __u32 bound_slots[] = { 1, 3, 10, TEST_SLOTS - 1, TEST_SLOTS + 1, 3 * TEST_SLOTS + 1 };
#define BOUND (sizeof(bound_slots) / sizeof(bound_slots[0]))

struct difftest {
	struct test_env *env;
	struct plain_xsk xsk; /* one socket is in all bound slots */
	__u32 cpus[2], devs[2];
	const char *ifnames[2];
	struct random_targets targets;
	struct oracle_world world;
	struct random_frame frame;
	struct test_got got;
};

static struct difftest *open_targets(struct test_env *env)
{
	struct difftest *d = calloc(1, sizeof(*d));
	int map = bpf_map__fd(env->skel->maps.xsks_map);

	assert_non_null(d);
	d->env = env;
	assert_int_equal(plain_xsk_open(&d->xsk, env->ifindex, 1), 0);
	for (size_t i = 0; i < BOUND; i++)
		assert_int_equal(bpf_map_update_elem(map, &bound_slots[i], &d->xsk.fd, BPF_ANY), 0);
	d->devs[0] = env->ifindex;
	d->devs[1] = env->peer_ifindex;
	d->ifnames[0] = TEST_IF;
	d->ifnames[1] = TEST_PEER;
	d->cpus[1] = env->cpu_cnt - 1;
	d->targets = (struct random_targets){
		.slot_max = TEST_SLOTS - 1,
		.chain_slots = TEST_SLOTS,
		.cpus = d->cpus,
		.cpu_cnt = 2,
		.ifnames = d->ifnames,
		.ifindexes = d->devs,
		.dev_cnt = 2,
		.queue_cnt = env->has_ctx ? TEST_QUEUES : 1,
	};
	d->world = (struct oracle_world){ .slots = bound_slots,
					  .slot_cnt = BOUND,
					  .slot_queue = 1,
					  .cpus = d->cpus,
					  .cpu_cnt = 2,
					  .devs = d->devs,
					  .dev_cnt = 2 };
	return d;
}

static void close_targets(struct difftest *d)
{
	plain_xsk_close(&d->xsk);
	free(d);
}

/* What differs, as text; empty: nothing does. */
struct difference {
	char text[512];
};

static void __attribute__((format(printf, 2, 3)))
note(struct difference *diff, const char *fmt, ...)
{
	size_t len = strlen(diff->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(diff->text + len, sizeof(diff->text) - len, fmt, args);
	va_end(args);
}

/* Runs the program on one frame with the rules in force; `want` is the oracle's answer. */
static bool same(struct difftest *d, struct test_rules *rules, const struct random_frame *frame,
		 const struct oracle_result *want, struct difference *diff)
{
	struct test_frame run = { "random", frame->packet.data, frame->packet.len, frame->queue,
				  d->env->has_linear ? frame->linear : 0 };
	struct test_want counts = test_want_of(want);
	struct xs_queue_stats row;
	int err = test_run(d->env, &run, &d->got);

	if (err) {
		note(diff, "test_run: %s\n", strerror(-err));
		return false;
	}
	if (d->got.xdp != want->xdp)
		note(diff, "returned %s\n", test_xdp_name(d->got.xdp));
	if (d->got.len != run.len || memcmp(d->got.data, run.data, run.len))
		note(diff, "the frame was changed\n");
	test_count(&d->env->stats[run.queue], run.len, &counts);
	test_stats_read_row(d->env, run.queue, &row);
	if (memcmp(&row, &d->env->stats[run.queue], sizeof(row)) &&
	    test_stats_diff(&d->env->stats[run.queue], &row, run.queue))
		note(diff, "counters of the queue\n");
	d->env->stats[run.queue] = row;
	test_rules_count(rules, want->rule, run.len);
	if (test_rules_diff_one(d->env, rules, want->rule))
		note(diff, "counters of the rule\n");
	return !diff->text[0];
}

/* Whether these rules show a difference for this one frame. */
static bool shows(struct difftest *d, const struct random_set *set,
		  const struct random_frame *frame)
{
	struct difference diff = { "" };
	struct test_rules rules;
	struct oracle_result want;
	char *text = random_set_text(set);
	bool shown = false;

	if (!test_rules_open(d->env, &rules, text)) {
		want = oracle_run(&set->rules, &d->world, frame->packet.data, frame->packet.len,
				  frame->queue);
		shown = !same(d, &rules, frame, &want, &diff) ||
			test_rules_diff(d->env, &rules) > 0;
	}
	test_rules_close(&rules);
	free(text);
	return shown;
}

/* Removes rules, first halves and then single ones, as long as the difference stays. */
static void minimise(struct difftest *d, struct random_set *set, const struct random_frame *frame)
{
	struct xs_ruleset *rules = &set->rules;

	for (__u32 size = (rules->rule_cnt + 1) / 2; size; size /= 2) {
		for (__u32 at = 0; at < rules->rule_cnt;) {
			__u32 cnt = at + size < rules->rule_cnt ? size : rules->rule_cnt - at;
			struct xs_rule *all = rules->rules;
			__u32 all_cnt = rules->rule_cnt;
			struct xs_rule *fewer = calloc(all_cnt, sizeof(*fewer));

			assert_non_null(fewer);
			memcpy(fewer, all, at * sizeof(*all));
			memcpy(fewer + at, all + at + cnt, (all_cnt - at - cnt) * sizeof(*all));
			rules->rules = fewer;
			rules->rule_cnt = all_cnt - cnt;
			if (shows(d, set, frame)) {
				for (__u32 i = at; i < at + cnt; i++)
					random_rule_free(&all[i]);
				free(all);
				continue;
			}
			rules->rules = all;
			rules->rule_cnt = all_cnt;
			free(fewer);
			at += cnt;
		}
		if (size == 1)
			break;
	}
}

/* Prints what the smallest set does with the frame, and what the oracle says. */
static void report(struct difftest *d, const struct random_set *set,
		   const struct random_frame *frame, __u64 seed)
{
	struct difference diff = { "" };
	struct oracle_result want;
	struct test_rules rules;
	char *text = random_set_text(set);

	fprintf(stderr, "# ---- difference; again with: difftest --seed %llu --sets 1\n", seed);
	fprintf(stderr, "%s# ---- queue %u, first buffer %u\n", text, frame->queue, frame->linear);
	test_hexdump("frame", frame->packet.data, frame->packet.len);
	want = oracle_run(&set->rules, &d->world, frame->packet.data, frame->packet.len,
			  frame->queue);
	fprintf(stderr,
		"# should be: rule %d (counted from 0), %s -> %s, %s, reason %s, fallback %s\n",
		want.rule, xs_verdict_names[want.verdict], xs_verdict_names[want.done],
		test_xdp_name(want.xdp), xs_reason_names[want.reason],
		xs_reason_names[want.fallback]);
	if (!test_rules_open(d->env, &rules, text)) {
		same(d, &rules, frame, &want, &diff);
		test_rules_diff(d->env, &rules);
	}
	fprintf(stderr, "# is not: %s", diff.text);
	test_rules_close(&rules);
	free(text);
}

static void tally(struct difftest_totals *totals, const struct oracle_result *want)
{
	totals->frames++;
	totals->decided += want->rule >= 0;
	totals->malformed += want->rule < 0 && want->reason != XS_REASON_default;
	totals->fell_back += want->fallback != XS_REASON_none;
}

static bool run_frames(struct difftest *d, struct random_set *set, struct test_rules *rules,
		       struct rng *rng, __u32 frames, struct difftest_totals *totals)
{
	struct difference diff = { "" };

	for (__u32 i = 0; i < frames; i++) {
		struct oracle_result want;

		random_frame_make(&d->frame, rng, set);
		want = oracle_run(&set->rules, &d->world, d->frame.packet.data, d->frame.packet.len,
				  d->frame.queue);
		tally(totals, &want);
		if (!same(d, rules, &d->frame, &want, &diff))
			return false;
	}
	return true;
}

/* Tries the rule set of this seed with its frames. False at the first difference. */
static bool run_set(struct difftest *d, const struct difftest_options *options, __u64 seed,
		    struct difftest_totals *totals)
{
	struct rng rng = { seed };
	struct random_set set;
	struct test_rules rules;
	bool ok = true;
	char *text;
	int err;

	random_set_make(&set, &rng, &d->targets, options->rules);
	text = random_set_text(&set);
	totals->sets++;
	totals->rules += set.rules.rule_cnt;
	err = test_rules_open(d->env, &rules, text);
	if (err == -E2BIG) {
		totals->refused++;
		if (options->verbose)
			fprintf(stderr, "# seed %llu, %u rules: refused: %s\n", seed,
				set.rules.rule_cnt, rules.report.error);
	} else if (err) {
		fprintf(stderr, "# seed %llu: cannot apply: %s %s\n%s", seed, strerror(-err),
			rules.report.error, text);
		ok = false;
	} else if (!run_frames(d, &set, &rules, &rng, options->frames, totals)) {
		test_rules_close(&rules);
		minimise(d, &set, &d->frame);
		report(d, &set, &d->frame, seed);
		ok = false;
	} else if (test_rules_diff(d->env, &rules)) {
		fprintf(stderr, "# seed %llu: a rule counted that decided nothing\n%s", seed, text);
		ok = false;
	}
	test_rules_close(&rules);
	random_set_free(&set);
	free(text);
	return ok;
}

/* Tries every `workers`-th set from `first` on, in its own namespace, with its own program. */
static void work(const struct difftest_options *options, __u32 first,
		 struct difftest_totals *totals)
{
	time_t end = time(NULL) + options->seconds;
	struct difftest *d;
	void *state;

	if (test_open(&state))
		_exit(1);
	d = open_targets(state);
	for (__u64 i = first; i < options->sets; i += options->workers) {
		if (options->seconds && time(NULL) >= end)
			break;
		if (run_set(d, options, options->seed + i, totals))
			continue;
		totals->differ++;
		break;
	}
	close_targets(d);
	test_close(&state);
	_exit(0);
}

static void add_totals(struct difftest_totals *sum, const struct difftest_totals *part)
{
	const __u64 *from = (const __u64 *)part;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(__u64); i++)
		to[i] += from[i];
}

__u64 difftest_run(const struct difftest_options *options, struct difftest_totals *totals)
{
	size_t bytes = options->workers * sizeof(*totals);
	struct difftest_totals *parts =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(parts != MAP_FAILED);
	memset(totals, 0, sizeof(*totals));
	fflush(NULL);
	for (__u32 i = 0; i < options->workers; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			work(options, i, &parts[i]);
	}
	for (__u32 i = 0; i < options->workers; i++) {
		int status;

		/* a worker that did not finish has shown nothing */
		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
			totals->differ++;
	}
	for (__u32 i = 0; i < options->workers; i++)
		add_totals(totals, &parts[i]);
	munmap(parts, bytes);
	return totals->differ;
}
