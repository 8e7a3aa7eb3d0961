// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader attach: attaches the program, with the rules of -r before its first frame. */
#include <stdio.h>

#include <xsteer/xsteer.h>

#include "lib/api/place.h"
#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rule_text.h"
#include "loader.h"

static void print_misfit(void *arg, const struct xsteer_finding *finding)
{
	(void)arg;
	xs_finding_print(stderr, finding);
}

static json_t *rules_json(struct xs_cli *cli, const struct xsteer_attached *got)
{
	const struct xs_loader_opts *opts = xs_loader_opts(cli);

	return json_pack("{s:o, s:I, s:I}", "file", xs_json_text(opts->rules), "count",
			 (json_int_t)xsteer_rules_count(opts->attach.rules), "generation",
			 (json_int_t)got->generation);
}

/* Rules that were in force are gone now, which must not happen without a word. */
static void say_rules(struct xs_cli *cli, const char *ifname, const struct xsteer_attached *got)
{
	const struct xs_loader_opts *opts = xs_loader_opts(cli);
	const __u32 cnt = xsteer_rules_count(opts->attach.rules);

	printf("%s: rules of %s in force: %u rule%s, generation %llu%s\n", xs_shown(ifname).text,
	       xs_shown(opts->rules).text, cnt, xs_s(cnt), (unsigned long long)got->generation,
	       !(got->flags & XSTEER_ATTACHED_ALREADY) ? ""
	       : cnt				       ? "; they replace those that were in force"
						       : "; those that were in force are gone");
}

static int attach_one(struct xs_cli *cli, const char *ifname)
{
	const struct xsteer_attach_opts *opts = &xs_loader_opts(cli)->attach;
	XSTEER_STRUCT(xsteer_attached, got);
	int err = 0;
	bool already;
	json_t *row;

	/* Says which rules the interface cannot serve; refuses if one can never work. */
	if (opts->rules)
		err = xs_place_compare(cli->ctx, opts->rules, ifname, (enum xs_mode)opts->mode,
				       print_misfit, NULL);
	if (!err)
		err = xsteer_attach(cli->ctx, ifname, opts, &got);
	if (err)
		return err;
	already = got.flags & XSTEER_ATTACHED_ALREADY;
	row = json_pack("{s:o, s:s, s:I, s:b}", "interface", xs_json_text(ifname), "mode",
			xsteer_mode_name(got.mode), "prog_id", (json_int_t)got.prog_id, "already",
			already);
	if (opts->rules)
		json_object_set_new(row, "rules", rules_json(cli, &got));
	json_array_append_new(xs_loader_opts(cli)->results, row);
	if (cli->json)
		return 0;
	printf("%s: %s in %s mode, program id %u\n", xs_shown(ifname).text,
	       already ? "already attached" : "attached", xsteer_mode_name(got.mode), got.prog_id);
	if (opts->rules)
		say_rules(cli, ifname, &got);
	return 0;
}

/* Once for all interfaces, and before any lock, since standard input may take its time. */
static int load_rules(struct xs_cli *cli)
{
	struct xs_loader_opts *opts = xs_loader_opts(cli);
	int err = opts->rules ? xs_cli_read_rules(cli, opts->rules, &opts->attach.rules) : 0;

	if (err)
		xs_err(cli->ctx, "the rules in %s were not applied, and nothing was attached",
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
