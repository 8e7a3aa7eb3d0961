// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps: reads the maps of instances, never writes one. Its commands and main(). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api/open.h"
#include "dump.h"
#include "export.h"
#include "losses.h"
#include "stats.h"
#include "top.h"
#include "watch.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "maps.h"
#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/instance/place.h"

struct options {
	__u64 watch; /* seconds; 0: once */
	__u64 count; /* reports under -w; 0: until interrupted */
	bool all;
	const char *textfile;
	__u32 rules; /* most rules to export */
	bool no_chains;
	__u64 batch; /* reports of top as lines; 0: a screen */
	const char *tab, *filter, *sort;
	__u64 delay; /* of watch: milliseconds between two looks */
};

static struct options *options_of(const struct xs_cli *cli)
{
	return cli->opts;
}

static int do_stats(struct xs_cli *cli)
{
	const struct xs_stats_opts stats = { .watch_sec = options_of(cli)->watch,
					     .count = options_of(cli)->count,
					     .all = options_of(cli)->all };
	const char *ifname;
	struct xs_pins pins;
	char name[16];
	int err;

	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	err = xs_api_open(cli->ctx, &pins, ifname);
	if (!err)
		err = xs_maps_stats(cli, &pins, ifname, &stats);
	xs_pins_close(&pins);
	return err;
}

static int do_losses(struct xs_cli *cli)
{
	const struct xs_losses_opts losses = { .watch_sec = options_of(cli)->watch,
					       .count = options_of(cli)->count };
	const char *ifname;
	struct xs_pins pins;
	char name[16];
	int err;

	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	err = xs_api_open(cli->ctx, &pins, ifname);
	if (!err)
		err = xs_maps_losses(cli, &pins, ifname, &losses);
	xs_pins_close(&pins);
	return err;
}

static int do_watch(struct xs_cli *cli)
{
	const struct xs_watch_opts watch = { .delay_ms = options_of(cli)->delay,
					     .count = options_of(cli)->count,
					     .no_chains = options_of(cli)->no_chains };

	return xs_maps_watch(cli, &watch);
}

struct opened {
	struct xs_pins *pins;
	int cnt;
};

static struct xs_pins *one_more(struct opened *opened)
{
	struct xs_pins *more = realloc(opened->pins, (opened->cnt + 1) * sizeof(*more));

	if (!more)
		return NULL;
	opened->pins = more;
	return &more[opened->cnt];
}

/* By its directory, since its interface may have been renamed, and another may have its name. */
static int open_found(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct opened *opened = arg;
	struct xs_pins *pins = one_more(opened);
	int err;

	if (!pins)
		return -ENOMEM;
	if (xs_pins_is_elsewhere(dir))
		return 0;
	err = xs_pins_open_dir(ctx, pins, dir, XS_PINS_READ);
	if (err)
		return err;
	err = xs_pins_check_place(pins, pins->ifname);
	if (err) {
		xs_pins_close(pins);
		return err;
	}
	xs_instance_warn_if_gone(pins);
	opened->cnt++;
	return 0;
}

/*
 * Opens the instances named, or every one of this network namespace. On failure *opened
 * are those that could be opened.
 */
static int open_wanted(struct xs_cli *cli, int argc, char **argv, struct opened *opened)
{
	int first = 0;

	if (!argc)
		return xs_pins_each(cli->ctx, open_found, opened);
	for (int i = 0; i < argc; i++) {
		struct xs_pins *pins = one_more(opened);
		int err = pins ? xs_api_open(cli->ctx, pins, argv[i]) : -ENOMEM;

		opened->cnt += !err;
		if (err && !first)
			first = err;
	}
	return first;
}

static void close_all(struct opened *opened)
{
	for (int i = 0; i < opened->cnt; i++)
		xs_pins_close(&opened->pins[i]);
	free(opened->pins);
}

static int do_export(struct xs_cli *cli)
{
	struct xs_export_opts opts = { .rules = options_of(cli)->rules,
				       .no_chains = options_of(cli)->no_chains,
				       .textfile = options_of(cli)->textfile };
	struct opened opened = {};
	int err, err_export = 0;

	if (options_of(cli)->textfile && cli->json)
		return xs_usage(cli, "export: --textfile is for Prometheus text: leave out -j");
	err = open_wanted(cli, cli->operand_cnt, cli->operands, &opened);
	opts.failure = err ? xs_error_said(cli) : NULL;
	/* If there are none, an old file tells more than an empty one. */
	if (!err || opened.cnt)
		err_export = xs_maps_export(cli, opened.pins, opened.cnt, &opts);
	close_all(&opened);
	return err ? err : err_export;
}

static int do_top(struct xs_cli *cli)
{
	const struct options *options = options_of(cli);
	const struct xs_top_opts top = { .every_sec = options->watch ? options->watch : 1,
					 .batch = options->batch,
					 .tab = options->tab,
					 .filter = options->filter,
					 .sort = options->sort };
	struct xs_pins pins;

	for (int i = 0; i < cli->operand_cnt; i++) {
		int err = xs_api_open(cli->ctx, &pins, cli->operands[i]);

		xs_pins_close(&pins);
		if (err)
			return err;
	}
	return xs_maps_top(cli, &top);
}

static int find_map(struct xs_cli *cli, const char *name)
{
	for (int i = 0; i < XS_MAP_MAX; i++)
		if (!strcmp(name, xs_map_names[i]))
			return i;
	xs_err(cli->ctx, "no map '%s'; 'xsteer-maps list' names them", name);
	return -ENOENT;
}

