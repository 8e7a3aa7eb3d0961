// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The program over the rules that -d or -f name; see trial.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api/open.h"
#include "lib/api/rules.h"
#include "tools/cli/rule_text.h"
#include "rules.h"
#include "trial.h"

void xs_trial_close(struct xs_trial *trial)
{
	xs_rules_in_force_close(&trial->set);
	xs_explain_close(&trial->explain);
	xs_pins_close(&trial->live);
}

static int open_file_trial(struct xs_cli *cli, struct xs_trial *trial)
{
	struct xsteer_rules *rules;
	int err;

	err = xs_cli_read_rules(cli, xs_rules_opts(cli)->file, &rules);
	if (err)
		return err;
	err = xs_explain_open(cli->ctx, &trial->explain, NULL, xs_rules_opts(cli)->queue);
	if (!err)
		err = xs_rule_sets_apply(&trial->explain.pins, &rules->set, 0, &trial->applied);
	xsteer_rules_free(rules);
	return err;
}

static int open_live_trial(struct xs_cli *cli, struct xs_trial *trial)
{
	int err = xs_api_open(cli->ctx, &trial->live, xs_rules_opts(cli)->ifname);

	if (err)
		return err;
	trial->is_live = true;
	if (xs_rules_opts(cli)->queue >= trial->live.slots) {
		xs_err(cli->ctx, "%s: queue %u: the instance has queues 0 to %u",
		       xs_rules_opts(cli)->ifname, xs_rules_opts(cli)->queue,
		       trial->live.slots - 1);
		return -ERANGE;
	}
	return xs_explain_open(cli->ctx, &trial->explain, &trial->live, xs_rules_opts(cli)->queue);
}

int xs_trial_open(struct xs_cli *cli, struct xs_trial *trial)
{
	int err;

	memset(trial, 0, sizeof(*trial));
	if (!xs_rules_opts(cli)->ifname == !xs_rules_opts(cli)->file)
		return xs_usage(cli, "give either -d IF, for the rules in force, or -f FILE");
	err = xs_rules_opts(cli)->file ? open_file_trial(cli, trial) : open_live_trial(cli, trial);
	if (!err)
		err = xs_rule_sets_read(trial->is_live ? &trial->live : &trial->explain.pins,
					&trial->set);
	if (err)
		xs_trial_close(trial);
	return err;
}
