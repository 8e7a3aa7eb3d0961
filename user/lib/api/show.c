// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rules in force, with their counters. */
#include <stdio.h>

#include "lib/base/ctx.h"
#include "lib/rules/model/rule.h"
#include "lib/rules/model/rule_name.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "dev_text.h"
#include "open.h"
#include "sized.h"

#define DEV_TEXT_MAX 4096 /* of a rule with `dev`; longer text is cut */

/* The words in the set, or, if it does not have any, the default's words. */
static const char *said_or(const struct xs_rules_in_force *now, __u32 text, const char *otherwise)
{
	return now->header && text ? xs_set_string(now->header, text) : otherwise;
}

static const char *default_text(const struct xs_rules_in_force *now, const char *built_in,
				char buf[DEV_TEXT_MAX])
{
	const char *text = said_or(now, now->header ? now->header->default_text : 0, built_in);
	__u32 gone;

	return now->header
		       ? xs_dev_text(text, &now->header->default_action, buf, DEV_TEXT_MAX, &gone)
		       : text;
}

static void give_set(struct xsteer_rule_set *set, const struct xs_pins *pins,
		     const struct xs_rules_in_force *now)
{
	const char *built_in = pins->meta.flags & XS_META_XSK_DROP ? "default xsk else drop"
								   : "default xsk else pass";
	char buf[DEV_TEXT_MAX];
	struct xsteer_rule_set own = {
		.sz = sizeof(own),
		.generation = now->header	 ? now->header->generation
			      : now->rolled_back ? 0
						 : pins->meta.generation,
		.confirm_ns = now->confirm_ns,
		.rule_count = now->header ? now->header->rule_cnt : 0,
		.flags = now->rolled_back ? XSTEER_RULE_SET_ROLLED_BACK : 0,
	};

	snprintf(own.default_text, sizeof(own.default_text), "%s",
		 default_text(now, built_in, buf));
	snprintf(own.malformed_text, sizeof(own.malformed_text), "%s",
		 said_or(now, now->header ? now->header->malformed_text : 0, "malformed pass"));
	xs_sized_give(set, &own, sizeof(own));
}

static const char *name_of(const char *text, char buf[XS_CHAIN_NAME_MAX])
{
	size_t len = 0;
	const char *name = xs_rule_name(text, &len);

	if (name)
		snprintf(buf, XS_CHAIN_NAME_MAX, "%.*s", (int)len, name);
	return name ? buf : NULL;
}

static int walk_rules(const struct xs_rules_in_force *now, xsteer_rule_fn each, void *arg)
{
	__u32 cnt = now->header ? now->header->rule_cnt : 0;
	int err = 0;

	for (__u32 i = 0; !err && i < cnt; i++) {
		const struct xs_set_rule *rule = &now->rules[i];
		char buf[DEV_TEXT_MAX], name[XS_CHAIN_NAME_MAX];
		__u32 gone;
		const char *text = xs_dev_text(xs_set_string(now->header, rule->text),
					       &rule->action, buf, sizeof(buf), &gone);
		const struct xs_rule_refused refused = xs_rule_refused(now, i);
		const struct xsteer_rule own = {
			.sz = sizeof(own),
			.index = i,
			.line = rule->line,
			.file = xs_set_file(now->header, rule->file),
			.text = text,
			.verdict = rule->action.verdict,
			.gone_ifindex = gone,
			.packets = now->stats[i].packets,
			.bytes = now->stats[i].bytes,
			.name = name_of(text, name),
			.over_packets = refused.over.packets,
			.over_bytes = refused.over.bytes,
			.no_room_packets = refused.no_room.packets,
			.flags = refused.limited ? XSTEER_RULE_LIMITED : 0,
		};

		err = each(arg, &own);
	}
	return err;
}

int xsteer_rules_show(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_rule_set *set,
		      xsteer_rule_fn each, void *arg)
{
	int err = xs_sized_check(ctx, set, "xsteer_rule_set");
	struct xs_rules_in_force now;
	struct xs_pins pins;

	if (!err)
		err = xs_api_open(ctx, &pins, ifname);
	if (err)
		return err;
	err = xs_rule_sets_read(&pins, &now);
	if (!err)
		give_set(set, &pins, &now);
	if (!err && each)
		err = walk_rules(&now, each, arg);
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
	return err;
}
