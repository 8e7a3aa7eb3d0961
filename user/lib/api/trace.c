// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Frames as they are decided, with the rule's line and text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/instance/place.h"
#include "lib/instance/trace.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/parsed.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "open.h"
#include "sized.h"

#define RATE_DEFAULT 1000
#define RATE_MAX 1000000

struct xsteer_trace {
	struct xsteer_ctx *ctx;
	struct xs_pins pins;
	struct xs_trace *trace;
	/* The set that was read last, and the one before, whose frames may still come. */
	struct xs_rules_in_force sets[2];
	__u64 generations[2];
	struct xs_trace_samples samples[2]; /* of the rules of each */
	bool by_rule;
	__u64 generation; /* of the rules that were chosen */
	__s64 to_realtime_ns; /* from the clock of the program */
	__u64 read;
	/* of the call that reads */
	xsteer_traced_fn each;
	void *arg;
};

/* ---- rules of an event ---- */

static int read_set(struct xsteer_trace *trace, struct xs_rules_in_force *set, __u64 *generation)
{
	int err = xs_rule_sets_read(&trace->pins, set);

	*generation = !err && set->header ? set->header->generation : 0;
	return err;
}

/* Nearly every set is without one, and then need not be parsed. */
static bool may_sample(const struct xs_rules_in_force *set)
{
	for (__u32 i = 0; set->header && i < set->header->rule_cnt; i++)
		if (strstr(xs_set_string(set->header, set->rules[i].text), " sample "))
			return true;
	return false;
}

/* -E2BIG: too many rules. On an error there are none. */
static int find_samples(const struct xs_rules_in_force *set, struct xs_trace_samples *samples)
{
	struct xs_ruleset rules = {};
	int err;

	*samples = (struct xs_trace_samples){ 0 };
	if (!may_sample(set))
		return 0;
	err = xs_set_parse(set->header, &rules);
	if (err)
		return err;
	samples->generation = set->header->generation;
	samples->rows = calloc(rules.rule_cnt + 1, sizeof(*samples->rows));
	if (!samples->rows)
		err = -ENOMEM;
	for (__u32 i = 0; !err && i < rules.rule_cnt; i++) {
		if (!rules.rules[i].sample)
			continue;
		if (samples->cnt == XS_TRACE_SAMPLES_MAX)
			err = -E2BIG;
		else
			samples->rows[samples->cnt++] =
				(struct xs_trace_sampled){ i, rules.rules[i].sample };
	}
	xs_ruleset_free(&rules);
	if (err)
		free(samples->rows);
	if (err)
		*samples = (struct xs_trace_samples){ 0 };
	return err;
}

static void use_samples(struct xsteer_trace *trace, const struct xs_rules_in_force *fresh)
{
	struct xs_trace_samples samples;
	int err = find_samples(fresh, &samples);

	if (!err)
		err = xs_trace_change_samples(trace->trace, &samples, &trace->samples[1]);
	if (err)
		xs_warn(trace->ctx, "%s: the samples of its new rules are not in force: %s",
			trace->pins.ifname, strerror(-err));
	free(trace->samples[1].rows);
	trace->samples[1] = trace->samples[0];
	trace->samples[0] = samples;
}

static const struct xs_rules_in_force *set_of(struct xsteer_trace *trace, __u64 generation)
{
	struct xs_rules_in_force fresh = {};
	__u64 now;

	for (int i = 0; i < 2; i++)
		if (trace->sets[i].header && trace->generations[i] == generation)
			return &trace->sets[i];
	if (!generation || generation < trace->generations[0] || read_set(trace, &fresh, &now) ||
	    now == trace->generations[0]) {
		xs_rules_in_force_close(&fresh);
		return NULL;
	}
	use_samples(trace, &fresh);
	xs_rules_in_force_close(&trace->sets[1]);
	trace->sets[1] = trace->sets[0];
	trace->generations[1] = trace->generations[0];
	trace->sets[0] = fresh;
	trace->generations[0] = now;
	return now == generation ? &trace->sets[0] : NULL;
}

