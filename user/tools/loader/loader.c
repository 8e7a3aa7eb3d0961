// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader: its commands and options, and its main(). */
#include <string.h>

#include "doctor.h"
#include "features.h"
#include "lib/instance/place.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "loader.h"

static int set_mode(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_loader_opts *options = opts;

	for (__u32 mode = 0; mode <= XSTEER_MODE_SKB; mode++) {
		if (strcmp(arg, xsteer_mode_name(mode)))
			continue;
		options->attach.mode = mode;
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
	options->attach.prio = (__u32)prio;
	return 0;
}

static int set_xsk_missing(struct xs_cli *cli, void *opts, const char *arg)
{
	struct xs_loader_opts *options = opts;

	if (strcmp(arg, "pass") && strcmp(arg, "drop"))
		return xs_usage(cli, "--xsk-missing '%s' is neither pass nor drop", arg);
	options->attach.missing = strcmp(arg, "drop") ? XSTEER_MISSING_PASS : XSTEER_MISSING_DROP;
	return 0;
}

/* Works on every operand, goes on after a failure, and returns the first one. */
int xs_each_operand(struct xs_cli *cli, int argc, char **argv,
		    int (*work)(struct xs_cli *cli, const char *ifname))
{
	int first = 0;

	for (int i = 0; i < argc; i++) {
		char name[16];
		const char *ifname = xs_interface_called(cli->ctx, argv[i], name);
		int err;

		xs_error_mark(cli);
		err = work(cli, ifname);
		if (err && !xs_error_said(cli)[0])
			xs_err(cli->ctx, "%s: %s: %s", ifname, cli->cmd->name, strerror(-err));
		if (err)
			xs_results_add_failure(cli, xs_loader_opts(cli)->results, "interface",
					       ifname, err);
		if (err && !first)
			first = err;
	}
	return first;
}

int xs_loader_finish(struct xs_cli *cli, int err)
{
	if (cli->json)
		return xs_results_print(cli, json_object(), "instances",
					xs_loader_opts(cli)->results, err);
	json_decref(xs_loader_opts(cli)->results);
	return err;
}

static int do_features(struct xs_cli *cli)
{
	char name[16];

	return xs_features_show(cli, xs_interface_called(cli->ctx, cli->operands[0], name));
}

static int do_doctor(struct xs_cli *cli)
{
	char name[16];

	return xs_doctor(cli, xs_interface_called(cli->ctx, cli->operands[0], name));
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
	  XS_TO_FLAG(struct xs_loader_opts, replace) },
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

static const struct xs_opt reserve_opts[] = {
	{ "dry-run", 0, NULL, "only say what would be done",
	  XS_TO_FLAG(struct xs_loader_opts, dry_run) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "attach", "load", "IF...", "attach the program and pin its maps", attach_opts, 1, -1,
	  xs_do_attach },
	{ "detach", "unload", "IF... | --all", "detach and unpin", detach_opts, 0, -1,
	  xs_do_detach },
	{ "status", NULL, "[IF...]", "who holds which XDP hook", NULL, 0, -1, xs_do_status },
	{ "upgrade", NULL, "IF...", "replace the running program by this build's", NULL, 1, -1,
	  xs_do_upgrade },
	{ "clean", NULL, "", "remove pins whose interface or link is gone", clean_opts, 0, 0,
	  xs_do_clean },
	{ "features", NULL, "IF", "what driver and kernel offer", NULL, 1, 1, do_features },
	{ "doctor", NULL, "IF", "what would make it fail or be slow, each with its fix", NULL, 1, 1,
	  do_doctor },
	{ "queues", NULL, "IF", "each queue: IRQ, CPU, socket, losses, its share, its rules", NULL,
	  1, 1, xs_do_queues },
	{ "reserve", NULL, "IF QUEUES", "take queues out of RSS, for steered flows alone",
	  reserve_opts, 2, 2, xs_do_reserve },
	{ "release", NULL, "IF", "undo reserve", NULL, 1, 1, xs_do_release },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct xs_loader_opts options = { .attach.sz = sizeof(options.attach) };
	const struct xs_tool tool = {
		.name = "xsteer-loader",
		.summary = "Attach, detach and look after xsteer's XDP program.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
