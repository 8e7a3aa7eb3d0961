// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loads the program with the rules that -d or -f name; see trial.h. */
#include <string.h>

#include "tools/cli/rule_text.h"
#include "rules.h"
#include "trial.h"

static int take_ct_state(struct xs_cli *cli, __u32 *state)
{
	static const char *const names[] = { [XSTEER_CT_STATE_NEW] = "new",
					     [XSTEER_CT_STATE_ESTABLISHED] = "established",
					     [XSTEER_CT_STATE_RELATED] = "related" };
	const char *name = xs_rules_opts(cli)->ct_state;

	for (__u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (name && strcmp(name, names[i]))
			continue;
		*state = i;
		return 0;
	}
	return xs_usage(cli, "--ct-state: '%s' is none of new, established and related", name);
}

int xs_trial_open(struct xs_cli *cli, struct xsteer_explain **trial)
{
	XSTEER_STRUCT(xsteer_explain_opts, opts, .queue = xs_rules_opts(cli)->queue);
	const char *ifname, *file = xs_rules_opts(cli)->file;
	struct xsteer_rules *rules = NULL;
	int err = xs_rules_take_if(cli, 0, true);

	if (!err)
		err = take_ct_state(cli, &opts.ct_state);
	if (err)
		return err;
	ifname = xs_rules_opts(cli)->ifname;
	if (!ifname == !file)
		return xs_usage(cli, "give either -d IF, for the rules in force, or -f FILE");
	if (file)
		err = xs_cli_read_rules(cli, file, &rules);
	if (!err)
		err = xsteer_explain_open(cli->ctx, ifname, rules, &opts, trial);
	xsteer_rules_free(rules);
	return err;
}
