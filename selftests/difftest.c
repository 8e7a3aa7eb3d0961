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

#include "lib/set/members.h"
#include "oracle.h"
#include "random_rules.h"
#include "test_rules.h"
#include "xsteer.skel.h"

static const __u32 bound_slots[] = { 1, 3, 10, TEST_SLOTS - 1, TEST_SLOTS + 1, 3 * TEST_SLOTS + 1 };
#define BOUND (sizeof(bound_slots) / sizeof(bound_slots[0]))

#define ELEMENTS_MAX 64 /* of one set: those that it begins with, and one a step */

/* A member of a dynamic set that comes or goes before a frame. */
struct change {
	bool there; /* else nothing changes */
	bool removes;
	__u32 set;
	struct xs_member_row row; /* ns 1: it is over at once */
};

/* What happens in the order of time: first the change, then the frame. */
struct step {
	struct change change;
	struct random_frame frame;
};

struct difftest {
	struct test_env *env;
	struct plain_xsk xsk; /* one socket is in all bound slots */
	__u32 cpus[2], devs[2];
	const char *ifnames[2];
	struct random_targets targets;
	struct oracle_world world;
	struct step *steps; /* of the set that is tried */
	__u32 step_cnt;
	/* What the rules remember at the step that is tried, as the oracle has it. */
	struct oracle_memory memory;
	struct xs_dynamic_set sets[XS_MEMBER_SETS_MAX];
	struct xs_set_element elements[XS_MEMBER_SETS_MAX][ELEMENTS_MAX];
	struct test_got got;
};

static struct difftest *open_targets(struct test_env *env)
{
	struct difftest *d = calloc(1, sizeof(*d));
	int map = bpf_map__fd(env->skel->maps.xsks_map);

	assert_non_null(d);
	d->env = env;
	oracle_without_ct_state = !env->tells_connections;
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
		.dynamic_sets = env->remembers,
		.limits = env->remembers,
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
	oracle_forget(&d->memory);
	free(d->steps);
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

/* ---- what the rules remember ---- */

static void begin_steps(struct difftest *d, const struct random_set *set)
{
	oracle_forget(&d->memory);
	for (__u32 i = 0; i < set->rules.set_cnt; i++) {
		d->sets[i] = set->rules.sets[i];
		memcpy(d->elements[i], d->sets[i].elements,
		       d->sets[i].element_cnt * sizeof(d->elements[i][0]));
		d->sets[i].elements = d->elements[i];
	}
}

static void forget_element(struct xs_dynamic_set *set, const struct xs_member_row *row)
{
	for (__u32 i = 0; i < set->element_cnt;)
		if (set->elements[i].addr == row->addr &&
		    set->elements[i].prefixlen == row->prefixlen)
			set->elements[i] = set->elements[--set->element_cnt];
		else
			i++;
}

/* In the map that frames are looked up in, and for the oracle. */
static void make_change(struct difftest *d, const struct test_rules *rules,
			const struct change *change)
{
	struct xs_dynamic_set *set = &d->sets[change->set];
	struct xs_members members = test_members(d->env, &rules->parsed, change->set);
	__u32 cnt;

	forget_element(set, &change->row);
	if (change->removes) {
		assert_int_equal(xs_members_remove(&members, &change->row, 1, &cnt), 0);
		return;
	}
	assert_int_equal(xs_members_add(&members, &change->row, 1, &cnt), 0);
	if (change->row.ns != 1)
		set->elements[set->element_cnt++] = (struct xs_set_element){ change->row.addr,
									     change->row.prefixlen,
									     change->row.ns };
}

/* One of the values that the set's frames have, in some network; or an element that is there. */
static void draw_change(const struct difftest *d, struct random_set *set, struct rng *rng,
			struct change *change)
{
	const struct xs_dynamic_set *changed;
	enum xs_field field;
	__u32 bits, host;

	*change = (struct change){ .there = set->rules.set_cnt && rng_chance(rng, 40) };
	if (!change->there)
		return;
	change->set = rng_below(rng, set->rules.set_cnt);
	changed = &d->sets[change->set];
	if (changed->element_cnt == ELEMENTS_MAX)
		change->there = false;
	field = changed->family == XS_FAMILY_ipv4 ? XS_FIELD_ip_saddr : XS_FIELD_ip6_saddr;
	bits = changed->family == XS_FAMILY_ipv4 ? 32 : 128;
	change->removes = changed->element_cnt && rng_chance(rng, 40);
	if (change->removes || (changed->element_cnt && rng_chance(rng, 30))) {
		const struct xs_set_element *element =
			&changed->elements[rng_below(rng, changed->element_cnt)];

		change->row = (struct xs_member_row){ element->addr, element->prefixlen, 0 };
	} else {
		change->row.prefixlen = rng_chance(rng, 60) ? bits : 1 + rng_below(rng, bits);
		host = bits - change->row.prefixlen;
		change->row.addr = random_draw(set, rng, field) >> host << host;
	}
	change->row.ns = rng_chance(rng, 30) ? 1 : rng_chance(rng, 50) ? 3600000000000ULL : 0;
}

/* The change, and then the frame. `want` is the oracle's answer. */
static bool take_step(struct difftest *d, const struct random_set *set, struct test_rules *rules,
		      const struct step *step, struct oracle_result *want, struct difference *diff)
{
	struct xs_ruleset ruleset = set->rules;

	ruleset.sets = d->sets;
	if (step->change.there)
		make_change(d, rules, &step->change);
	*want = oracle_run_next(&ruleset, &d->world, &d->memory, step->frame.packet.data,
				step->frame.packet.len, step->frame.queue);
	return same(d, rules, &step->frame, want, diff);
}

/* All steps up to the first difference; false: there is one. */
static bool take_steps(struct difftest *d, const struct random_set *set, struct test_rules *rules,
		       struct oracle_result *want, struct difference *diff)
{
	bool ok = true;

