// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loads the program with the rules that -d or -f name; see trial.h. */
#include "tools/cli/rule_text.h"
#include "rules.h"
#include "trial.h"

int xs_trial_open(struct xs_cli *cli, struct xsteer_explain **trial)
{
	XSTEER_STRUCT(xsteer_explain_opts, opts, .queue = xs_rules_opts(cli)->queue);
	const char *ifname, *file = xs_rules_opts(cli)->file;
	struct xsteer_rules *rules = NULL;
	int err = xs_rules_take_if(cli, 0, true);

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
