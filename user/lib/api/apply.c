// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Puts rules in force, confirms them, and removes them. */
#include <unistd.h>

#include "lib/base/ctx.h"
#include "lib/set/sets.h"
#include "open.h"
#include "rules.h"
#include "sized.h"

static void give_applied(struct xsteer_applied *applied, const struct xs_apply *result)
{
	const struct xsteer_applied own = {
		.sz = sizeof(own),
		.generation = result->generation,
		.carried = result->carried,
		.switch_ns = result->switch_ns,
	};

	xs_sized_give(applied, &own, sizeof(own));
}

/*
 * One change of what is in force, under the instance's lock. `work` fills *result as far as
 * it has something to tell.
 */
static int change(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied,
		  int (*work)(struct xs_pins *pins, void *arg, struct xs_apply *result), void *arg)
{
	int err = xs_sized_check(ctx, applied, "xsteer_applied"), lock;
	struct xs_apply result = {};
	struct xs_pins pins;

	if (err)
		return err;
	lock = xs_api_open_locked(ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = work(&pins, arg, &result);
	xs_pins_close(&pins);
	close(lock);
	if (!err)
		give_applied(applied, &result);
	return err;
}

struct to_apply {
	struct xsteer_rules *rules;
	__u32 confirm_sec;
};

static int apply(struct xs_pins *pins, void *arg, struct xs_apply *result)
{
	const struct to_apply *what = arg;
	int err = xs_rule_sets_apply(pins, &what->rules->set, what->confirm_sec, result);

	if (err)
		return err;
	what->rules->report = result->report;
	what->rules->compiled = true;
	return 0;
}

int xsteer_rules_apply(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
		       const struct xsteer_apply_opts *opts, struct xsteer_applied *applied)
{
	struct xsteer_apply_opts own = { .sz = sizeof(own) };
	struct to_apply what = { .rules = rules };
	int err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_apply_opts");

	what.confirm_sec = own.confirm_sec;
	return err ? err : change(ctx, ifname, applied, apply, &what);
}

static int flush(struct xs_pins *pins, void *arg, struct xs_apply *result)
{
	(void)arg;
	return xs_rule_sets_flush(pins, result);
}

int xsteer_rules_flush(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied)
{
	return change(ctx, ifname, applied, flush, NULL);
}

static int confirm(struct xs_pins *pins, void *arg, struct xs_apply *result)
{
	int err = xs_rule_sets_confirm(pins);

	(void)arg;
	result->generation = pins->meta.generation;
	return err;
}

int xsteer_rules_confirm(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied)
{
	return change(ctx, ifname, applied, confirm, NULL);
}
