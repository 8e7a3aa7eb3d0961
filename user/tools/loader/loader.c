// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader: its commands and options, detach and upgrade; its main(). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "doctor.h"
#include "features.h"
#include "lib/instance/instance.h"
#include "lib/instance/upgrade.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rows.h"
#include "loader.h"
#include "lib/instance/lock.h"
#include "lib/instance/dir.h"
#include "lib/instance/netns.h"

static int set_mode(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_loader_opts *options = opts;

	for (int i = 0; i <= XS_MODE_SKB; i++) {
		if (strcmp(arg, xs_mode_names[i]))
			continue;
		options->attach.mode = i;
		return 0;
	}
	return xs_usage(cli, "mode '%s' is not one of native, skb, auto", arg);
}

static int set_prio(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_loader_opts *options = opts;
	__u64 prio;

	if (xs_parse_u64(arg, 1, 1000000, &prio))
		return xs_usage(cli, "priority '%s' is not a number from 1 to 1000000", arg);
	options->attach.prio = (int)prio;
	return 0;
}

static int set_xsk_missing(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_loader_opts *options = opts;

	if (strcmp(arg, "pass") && strcmp(arg, "drop"))
		return xs_usage(cli, "--xsk-missing '%s' is neither pass nor drop", arg);
	options->attach.xsk_missing_drop = !strcmp(arg, "drop");
	options->attach.xsk_missing_said = true;
	return 0;
}

/* Works on every operand, goes on after a failure, and returns the first one. */
int xs_each_operand(struct xs_cli *cli, int argc, char **argv,
		    int (*work)(struct xs_cli *cli, const char *ifname))
{
	int first = 0;

	for (int i = 0; i < argc; i++) {
		int err;

		xs_error_mark(cli);
		err = work(cli, argv[i]);
		if (err && !xs_error_said(cli)[0])
			xs_err(cli->ctx, "%s: %s: %s", argv[i], cli->cmd->name, strerror(-err));
		if (err)
			xs_rows_add_failure(cli, xs_loader_opts(cli)->results, "interface", argv[i],
					    err);
		if (err && !first)
			first = err;
	}
	return first;
}

int xs_loader_finish(struct xs_cli *cli, int err)
{
	if (cli->json)
		return xs_rows_print(cli, json_object(), "instances", xs_loader_opts(cli)->results,
				     err);
	json_decref(xs_loader_opts(cli)->results);
	return err;
}

/* No pin root, no instance. */
static int say_none(struct xs_cli *cli, const char *ifname)
{
	xs_err(cli->ctx, "%s: no xsteer instance in %s; 'xsteer-loader status' lists what is there",
	       ifname, cli->pin_root);
	return -ENOENT;
}

static int say_detached(struct xs_cli *cli, const char *ifname)
{
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o}", "interface", xs_json_text(ifname)));
	if (!cli->json)
		printf("%s: detached\n", xs_shown(ifname).text);
	return 0;
}

static int detach_one(struct xs_cli *cli, const char *ifname)
{
	int err = xs_instance_detach(cli->ctx, ifname);

	if (err == -ENOENT)
		return say_none(cli, ifname);
	return err ? err : say_detached(cli, ifname);
}

static int detach_if_here(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = arg;
	struct xs_pins pins;
	char ifname[16];
	int err;

	xs_error_mark(cli);
	xs_pin_ifname(ifname, strrchr(dir, '/') + 1);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (err)
		return xs_rows_add_failure(cli, xs_loader_opts(cli)->results, "interface", ifname,
					   err);
	/* by its directory: its interface may have been renamed, and its name be another's */
	if (xs_netns_of(&pins.meta) == XS_NETNS_OURS) {
		err = xs_instance_take_apart(&pins);
		if (!err)
			say_detached(cli, ifname);
	}
	xs_pins_close(&pins);
	return err ? xs_rows_add_failure(cli, xs_loader_opts(cli)->results, "interface", ifname,
					 err)
		   : 0;
}

