// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds out what the program does with a frame, with the rules in force or with the caller's. */
#include <errno.h>
#include <stdlib.h>

#include <linux/bpf.h>

#include "lib/base/ctx.h"
#include "lib/set/read.h"
#include "explain.h"
#include "open.h"
#include "rules.h"
#include "sized.h"

_Static_assert(XSTEER_NO_RULE == XS_RULE_NONE, "one thing, one number");

#define FRAME_MAX 65535

static int open_over_rules(struct xsteer_explain *explain, struct xsteer_rules *rules,
			   const struct xsteer_explain_opts *opts)
{
	struct xs_apply result;
	int err = xs_explain_open(explain->ctx, &explain->copy, NULL, opts->queue, opts->ct_state);

	if (!err)
		err = xs_rule_sets_apply(&explain->copy.pins, &rules->set, 0, &result);
	if (err)
		return err;
	rules->report = result.report;
	rules->compiled = true;
	return xs_rule_sets_read(&explain->copy.pins, &explain->set);
}

static int open_over_instance(struct xsteer_explain *explain, const char *ifname,
			      const struct xsteer_explain_opts *opts)
{
	int err = xs_api_open(explain->ctx, &explain->live, ifname);

	if (err)
		return err;
	if (opts->queue >= explain->live.slots) {
		xs_err(explain->ctx, "%s: queue %u: the instance has queues 0 to %u", ifname,
		       opts->queue, explain->live.slots - 1);
		return -ERANGE;
	}
	err = xs_explain_open(explain->ctx, &explain->copy, &explain->live, opts->queue,
			      opts->ct_state);
	return err ? err : xs_rule_sets_read(&explain->live, &explain->set);
}

int xsteer_explain_open(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
			const struct xsteer_explain_opts *opts, struct xsteer_explain **out)
{
	struct xsteer_explain_opts own = { .sz = sizeof(own) };
	struct xsteer_explain *explain;
	int err;

	err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_explain_opts");
	if (!err && !ifname == !rules) {
		xs_err(ctx, "give either an interface, for the rules in force, or rules");
		err = -EINVAL;
	}
	if (!err && own.ct_state >= XS_CT_STATE_MAX) {
		xs_err(ctx, "there is no state of connections %u", own.ct_state);
		err = -EINVAL;
	}
	if (err)
		return err;
	explain = calloc(1, sizeof(*explain));
	if (!explain) {
		xs_err(ctx, "not enough memory to load the program once more");
		return -ENOMEM;
	}
	explain->ctx = ctx;
	err = ifname ? open_over_instance(explain, ifname, &own)
		     : open_over_rules(explain, rules, &own);
	if (err)
		xsteer_explain_close(explain);
	else
		*out = explain;
	return err;
}

void xsteer_explain_close(struct xsteer_explain *explain)
{
	if (!explain)
		return;
	xs_rules_in_force_close(&explain->set);
	xs_explain_close(&explain->copy);
	xs_pins_close(&explain->live);
	free(explain);
}

static struct xsteer_explained public_result(const struct xs_rules_in_force *set,
					     const struct xs_explained *why, int xdp)
{
	struct xsteer_explained own = {
		.sz = sizeof(own),
		.rule = XSTEER_NO_RULE,
		.verdict = why->verdict,
		.reason = why->reason,
		.xdp = (__u32)xdp,
	};
	__u8 limit;

	if (why->rule == XS_RULE_NONE || !set->header || why->rule >= set->header->rule_cnt)
		return own;
	own.rule = why->rule;
	own.line = set->rules[why->rule].line;
	own.flags = set->rules[why->rule].file ? XSTEER_EXPLAINED_INCLUDED : 0;
	own.file = xs_set_file(set->header, set->rules[why->rule].file);
	own.text = xs_set_string(set->header, set->rules[why->rule].text);
	limit = set->rules[why->rule].action.limit;
	if (limit) {
		own.flags |= XSTEER_EXPLAINED_LIMITED;
		own.over_verdict = xs_set_limits(set->header)[limit].otherwise;
		own.over_xdp = own.over_verdict == XS_VERDICT_drop ? XDP_DROP : XDP_PASS;
	}
	if (set->rules[why->rule].action.own_slot == XS_SLOT_SPREAD) {
		own.flags |= XSTEER_EXPLAINED_SPREAD;
		own.cpu = why->target;
	}
	return own;
}

int xsteer_explain_frame(struct xsteer_explain *explain, const void *frame, size_t len,
			 struct xsteer_explained *explained)
{
	const struct xs_frame given = { .len = (__u32)len, .bytes = (unsigned char *)frame };
	int err = xs_sized_check(explain->ctx, explained, "xsteer_explained"), xdp;
	struct xsteer_explained own;
	struct xs_explained why;

	if (!err && len > FRAME_MAX) {
		xs_err(explain->ctx, "a frame has at most %u bytes", FRAME_MAX);
		err = -E2BIG;
	}
	if (!err)
		err = xs_explain_run(explain->ctx, &explain->copy, &given, &why, &xdp);
	if (err)
		return err;
	own = public_result(&explain->set, &why, xdp);
	xs_sized_give(explained, &own, sizeof(own));
	return 0;
}