static int dump_one(struct xs_cli *cli, const struct xs_pins *pins, int map, json_t *maps)
{
	json_t *rows;

	if (pins->map_fds[map] < 0)
		return 0;
	rows = xs_map_dump(cli, pins->map_fds[map], xs_map_names[map], options_of(cli)->all);
	if (!rows)
		return -EIO;
	json_object_set_new(maps, xs_map_names[map], rows);
	return 0;
}

static void print_dump(json_t *maps)
{
	const char *name;
	json_t *rows, *row;
	size_t i;

	json_object_foreach(maps, name, rows)
	{
		printf("%s:%s\n", name, json_array_size(rows) ? "" : " (no rows)");
		json_array_foreach(rows, i, row)
		{
			char *text = json_dumps(row, JSON_INDENT(2));

			printf("%s\n", text ? text : "");
			free(text);
		}
	}
}

static int do_dump(struct xs_cli *cli)
{
	json_t *maps = json_object();
	int map = -1, err = 0;
	const char *ifname;
	struct xs_pins pins;
	char name[16];

	if (cli->operand_cnt > 1)
		err = map = find_map(cli, cli->operands[1]);
	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	if (err >= 0)
		err = xs_api_open(cli->ctx, &pins, ifname);
	if (err < 0) {
		json_decref(maps);
		return err;
	}
	for (int i = 0; !err && i < XS_MAP_MAX; i++)
		if (map < 0 || i == map)
			err = dump_one(cli, &pins, i, maps);
	xs_pins_close(&pins);
	if (!err && cli->json)
		return xs_json_print(cli, json_pack("{s:o, s:o}", "interface", xs_json_text(ifname),
						    "maps", maps));
	if (!err)
		print_dump(maps);
	json_decref(maps);
	return err;
}

static const struct xs_opt stats_opts[] = {
	{ "watch", 'w', "SEC", "repeat every SEC seconds, with rates",
	  XS_TO_U64(struct options, watch, 1, 86400), .unit = "seconds" },
	{ "count", 'n', "N", "with -w: N reports, then end",
	  XS_TO_U64(struct options, count, 1, ~0ULL) },
	{ "all", 'a', NULL, "queues without traffic too", XS_TO_FLAG(struct options, all) },
	{ NULL },
};

static const struct xs_opt losses_opts[] = {
	{ "watch", 'w', "SEC", "again every SEC seconds, of these alone, with the kernel's words",
	  XS_TO_U64(struct options, watch, 1, 86400), .unit = "seconds" },
	{ "count", 'n', "N", "with -w: N reports, then end",
	  XS_TO_U64(struct options, count, 1, ~0ULL) },
	{ NULL },
};

static const struct xs_opt top_opts[] = {
	{ "watch", 'w', "SEC", "a new sample every SEC seconds (default 1)",
	  XS_TO_U64(struct options, watch, 1, 86400), .unit = "seconds" },
	{ "batch", 'b', "N", "N reports as lines, without a screen",
	  XS_TO_U64(struct options, batch, 1, ~0ULL) },
	{ "tab", 0, "TAB", "begin with queues, rules, sockets, losses or chains",
	  XS_TO_TEXT(struct options, tab) },
	{ "filter", 0, "TEXT", "only rows with TEXT in them", XS_TO_TEXT(struct options, filter) },
	{ "sort", 0, "COLUMN", "by this column, the most first", XS_TO_TEXT(struct options, sort) },
	{ NULL },
};

static const struct xs_opt watch_opts[] = {
	{ "delay", 0, "MS", "look at the maps every MS milliseconds (default 250)",
	  XS_TO_U64(struct options, delay, 10, 60000), .unit = "milliseconds" },
	{ "count", 'n', "N", "N events, then end", XS_TO_U64(struct options, count, 1, ~0ULL) },
	{ "no-chains", 0, NULL, "do not ask the brokers of chains",
	  XS_TO_FLAG(struct options, no_chains) },
	{ NULL },
};

static const struct xs_opt export_opts[] = {
	{ "rules", 0, "N", "the counters of N rules at most (default 100); 0: of none",
	  XS_TO_U32(struct options, rules, 0, 1000000) },
	{ "no-chains", 0, NULL, "do not ask the brokers of chains",
	  XS_TO_FLAG(struct options, no_chains) },
	{ "textfile", 0, "FILE", "write FILE atomically, instead of standard output",
	  XS_TO_TEXT(struct options, textfile) },
	{ NULL },
};

static const struct xs_opt dump_opts[] = {
	{ "all", 'a', NULL, "rows of zeros too", XS_TO_FLAG(struct options, all) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "list", NULL, "", "instances, their maps, ids, sizes, memory", NULL, 0, 0, xs_do_list },
	{ "stats", NULL, "IF", "counters by queue: packets, verdicts, reasons", stats_opts, 1, 1,
	  do_stats },
	{ "dump", NULL, "IF [MAP]", "maps decoded by BTF, summed over CPUs", dump_opts, 1, 2,
	  do_dump },
	{ "sockets", NULL, "IF", "who holds each slot, and how it fares", NULL, 1, 1,
	  xs_do_sockets },
	{ "losses", NULL, "IF", "what happened to frames, each loss with cause and remedy",
	  losses_opts, 1, 1, do_losses },
	{ "top", NULL, "[IF...]", "live: queues, rules, sockets, losses, chains", top_opts, 0, -1,
	  do_top },
	{ "watch", NULL, "[IF]", "an event a line: attach, apply, owners, chains, link", watch_opts,
	  0, 1, do_watch },
	{ "export", NULL, "[IF...]", "counters as Prometheus text", export_opts, 0, -1, do_export },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct options options = { .rules = 100, .delay = 250 };
	const struct xs_tool tool = {
		.name = "xsteer-maps",
		.summary = "Look at the maps of xsteer's instances.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