	begin_steps(d, set);
	for (__u32 i = 0; ok && i < d->step_cnt; i++)
		ok = take_step(d, set, rules, &d->steps[i], want, diff);
	return ok;
}

/* Whether these rules show a difference in these steps. */
static bool shows(struct difftest *d, const struct random_set *set)
{
	struct difference diff = { "" };
	struct test_rules rules;
	struct oracle_result want;
	char *text = random_set_text(set);
	bool shown = false;

	if (!test_rules_open(d->env, &rules, text))
		shown = !take_steps(d, set, &rules, &want, &diff) ||
			test_rules_diff(d->env, &rules) > 0;
	test_rules_close(&rules);
	free(text);
	return shown;
}

/* Forgets the steps that the difference does not need: all before the last, or single ones. */
static void drop_steps(struct difftest *d, const struct random_set *set)
{
	struct step *all = d->steps;
	__u32 cnt = d->step_cnt;

	d->steps = &all[cnt - 1];
	d->step_cnt = 1;
	if (shows(d, set)) {
		all[0] = all[cnt - 1];
		d->steps = all;
		return;
	}
	d->steps = all;
	d->step_cnt = cnt;
	for (__u32 i = 0; i + 1 < d->step_cnt;) {
		struct step step = d->steps[i];
		size_t behind = (d->step_cnt - i - 1) * sizeof(step);

		memmove(&d->steps[i], &d->steps[i + 1], behind);
		d->step_cnt--;
		if (shows(d, set))
			continue;
		memmove(&d->steps[i + 1], &d->steps[i], behind);
		d->steps[i] = step;
		d->step_cnt++;
		i++;
	}
}

/* Removes rules, first halves and then single ones, as long as the difference stays. */
static void minimise(struct difftest *d, struct random_set *set)
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
			if (shows(d, set)) {
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

static void print_step(const struct step *step)
{
	const struct change *change = &step->change;

	if (change->there)
		fprintf(stderr, "# ---- set s%u: %s %016llx%016llx/%u%s\n", change->set,
			change->removes ? "del" : "add",
			(unsigned long long)(change->row.addr >> 64),
			(unsigned long long)change->row.addr, change->row.prefixlen,
			change->row.ns == 1 ? ", over at once" : "");
	fprintf(stderr, "# ---- queue %u, first buffer %u\n", step->frame.queue,
		step->frame.linear);
	test_hexdump("frame", step->frame.packet.data, step->frame.packet.len);
}

/* Prints what the smallest set does with the last frame, and what the oracle says. */
static void report(struct difftest *d, const struct random_set *set, __u64 seed)
{
	struct difference diff = { "" };
	struct oracle_result want = { .rule = -1 };
	struct test_rules rules;
	char *text = random_set_text(set);

	fprintf(stderr, "# ---- difference; again with: difftest --seed %llu --sets 1\n", seed);
	fprintf(stderr, "%s", text);
	for (__u32 i = 0; i < d->step_cnt; i++)
		print_step(&d->steps[i]);
	if (!test_rules_open(d->env, &rules, text)) {
		take_steps(d, set, &rules, &want, &diff);
		test_rules_diff(d->env, &rules);
	}
	fprintf(stderr,
		"# should be: rule %d (counted from 0), %s -> %s, %s, reason %s, fallback %s\n",
		want.rule, xs_verdict_names[want.verdict], xs_verdict_names[want.done],
		test_xdp_name(want.xdp), xs_reason_names[want.reason],
		xs_reason_names[want.fallback]);
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
	totals->over_limit += want->fallback == XS_REASON_over_limit;
}

static bool run_frames(struct difftest *d, struct random_set *set, struct test_rules *rules,
		       struct rng *rng, __u32 frames, struct difftest_totals *totals)
{
	struct difference diff = { "" };
	struct oracle_result want;
	bool ok = true;

	free(d->steps);
	d->steps = calloc(frames, sizeof(*d->steps));
	assert_non_null(d->steps);
	begin_steps(d, set);
	for (d->step_cnt = 0; ok && d->step_cnt < frames;) {
		struct step *step = &d->steps[d->step_cnt++];

		draw_change(d, set, rng, &step->change);
		random_frame_make(&step->frame, rng, set);
		ok = take_step(d, set, rules, step, &want, &diff);
		tally(totals, &want);
	}
	return ok;
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
	d->env->pack = seed & 1; /* so few rules would have no packed addresses */
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
		drop_steps(d, &set);
		minimise(d, &set);
		report(d, &set, seed);
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
	d->targets.addresses = options->addresses;
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
