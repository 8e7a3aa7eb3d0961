// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Compiles a set and puts it in force, all or nothing; see sets.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/clock.h"
#include "lib/base/ctx.h"
#include "lib/instance/set_layout.h"
#include "counters.h"
#include "mapped.h"
#include "member_sets.h"
#include "sets.h"
#include "targets.h"
#include "switch.h"

struct xs_action xs_builtin_default(const struct xs_pins *pins)
{
	bool drop = pins->meta.flags & XS_META_XSK_DROP;

	return (struct xs_action){ .verdict = XS_VERDICT_xsk,
				   .otherwise = drop ? XS_VERDICT_drop : XS_VERDICT_pass,
				   .own_slot = 1 };
}

/*
 * Settles again: compiling takes seconds. If a deadline passes meanwhile, counting
 * continues from the fallback's counters.
 */
static int open_old_sets(struct xs_switching *apply)
{
	int err = xs_rule_sets_settle(apply->pins);

	if (err < 0)
		return err;
	err = xs_mapped_open(apply->pins, XS_SET_IN_FORCE, PROT_READ, &apply->now);
	if (!err)
		err = xs_mapped_open(apply->pins, XS_SET_FALLBACK, PROT_READ, &apply->back);
	return xs_mapped_failed(apply->pins, err);
}

static int apply_blob(struct xs_switching *apply, const struct xs_ruleset *rules,
		      const struct xs_rule_blob *blob, struct xs_apply *result)
{
	const struct xs_set_header *set = blob->bytes;
	int err = xs_set_layout_check_program(apply->pins, set->layout);

	if (!err)
		err = xs_mapped_create(apply->pins->ctx, blob, &apply->next);
	if (!err)
		err = open_old_sets(apply);
	if (!err)
		err = xs_member_sets_prepare(apply, rules);
	if (!err)
		err = xs_switch(apply, result);
	return err;
}

int xs_rule_sets_compile(struct xsteer_ctx *ctx, const struct xs_ruleset *rules,
			 const struct xs_rule_target *target, struct xs_rule_blob *blob,
			 struct xs_rule_report *report)
{
	__u64 start = xs_monotonic_ns();
	int err = xs_rule_compile_for(rules, target, blob, report);

	report->compile_ns = xs_monotonic_ns() - start;
	if (!err)
		((struct xs_set_header *)blob->bytes)->compile_ns = report->compile_ns;
	else
		xs_err(ctx, "%s", report->error[0] ? report->error : strerror(-err));
	return err;
}

static int put_compiled(struct xs_switching *apply, struct xs_ruleset *rules,
			struct xs_apply *result)
{
	const struct xs_rule_target target = { .layout = xs_set_layout_searched(apply->pins) };
	struct xs_rule_blob blob = {};
	int err;

	err = xs_targets_open(apply->pins, rules);
	if (!err)
		err = xs_rule_sets_compile(apply->pins->ctx, rules, &target, &blob,
					   &result->report);
	if (!err)
		err = apply_blob(apply, rules, &blob, result);
	xs_rule_blob_free(&blob);
	xs_member_sets_settle(apply->pins); /* likewise */
	xs_targets_close_unnamed(apply->pins); /* targets of the old set, or of a set that failed */
	return err;
}

int xs_rule_sets_apply(struct xs_pins *pins, struct xs_ruleset *rules, __u32 confirm_sec,
		       struct xs_apply *result)
{
	struct xs_switching apply = { .pins = pins,
				      .next = XS_NO_SET,
				      .now = XS_NO_SET,
				      .back = XS_NO_SET,
				      .counters = XS_NO_COUNTERS,
				      .old_counters = XS_NO_COUNTERS,
				      .confirm_sec = confirm_sec };
	int err;

	*result = (struct xs_apply){};
	if (!rules->default_text)
		rules->default_action = xs_builtin_default(pins);
	err = xs_set_layout_check_program(pins, xs_rule_layout(rules));
	if (!err)
		err = xs_rule_sets_settle(pins);
	if (err >= 0)
		err = put_compiled(&apply, rules, result);
	xs_rule_pairs_free(&apply.pairs);
	xs_rule_counters_close(&apply.old_counters);
	xs_rule_counters_close(&apply.counters);
	xs_mapped_close(&apply.back);
	xs_mapped_close(&apply.now);
	xs_mapped_close(&apply.next);
	return err;
}

int xs_rule_sets_flush(struct xs_pins *pins, struct xs_apply *result)
{
	char name[] = "-", *files[] = { name };
	struct xs_ruleset none = {
		.files = files,
		.file_cnt = 1,
		.malformed_action = { .verdict = XS_VERDICT_pass },
	};

	return xs_rule_sets_apply(pins, &none, 0, result);
}