static void name_rule(struct xsteer_trace *trace, struct xsteer_traced *frame)
{
	const struct xs_rules_in_force *set = set_of(trace, frame->generation);
	const struct xs_set_rule *rule;

	if (!set || frame->rule == XSTEER_NO_RULE || frame->rule >= set->header->rule_cnt)
		return;
	rule = &set->rules[frame->rule];
	frame->line = rule->line;
	frame->flags = rule->file ? XSTEER_EXPLAINED_INCLUDED : 0;
	frame->file = xs_set_file(set->header, rule->file);
	frame->text = xs_set_string(set->header, rule->text);
}

static int give_event(void *arg, const struct xs_trace_event *event, const unsigned char *bytes)
{
	struct xsteer_trace *trace = arg;
	struct xsteer_traced frame = {
		.sz = sizeof(frame),
		.time_ns = event->time_ns + trace->to_realtime_ns,
		.generation = event->generation,
		.bytes = bytes,
		.captured = event->captured,
		.length = event->length,
		.queue = event->queue,
		.rule = event->rule,
		.verdict = event->verdict,
		.done = event->done,
		.reason = event->reason,
		.xdp = event->xdp,
	};

	name_rule(trace, &frame);
	trace->read++;
	return trace->each(trace->arg, &frame);
}

/* ---- opening ---- */

static int refuse_rules(struct xsteer_ctx *ctx, const char *ifname)
{
	xs_err(ctx, "%s: the rules have changed, so their numbers mean others now: trace again",
	       ifname);
	return -ESTALE;
}

static int check_rules(struct xsteer_trace *trace, const struct xsteer_trace_opts *opts)
{
	__u32 cnt = trace->sets[0].header ? trace->sets[0].header->rule_cnt : 0;

	if (!opts->rules)
		return 0;
	if (opts->generation != trace->generations[0])
		return refuse_rules(trace->ctx, trace->pins.ifname);
	for (__u32 i = 0; i < opts->rule_count; i++)
		if (opts->rules[i] >= cnt) {
			xs_err(trace->ctx, "%s: there is no rule number %u: %u are in force",
			       trace->pins.ifname, opts->rules[i], cnt);
			return -ERANGE;
		}
	return 0;
}

static int check_opts(struct xsteer_ctx *ctx, const struct xsteer_trace_opts *opts)
{
	if (opts->snap <= XS_TRACE_SNAP_MAX && opts->rate <= RATE_MAX && !opts->reserved &&
	    !opts->rules == !opts->rule_count)
		return 0;
	xs_err(ctx,
	       "xsteer_trace_opts: snap is at most %u, rate at most %u; "
	       "rules are as many as rule_count says",
	       XS_TRACE_SNAP_MAX, RATE_MAX);
	return -EINVAL;
}

static int set_clock(struct xsteer_trace *trace)
{
	struct timespec real;
	__u64 kernel_ns;
	int err = xs_kernel_ns(&kernel_ns);

	if (err) {
		xs_err(trace->ctx, "cannot find out the kernel's clock, for the time of frames");
		return err;
	}
	clock_gettime(CLOCK_REALTIME, &real);
	trace->to_realtime_ns = (__s64)real.tv_sec * 1000000000 + real.tv_nsec - (__s64)kernel_ns;
	return 0;
}

static int read_samples(struct xsteer_trace *trace)
{
	int err = find_samples(&trace->sets[0], &trace->samples[0]);

	if (err == -E2BIG)
		xs_err(trace->ctx,
		       "%s: more than %u rules have a sample, which is all that a trace "
		       "can follow",
		       trace->pins.ifname, XS_TRACE_SAMPLES_MAX);
	else if (err)
		xs_err(trace->ctx, "%s: cannot read which of its rules have a sample: %s",
		       trace->pins.ifname, strerror(-err));
	return err;
}

