// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader attach: the program, and the rules of -r before its first frame. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/api/rules.h"
#include "tools/cli/rule_text.h"
#include "lib/instance/instance.h"
#include "lib/set/sets.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "loader.h"
#include "lib/instance/lock.h"

/* The rules of -r, or none: what --xsk-missing says is part of a set, too. */
static int put_rules(struct xs_pins *pins, void *arg)
{
	struct xs_cli *cli = arg;
	struct xsteer_rules *rules;
	struct xs_apply result;
	int err;

	if (!xs_loader_opts(cli)->rules)
		return xs_loader_opts(cli)->attach.xsk_missing_drop
			       ? xs_rule_sets_flush(pins, &result)
			       : 0;
	err = xs_cli_read_rules(cli, xs_loader_opts(cli)->rules, &rules);
	if (err) {
		xs_err(cli->ctx, "%s: the rules in %s are not applied", pins->ifname,
		       xs_loader_opts(cli)->rules);
		return err;
	}
	err = xs_rule_sets_apply(pins, &rules->set, 0, &result);
	xsteer_rules_free(rules);
	return err;
}

/* It was attached before: -r still holds. */
static int put_rules_live(struct xs_cli *cli, const char *ifname)
{
	struct xs_pins pins;
	int lock, err;

	lock = xs_pins_open_locked(cli->ctx, &pins, ifname);
	if (lock < 0)
		return lock;
	err = put_rules(&pins, cli);
	xs_pins_close(&pins);
	close(lock);
	return err;
}

static int attach_one(struct xs_cli *cli, const char *ifname)
{
	struct xs_attached got;
	int err;

	err = xs_instance_attach(cli->ctx, ifname, &xs_loader_opts(cli)->attach, &got);
	if (!err && got.already && xs_loader_opts(cli)->rules)
		err = put_rules_live(cli, ifname);
	if (err)
		return err;
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o, s:s, s:I, s:b}", "interface", xs_json_text(ifname),
					"mode", xs_mode_names[got.mode], "prog_id",
					(json_int_t)got.prog_id, "already", got.already));
	if (!cli->json)
		printf("%s: %s in %s mode, program id %u\n", xs_shown(ifname).text,
		       got.already ? "already attached" : "attached", xs_mode_names[got.mode],
		       got.prog_id);
	return 0;
}

int xs_do_attach(struct xs_cli *cli)
{
	int lock, err;

	xs_loader_opts(cli)->results = json_array();
	xs_loader_opts(cli)->attach.prepare = put_rules;
	xs_loader_opts(cli)->attach.prepare_arg = cli;
	lock = xs_pins_lock(cli->ctx, NULL, true);
	if (lock < 0)
		return xs_loader_finish(cli, lock);
	err = xs_each_operand(cli, cli->operand_cnt, cli->operands, attach_one);
	close(lock);
	return xs_loader_finish(cli, err);
}
