// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether the interface can do what the rules in force say. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "lib/api/place.h"
#include "lib/instance/instance.h"
#include "lib/instance/program.h"
#include "lib/instance/set_layout.h"
#include "lib/net/identity.h"
#include "lib/set/parsed.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"

#define MISFITS_MAX 8 /* in the list: a long set would hide everything else */

/* rule: NULL for the default. False: there are enough. */
static bool find_misfit(struct xs_diagnosis *d, const struct xs_place *place,
			const struct xs_spread *spreads, const struct xs_rule *rule,
			const struct xs_action *action, const char *where, __u32 *cnt)
{
	char dev[IFNAMSIZ] = "?", text[384];
	int err = action->verdict == XS_VERDICT_dev ? xs_netif_name(action->target, dev) : 0;
	enum xs_fit fit;

	if (err == -ENODEV)
		return true; /* gone: its frames pass, and are counted */
	if (err) {
		xs_find(d, "rules", XS_LEVEL_WARN, "",
			"%s: whether interface %u takes redirects cannot be asked: %s", where,
			action->target, strerror(-err));
		return ++*cnt < MISFITS_MAX;
	}
	fit = xs_rule_fit(rule, action, dev, spreads, place, text, sizeof(text));
	if (fit == XS_FIT_YES)
		return true;
	xs_find(d, "rules", fit == XS_FIT_NEVER ? XS_LEVEL_FAIL : XS_LEVEL_WARN, "", "%s: %s",
		where, text);
	return ++*cnt < MISFITS_MAX;
}

/* parsed: the same rules, whose targets are only names. */
static void find_misfits(struct xs_diagnosis *d, const struct xs_rules_in_force *now,
			 const struct xs_ruleset *parsed)
{
	struct xs_netif netif;
	struct xs_place place;
	char where[192];
	__u32 cnt = 0;

	if (xs_place_get(d->cli->ctx, d->netif.name, XS_MODE_AUTO, &netif, &place) ||
	    !find_misfit(d, &place, NULL, NULL, &now->header->default_action, "default", &cnt))
		return;
	for (__u32 i = 0; i < parsed->rule_cnt; i++) {
		snprintf(where, sizeof(where), "%.128s:%u",
			 xs_set_file(now->header, now->rules[i].file), now->rules[i].line);
		if (!find_misfit(d, &place, parsed->spreads, &parsed->rules[i],
				 &now->rules[i].action, where, &cnt))
			return;
	}
	if (!cnt)
		xs_find(d, "rules", XS_LEVEL_OK, "", "the interface can do what the rules say");
}

static void compare_rules(struct xs_diagnosis *d, const struct xs_rules_in_force *now)
{
	struct xs_ruleset parsed = {};
	int err = xs_set_parse(now->header, &parsed);

	if (err)
		xs_find(d, "rules", XS_LEVEL_WARN, "",
			"whether the interface can do what the rules say is not known: %s",
			err == -ENOMEM ? "not enough memory"
				       : "another version of xsteer wrote them");
	else
		find_misfits(d, now, &parsed);
	xs_ruleset_free(&parsed);
}

/* On a kernel that should take them; else the kernel's check has said it. */
static void find_limits_missing(struct xs_diagnosis *d, const struct xs_pins *pins)
{
	if (xs_set_layout_without_limits(pins) && xs_kernel_has_limits())
		xs_find(d, "limits", XS_LEVEL_WARN, "rules without them work",
			"the kernel refused the program with limits and dynamic sets: the one "
			"that runs has none");
}

void xs_check_rules(struct xs_diagnosis *d)
{
	struct xs_rules_in_force now;
	struct xs_pins pins;

	if (d->no_pins || xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ))
		return;
	find_limits_missing(d, &pins);
	if (!xs_rule_sets_read(&pins, &now) && now.header)
		compare_rules(d, &now);
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
}
