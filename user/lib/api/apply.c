// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules put in force, confirmed, and taken away again. */
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

int xsteer_rules_apply(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rules *rules,
		       const struct xsteer_apply_opts *opts, struct xsteer_applied *applied)
{
	struct xsteer_apply_opts own = { .sz = sizeof(own) };
	struct xs_apply result;
	struct xs_pins pins;
	int lock, err;

	err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_apply_opts");
	if (!err)
		err = xs_sized_check(ctx, applied, "xsteer_applied");
	if (err)
		return err;
	lock = xs_api_open_locked(ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = xs_rule_sets_apply(&pins, &rules->set, own.confirm_sec, &result);
	xs_pins_close(&pins);
	close(lock);
	if (err)
		return err;
	rules->report = result.report;
	rules->compiled = true;
	give_applied(applied, &result);
	return 0;
}

int xsteer_rules_flush(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied)
{
	int err = xs_sized_check(ctx, applied, "xsteer_applied"), lock;
	struct xs_apply result;
	struct xs_pins pins;

	if (err)
		return err;
	lock = xs_api_open_locked(ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = xs_rule_sets_flush(&pins, &result);
	xs_pins_close(&pins);
	close(lock);
	if (!err)
		give_applied(applied, &result);
	return err;
}

int xsteer_rules_confirm(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_applied *applied)
{
	int err = xs_sized_check(ctx, applied, "xsteer_applied"), lock;
	struct xs_apply result = {};
	struct xs_pins pins;

	if (err)
		return err;
	lock = xs_api_open_locked(ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = xs_rule_sets_confirm(&pins);
	result.generation = pins.meta.generation;
	xs_pins_close(&pins);
	close(lock);
	if (!err)
		give_applied(applied, &result);
	return err;
}
