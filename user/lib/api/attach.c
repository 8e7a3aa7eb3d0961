// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaches, detaches and upgrades instances. */
#include <errno.h>
#include <unistd.h>

#include "lib/base/ctx.h"
#include "lib/base/number.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/lock.h"
#include "lib/instance/upgrade.h"
#include "lib/set/sets.h"
#include "open.h"
#include "rules.h"
#include "sized.h"

#define PRIO_MAX 1000000
#define KNOWN_FLAGS (XSTEER_ATTACH_REPLACE | XSTEER_ATTACH_AUTOMATIC)

_Static_assert((int)XSTEER_MODE_AUTO == (int)XS_MODE_AUTO, "one mode, one number");
_Static_assert((int)XSTEER_MODE_NATIVE == (int)XS_MODE_NATIVE, "one mode, one number");
_Static_assert((int)XSTEER_MODE_SKB == (int)XS_MODE_SKB, "one mode, one number");

static int check_opts(struct xsteer_ctx *ctx, const struct xsteer_attach_opts *opts)
{
	const char *wrong = opts->mode > XSTEER_MODE_SKB	  ? "mode"
			    : opts->prio > PRIO_MAX		  ? "prio"
			    : opts->flags & ~KNOWN_FLAGS	  ? "flags"
			    : opts->missing > XSTEER_MISSING_DROP ? "missing"
								  : NULL;

	if (!wrong)
		return 0;
	xs_err(ctx, "struct xsteer_attach_opts: this libxsteer (%s) does not know that %s",
	       xsteer_version(), wrong);
	return -EINVAL;
}

struct attaching {
	const struct xsteer_attach_opts *opts;
	__u64 generation; /* of the set that opts->rules became */
};

/* What is in force before the first frame: rules, or at least the other default. */
static int put_rules(struct xs_pins *pins, void *arg)
{
	struct attaching *attaching = arg;
	const struct xsteer_attach_opts *opts = attaching->opts;
	struct xs_apply result;
	int err;

	if (!opts->rules)
		return opts->missing == XSTEER_MISSING_DROP ? xs_rule_sets_flush(pins, &result) : 0;
	err = xs_rule_sets_apply(pins, &opts->rules->set, 0, &result);
	if (err)
		return err;
	attaching->generation = result.generation;
	opts->rules->report = result.report;
	opts->rules->compiled = true;
	return 0;
}

/* It was there, so nothing was prepared. Rules lock their instance alone. */
static int apply_rules(struct xsteer_ctx *ctx, const char *ifname, struct attaching *attaching,
		       int *root)
{
	XSTEER_STRUCT(xsteer_applied, applied);
	int err;

	close(*root);
	*root = -1;
	err = xsteer_rules_apply(ctx, ifname, attaching->opts->rules, NULL, &applied);
	attaching->generation = applied.generation;
	return err;
}

/* Of what will be replaced. What cannot be read counts as none. */
static __u32 rules_in_force(struct xsteer_ctx *ctx, const char *ifname)
{
	struct xsteer_ctx *quiet = xsteer_ctx_new(ctx->pin_root, NULL, NULL);
	struct xs_rules_in_force now = {};
	struct xs_pins pins = {};
	__u32 cnt = 0;

	if (quiet && !xs_pins_open(quiet, &pins, ifname, XS_PINS_READ) &&
	    !xs_rule_sets_look(&pins, &now) && now.header)
		cnt = now.header->rule_cnt;
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
	xsteer_ctx_free(quiet);
	return cnt;
}

/* Rules that were in force are gone now, which must not happen without a word. */
static void say_gone(struct xsteer_ctx *ctx, const char *ifname, __u32 cnt)
{
	if (cnt)
		xs_note(ctx,
			"%s: the %u rule%s that %s in force %s gone: none came with the new "
			"instance",
			ifname, cnt, xs_s(cnt), cnt == 1 ? "was" : "were", cnt == 1 ? "is" : "are");
}