static int start(struct xsteer_trace *trace, const char *ifname,
		 const struct xsteer_trace_opts *opts)
{
	struct xs_trace_opts own = {
		.verdicts = opts->verdicts ? opts->verdicts : ~0U,
		.reasons = opts->reasons ? opts->reasons : ~0U,
		.rules = opts->rules,
		.rule_cnt = opts->rule_count,
		.generation = opts->generation,
		.snap = opts->snap ? opts->snap : XS_TRACE_SNAP_MAX,
		.rate = opts->rate ? opts->rate : RATE_DEFAULT,
	};
	int err = xs_api_open(trace->ctx, &trace->pins, ifname);

	if (!err)
		err = read_set(trace, &trace->sets[0], &trace->generations[0]);
	if (!err)
		err = check_rules(trace, opts);
	if (!err)
		err = set_clock(trace);
	if (!err)
		err = read_samples(trace);
	trace->by_rule = opts->rules != NULL;
	trace->generation = opts->generation;
	if (err)
		return err;
	own.samples = trace->samples[0];
	err = xs_trace_open(trace->ctx, ifname, &own, &trace->trace);
	return err == -ENOENT ? xs_interface_has_none(trace->ctx, ifname) : err;
}

int xsteer_trace_open(struct xsteer_ctx *ctx, const char *ifname,
		      const struct xsteer_trace_opts *opts, struct xsteer_trace **out)
{
	struct xsteer_trace_opts own = { .sz = sizeof(own) };
	struct xsteer_trace *trace;
	int err;

	err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_trace_opts");
	if (!err)
		err = check_opts(ctx, &own);
	if (err)
		return err;
	trace = calloc(1, sizeof(*trace));
	if (!trace) {
		xs_err(ctx, "not enough memory to trace");
		return -ENOMEM;
	}
	trace->ctx = ctx;
	err = start(trace, ifname, &own);
	if (err)
		xsteer_trace_close(trace);
	else
		*out = trace;
	return err;
}

/* ---- reading and ending ---- */

static int say_replaced(const struct xsteer_trace *trace)
{
	xs_err(trace->ctx,
	       "%s: another program took the tracing one's place, by an upgrade or a detach: "
	       "the trace ends",
	       trace->pins.ifname);
	return -ESTALE;
}

int xsteer_trace_read(struct xsteer_trace *trace, int timeout_ms, xsteer_traced_fn each, void *arg)
{
	__u32 read;
	int err;

	trace->each = each;
	trace->arg = arg;
	err = xs_trace_read(trace->trace, timeout_ms, give_event, trace, &read);
	if (err == -ESTALE)
		return say_replaced(trace);
	if (!err && trace->by_rule && xs_rule_sets_generation(&trace->pins) != trace->generation)
		return refuse_rules(trace->ctx, trace->pins.ifname);
	return err;
}

int xsteer_trace_counts(const struct xsteer_trace *trace, struct xsteer_trace_counts *counts)
{
	struct xsteer_trace_counts own = { .sz = sizeof(own), .read = trace->read };
	struct xs_trace_counts sum;
	int err = xs_sized_check(trace->ctx, counts, "xsteer_trace_counts");

	if (!err)
		err = xs_trace_read_counts(trace->trace, &sum);
	if (err)
		return err;
	own.matched = sum.within_rate + sum.over_rate + sum.not_sampled;
	own.not_sampled = sum.not_sampled;
	own.over_rate = sum.over_rate;
	own.no_room = sum.no_room;
	xs_sized_give(counts, &own, sizeof(own));
	return 0;
}

int xsteer_trace_stop(struct xsteer_trace *trace)
{
	return xs_trace_stop(trace->trace);
}

void xsteer_trace_close(struct xsteer_trace *trace)
{
	if (!trace)
		return;
	xs_trace_close(trace->trace);
	for (int i = 0; i < 2; i++) {
		xs_rules_in_force_close(&trace->sets[i]);
		free(trace->samples[i].rows);
	}
	xs_pins_close(&trace->pins);
	free(trace);
}