static int do_detach(struct xs_cli *cli)
{
	int lock, err;

	if (xs_loader_opts(cli)->all == (cli->operand_cnt > 0))
		return xs_usage(cli, "detach: name interfaces, or give --all");
	xs_loader_opts(cli)->results = json_array();
	lock = xs_pins_lock(cli->ctx, NULL, false);
	if (lock == -ENOENT)
		return xs_loader_finish(cli, xs_loader_opts(cli)->all
						     ? 0
						     : xs_each_operand(cli, cli->operand_cnt,
								       cli->operands, say_none));
	if (lock < 0)
		return xs_loader_finish(cli, lock);
	err = xs_loader_opts(cli)->all
		      ? xs_pins_each(cli->ctx, detach_if_here, cli)
		      : xs_each_operand(cli, cli->operand_cnt, cli->operands, detach_one);
	close(lock);
	return xs_loader_finish(cli, err);
}

static int upgrade_one(struct xs_cli *cli, const char *ifname)
{
	struct xs_upgraded result;
	int lock, err;

	/* against xsteer-rules: both write meta */
	lock = xs_pins_lock(cli->ctx, ifname, false);
	err = lock < 0 ? lock : xs_upgrade(cli->ctx, ifname, &result);
	if (lock >= 0)
		close(lock);
	if (err == -ENOENT)
		return say_none(cli, ifname);
	if (err)
		return err;
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o, s:I, s:I}", "interface", xs_json_text(ifname),
					"old_prog_id", (json_int_t)result.old_prog_id, "prog_id",
					(json_int_t)result.prog_id));
	if (!cli->json)
		printf("%s: program id %u in place of %u; sockets, counters and rules stay\n",
		       xs_shown(ifname).text, result.prog_id, result.old_prog_id);
	return 0;
}

static int do_upgrade(struct xs_cli *cli)
{
	int lock, err;

	xs_loader_opts(cli)->results = json_array();
	lock = xs_pins_lock(cli->ctx, NULL, false);
	if (lock < 0)
		return xs_loader_finish(cli, lock == -ENOENT
						     ? xs_each_operand(cli, cli->operand_cnt,
								       cli->operands, say_none)
						     : lock);
	err = xs_each_operand(cli, cli->operand_cnt, cli->operands, upgrade_one);
	close(lock);
	return xs_loader_finish(cli, err);
}

static int do_features(struct xs_cli *cli)
{
	return xs_features_show(cli, cli->operands[0]);
}

static int do_doctor(struct xs_cli *cli)
{
	return xs_doctor(cli, cli->operands[0]);
}

static const struct xs_opt attach_opts[] = {
	{ "mode", 'm', "MODE", "native, skb, or auto: native, then skb (default)",
	  XS_TO_CALL(set_mode) },
	{ "rules", 'r', "FILE", "put these rules in force before the first frame",
	  XS_TO_TEXT(struct xs_loader_opts, rules) },
	{ "xsk-missing", 0, "VERDICT",
	  "default where a queue has no socket: pass (default) or drop",
	  XS_TO_CALL(set_xsk_missing) },
	{ "prio", 'P', "PRIO", "beside other programs, through libxdp's dispatcher",
	  XS_TO_CALL(set_prio) },
	{ "replace", 0, NULL, "in place of an instance of ours; never of another's program",
	  XS_TO_FLAG(struct xs_loader_opts, attach.replace) },
	{ NULL },
};

static const struct xs_opt detach_opts[] = {
	{ "all", 'a', NULL, "every instance of this network namespace",
	  XS_TO_FLAG(struct xs_loader_opts, all) },
	{ NULL },
};

static const struct xs_opt clean_opts[] = {
	{ "dry-run", 0, NULL, "only say what would be removed",
	  XS_TO_FLAG(struct xs_loader_opts, dry_run) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "attach", "load", "IF...", "attach the program and pin its maps", attach_opts, 1, -1,
	  xs_do_attach },
	{ "detach", "unload", "IF... | --all", "detach and unpin", detach_opts, 0, -1, do_detach },
	{ "status", NULL, "[IF...]", "who holds which XDP hook", NULL, 0, -1, xs_do_status },
	{ "upgrade", NULL, "IF...", "this build's program in place of the running one", NULL, 1, -1,
	  do_upgrade },
	{ "clean", NULL, "", "remove pins whose interface or link is gone", clean_opts, 0, 0,
	  xs_do_clean },
	{ "features", NULL, "IF", "what driver and kernel offer", NULL, 1, 1, do_features },
	{ "doctor", NULL, "IF", "what would make it fail or crawl, each with its fix", NULL, 1, 1,
	  do_doctor },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct xs_loader_opts options = { 0 };
	const struct xs_tool tool = {
		.name = "xsteer-loader",
		.summary = "Attach, detach and look after xsteer's XDP program.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