static int attach_locked(struct xsteer_ctx *ctx, const char *ifname, struct attaching *attaching,
			 struct xs_attached *got, int *root)
{
	const struct xsteer_attach_opts *opts = attaching->opts;
	const struct xs_attach_opts attach = {
		.mode = opts->mode,
		.prio = (int)opts->prio,
		.xsk_missing_drop = opts->missing == XSTEER_MISSING_DROP,
		.xsk_missing_said = opts->missing != XSTEER_MISSING_DEFAULT,
		.automatic = opts->flags & XSTEER_ATTACH_AUTOMATIC,
		.replace = opts->flags & XSTEER_ATTACH_REPLACE,
		.prepare = put_rules,
		.prepare_arg = attaching,
	};
	const __u32 before = attach.replace && !opts->rules ? rules_in_force(ctx, ifname) : 0;
	int err = xs_instance_attach(ctx, ifname, &attach, got, root);

	if (!err)
		say_gone(ctx, ifname, before);
	if (err || !got->already || !opts->rules)
		return err;
	return apply_rules(ctx, ifname, attaching, root);
}

int xsteer_attach(struct xsteer_ctx *ctx, const char *ifname, const struct xsteer_attach_opts *opts,
		  struct xsteer_attached *attached)
{
	struct xsteer_attach_opts own = { .sz = sizeof(own) };
	struct xsteer_attached given = { .sz = sizeof(given) };
	struct attaching attaching = { .opts = &own };
	struct xs_attached got = {};
	int lock, err;

	err = xs_sized_take(ctx, &own, sizeof(own), opts, "xsteer_attach_opts");
	if (!err)
		err = xs_sized_check(ctx, attached, "xsteer_attached");
	if (!err)
		err = check_opts(ctx, &own);
	lock = err ? err : xs_pins_lock_for(ctx, ifname, true);
	if (lock < 0)
		return lock;
	err = attach_locked(ctx, ifname, &attaching, &got, &lock);
	if (lock >= 0)
		close(lock);
	if (err)
		return err;
	given.mode = got.mode;
	given.prog_id = got.prog_id;
	given.generation = attaching.generation;
	given.flags = got.already ? XSTEER_ATTACHED_ALREADY : 0;
	xs_sized_give(attached, &given, sizeof(given));
	return 0;
}

static int say_none(struct xsteer_ctx *ctx, const char *ifname)
{
	xs_err(ctx, "%s: no xsteer instance in %s; %s lists what is there", ifname, ctx->pin_root,
	       xs_hint(ctx, XSTEER_HINT_STATUS, ifname).text);
	return -ENOENT;
}

int xsteer_detach(struct xsteer_ctx *ctx, const char *ifname)
{
	int lock = xs_pins_lock_for(ctx, ifname, false), err;

	err = lock < 0 ? lock : xs_instance_detach(ctx, ifname, &lock);
	if (lock >= 0)
		close(lock);
	return err == -ENOENT ? say_none(ctx, ifname) : err;
}

int xsteer_upgrade(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_upgraded *upgraded)
{
	int err = xs_sized_check(ctx, upgraded, "xsteer_upgraded"), lock;
	struct xsteer_upgraded own = { .sz = sizeof(own) };
	struct xs_upgraded result = {};

	if (err)
		return err;
	/* against whoever changes the rules, since both write meta, and takes it apart */
	lock = xs_pins_lock(ctx, ifname, false);
	err = lock < 0 ? lock : xs_upgrade(ctx, ifname, &result);
	if (lock >= 0)
		close(lock);
	if (err)
		return err == -ENOENT ? say_none(ctx, ifname) : err;
	own.old_prog_id = result.old_prog_id;
	own.prog_id = result.prog_id;
	own.old_version = result.old_version;
	xs_sized_give(upgraded, &own, sizeof(own));
	return 0;
}
