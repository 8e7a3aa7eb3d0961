// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader attach: the program, and the rules of -r before its first frame. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/api/place.h"
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
	struct xs_loader_opts *opts = xs_loader_opts(arg);
	struct xs_apply result;

	if (opts->loaded)
		return xs_rule_sets_apply(pins, &opts->loaded->set, 0, &result);
	return opts->attach.xsk_missing_drop ? xs_rule_sets_flush(pins, &result) : 0;
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

static int attach_locked(struct xs_cli *cli, const char *ifname, struct xs_attached *got)
{
	int lock = xs_pins_lock(cli->ctx, NULL, true), err;

	if (lock < 0)
		return lock;
	err = xs_instance_attach(cli->ctx, ifname, &xs_loader_opts(cli)->attach, got);
	if (!err && got->already && xs_loader_opts(cli)->loaded)
		err = put_rules_live(cli, ifname);
	close(lock);
	return err;
}

static void print_misfit(void *arg, const struct xsteer_finding *finding)
{
	(void)arg;
	xs_finding_print(stderr, finding);
}

/* What the interface cannot do of the rules: said; refused if it never works. */
static int compare_rules(struct xs_cli *cli, const char *ifname)
{
	const struct xs_loader_opts *opts = xs_loader_opts(cli);

	return opts->loaded ? xs_place_compare(cli->ctx, opts->loaded, ifname, opts->attach.mode,
					       print_misfit, NULL)
			    : 0;
}

static int attach_one(struct xs_cli *cli, const char *ifname)
{
	struct xs_attached got;
	int err;

	err = compare_rules(cli, ifname);
	if (!err)
		err = attach_locked(cli, ifname, &got);
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

/* Once for all interfaces, and before any lock: standard input may take its time. */
static int load_rules(struct xs_cli *cli)
{
	struct xs_loader_opts *opts = xs_loader_opts(cli);
	int err = opts->rules ? xs_cli_read_rules(cli, opts->rules, &opts->loaded) : 0;

	if (err)
		xs_err(cli->ctx, "the rules in %s are not applied, and nothing is attached",
		       opts->rules);
	return err;
}

int xs_do_attach(struct xs_cli *cli)
{
	int err;

	xs_loader_opts(cli)->results = json_array();
	xs_loader_opts(cli)->attach.prepare = put_rules;
	xs_loader_opts(cli)->attach.prepare_arg = cli;
	err = load_rules(cli);
	if (!err)
		err = xs_each_operand(cli, cli->operand_cnt, cli->operands, attach_one);
	xsteer_rules_free(xs_loader_opts(cli)->loaded);
	return xs_loader_finish(cli, err);
}
