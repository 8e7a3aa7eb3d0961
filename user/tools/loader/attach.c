// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader attach: attaches the program, with the rules of -r before its first frame. */
#include <stdio.h>

#include <xsteer/xsteer.h>

#include "lib/api/place.h"
#include "lib/base/escape.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rule_text.h"
#include "loader.h"

static void print_misfit(void *arg, const struct xsteer_finding *finding)
{
	(void)arg;
	xs_finding_print(stderr, finding);
}

static int attach_one(struct xs_cli *cli, const char *ifname)
{
	const struct xsteer_attach_opts *opts = &xs_loader_opts(cli)->attach;
	XSTEER_STRUCT(xsteer_attached, got);
	int err = 0;
	bool already;

	/* Says which rules the interface cannot serve; refuses if one can never work. */
	if (opts->rules)
		err = xs_place_compare(cli->ctx, opts->rules, ifname, (enum xs_mode)opts->mode,
				       print_misfit, NULL);
	if (!err)
		err = xsteer_attach(cli->ctx, ifname, opts, &got);
	if (err)
		return err;
	already = got.flags & XSTEER_ATTACHED_ALREADY;
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o, s:s, s:I, s:b}", "interface", xs_json_text(ifname),
					"mode", xsteer_mode_name(got.mode), "prog_id",
					(json_int_t)got.prog_id, "already", already));
	if (!cli->json)
		printf("%s: %s in %s mode, program id %u\n", xs_shown(ifname).text,
		       already ? "already attached" : "attached", xsteer_mode_name(got.mode),
		       got.prog_id);
	return 0;
}

/* Once for all interfaces, and before any lock, since standard input may take its time. */
static int load_rules(struct xs_cli *cli)
{
	struct xs_loader_opts *opts = xs_loader_opts(cli);
	int err = opts->rules ? xs_cli_read_rules(cli, opts->rules, &opts->attach.rules) : 0;

	if (err)
		xs_err(cli->ctx, "the rules in %s are not applied, and nothing is attached",
		       opts->rules);
	return err;
}

int xs_do_attach(struct xs_cli *cli)
{
	struct xs_loader_opts *opts = xs_loader_opts(cli);
	int err;

	opts->results = json_array();
	opts->attach.flags = opts->replace ? XSTEER_ATTACH_REPLACE : 0;
	err = load_rules(cli);
	if (!err)
		err = xs_each_operand(cli, cli->operand_cnt, cli->operands, attach_one);
	xsteer_rules_free(opts->attach.rules);
	return xs_loader_finish(cli, err);
}
