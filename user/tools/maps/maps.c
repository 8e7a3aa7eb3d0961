// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps: look at the maps of instances. Never writes one. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/cli/cli.h"
#include "dump.h"
#include "export.h"
#include "stats.h"
#include "top.h"
#include "lib/base/names.h"
#include "lib/instance/pins.h"
#include "tools/cli/rows.h"
#include "tools/cli/json.h"
#include "tools/cli/table.h"
#include "lib/xsk/peek.h"
#include "lib/instance/owners.h"
#include "lib/instance/dir.h"

struct options {
	__u64 watch; /* seconds; 0: once */
	__u64 count; /* reports under -w; 0: until interrupted */
	bool all;
	const char *textfile;
};

static struct options *options_of(const struct xs_cli *cli)
{
	return cli->opts;
}

static int open_instance(struct xs_cli *cli, struct xs_pins *pins, const char *ifname)
{
	int err = xs_pins_open(cli->ctx, pins, ifname, XS_PINS_READ);

	if (err == -ENOENT)
		xs_err(cli->ctx,
		       "%s: no xsteer instance in %s: is xsteer attached? "
		       "'xsteer-loader attach %s' does it",
		       ifname, cli->pin_root, ifname);
	return err;
}

/* ---- list ---- */

struct listing {
	struct xs_cli *cli;
	struct xs_table *table;
	json_t *instances;
};

/* Bytes that the kernel charges for the map, as bpftool shows them; 0: not said. */
static __u64 map_memory(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	if (info)
		fclose(info);
	return bytes;
}

static void list_map(struct listing *listing, const struct xs_pins *pins, int i, json_t *maps)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd = pins->map_fds[i];

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	json_array_append_new(maps, json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I}", "name",
					      xs_map_names[i], "id", (json_int_t)info.id, "type",
					      libbpf_bpf_map_type_str(info.type), "max_entries",
					      (json_int_t)info.max_entries, "key_bytes",
					      (json_int_t)info.key_size, "value_bytes",
					      (json_int_t)info.value_size, "memory_bytes",
					      (json_int_t)map_memory(fd)));
	xs_table_cell(listing->table, "%s", pins->ifname);
	xs_table_cell(listing->table, "%s", xs_map_names[i]);
	xs_table_cell(listing->table, "%s", libbpf_bpf_map_type_str(info.type));
	xs_table_cell(listing->table, "%u", info.id);
	xs_table_cell(listing->table, "%u", info.max_entries);
	xs_table_cell(listing->table, "%u", info.key_size);
	xs_table_cell(listing->table, "%u", info.value_size);
	xs_table_cell(listing->table, "%llu", map_memory(fd));
}

static int list_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct listing *listing = arg;
	struct xs_cli *cli = listing->cli;
	json_t *maps = json_array();
	struct xs_pins pins;
	int err;

	xs_error_mark(cli);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (err) {
		json_decref(maps);
		return xs_rows_add_failure(cli, listing->instances, "dir", dir, err);
	}
	for (int i = 0; i < XS_MAP_MAX; i++)
		list_map(listing, &pins, i, maps);
	json_array_append_new(listing->instances,
			      json_pack("{s:s, s:s, s:I, s:I, s:b, s:o}", "interface", pins.ifname,
					"dir", dir, "ifindex", (json_int_t)pins.meta.ifindex,
					"netns_inode", (json_int_t)pins.meta.netns_inode,
					"this_netns", pins.meta.netns_inode == xs_netns_inode(),
					"maps", maps));
	xs_pins_close(&pins);
	return 0;
}

static int do_list(struct xs_cli *cli)
{
	struct listing listing = {
		.cli = cli,
		.table = xs_table_new("Interface|Map|Type|>Id|>Entries|>Key|>Value|>Memory"),
		.instances = json_array(),
	};
	int err = xs_pins_each(cli->ctx, list_instance, &listing);

	if (cli->json) {
		xs_table_free(listing.table);
		return xs_rows_print(cli, json_object(), "instances", listing.instances, err);
	}
	json_decref(listing.instances);
	xs_table_print(listing.table);
	return err;
}

/* ---- stats, top, export ---- */

static int do_stats(struct xs_cli *cli)
{
	const struct xs_stats_opts stats = { .watch_sec = options_of(cli)->watch,
					     .count = options_of(cli)->count,
					     .all = options_of(cli)->all };
	struct xs_pins pins;
	int err;

	err = open_instance(cli, &pins, cli->operands[0]);
	if (!err)
		err = xs_maps_stats(cli, &pins, cli->operands[0], &stats);
	xs_pins_close(&pins);
	return err;
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

/* By its directory: its interface may have been renamed, and its name be another's. */
static int open_found(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct opened *opened = arg;
	struct xs_pins *pins = one_more(opened);
	char ifname[IF_NAMESIZE];
	int err;

	if (!pins)
		return -ENOMEM;
	if (xs_pins_is_elsewhere(dir))
		return 0;
	err = xs_pins_open_dir(ctx, pins, dir, XS_PINS_READ);
	if (err)
		return err;
	if (if_indextoname(pins->meta.ifindex, ifname)) {
		opened->cnt++;
		return 0;
	}
	xs_err(ctx, "interface %s of %s is gone: 'xsteer-loader clean' removes its pins",
	       pins->ifname, dir);
	xs_pins_close(pins);
	return -ESTALE;
}

/*
 * The instances named, or every one of this network namespace. On failure
 * *opened are those that could be opened.
 */
static int open_wanted(struct xs_cli *cli, int argc, char **argv, struct opened *opened)
{
	int first = 0;

	if (!argc)
		return xs_pins_each(cli->ctx, open_found, opened);
	for (int i = 0; i < argc; i++) {
		struct xs_pins *pins = one_more(opened);
		int err = pins ? open_instance(cli, pins, argv[i]) : -ENOMEM;

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
	struct opened opened = {};
	int err, err_export = 0;

	if (options_of(cli)->textfile && cli->json)
		return xs_usage(cli, "export: --textfile is for Prometheus text: leave out -j");
	err = open_wanted(cli, cli->operand_cnt, cli->operands, &opened);
	/* without any, an old file tells more than an empty one */
	if (!err || opened.cnt)
		err_export = xs_maps_export(cli, opened.pins, opened.cnt, options_of(cli)->textfile,
					    err ? xs_error_said(cli) : NULL);
	close_all(&opened);
	return err ? err : err_export;
}

static int do_top(struct xs_cli *cli)
{
	struct opened opened = {};
	int err;

	err = open_wanted(cli, cli->operand_cnt, cli->operands, &opened);
	if (!err || (!cli->operand_cnt && opened.cnt))
		err = xs_maps_top(cli, opened.pins, opened.cnt);
	close_all(&opened);
	return err;
}

/* ---- dump ---- */

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
	struct xs_pins pins;

	if (cli->operand_cnt > 1)
		err = map = find_map(cli, cli->operands[1]);
	if (err >= 0)
		err = open_instance(cli, &pins, cli->operands[0]);
	if (err < 0) {
		json_decref(maps);
		return err;
	}
	for (int i = 0; !err && i < XS_MAP_MAX; i++)
		if (map < 0 || i == map)
			err = dump_one(cli, &pins, i, maps);
	xs_pins_close(&pins);
	if (!err && cli->json)
		return xs_json_print(
			cli, json_pack("{s:s, s:o}", "interface", cli->operands[0], "maps", maps));
	if (!err)
		print_dump(maps);
	json_decref(maps);
	return err;
}

/* ---- sockets ---- */

static json_t *socket_json(__u32 slot, const struct xs_owner *owner, bool alive)
{
	return json_pack("{s:I, s:I, s:I, s:b, s:b, s:s, s:s, s:f}", "slot", (json_int_t)slot,
			 "queue", (json_int_t)owner->queue, "pid", (json_int_t)owner->pid, "alive",
			 alive, "elsewhere", xs_owner_is_elsewhere(owner), "asked",
			 xs_xsk_mode_name(owner->asked), "mode", xs_xsk_mode_name(owner->mode),
			 "since", owner->since_ns / 1e9);
}

static void add_state(json_t *object, const struct xs_xsk_state *state)
{
	const struct xdp_statistics *stats = &state->stats;

	json_object_set_new(object, "rings",
			    json_pack("{s:I, s:I, s:I, s:I}", "rx", (json_int_t)state->rx, "tx",
				      (json_int_t)state->tx, "fill", (json_int_t)state->fill,
				      "completion", (json_int_t)state->completion));
	json_object_set_new(object, "statistics",
			    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rx_dropped",
				      (json_int_t)stats->rx_dropped, "rx_invalid_descs",
				      (json_int_t)stats->rx_invalid_descs, "tx_invalid_descs",
				      (json_int_t)stats->tx_invalid_descs, "rx_ring_full",
				      (json_int_t)stats->rx_ring_full, "rx_fill_ring_empty_descs",
				      (json_int_t)stats->rx_fill_ring_empty_descs,
				      "tx_ring_empty_descs",
				      (json_int_t)stats->tx_ring_empty_descs));
}

static void socket_cells(struct xs_table *table, __u32 slot, const struct xs_owner *owner,
			 bool alive, const struct xs_xsk_state *state, int err)
{
	bool elsewhere = xs_owner_is_elsewhere(owner);

	xs_table_cell(table, "%u", slot);
	xs_table_cell(table, "%u", owner->queue);
	xs_table_cell(table, "%u", owner->pid);
	xs_table_cell(table, "%s", elsewhere ? "elsewhere" : alive ? "alive" : "dead");
	xs_table_cell(table, "%s", xs_xsk_mode_name(owner->asked));
	xs_table_cell(table, "%s", xs_xsk_mode_name(owner->mode));
	if (err) {
		for (int i = 0; i < 7; i++)
			xs_table_cell(table, "-");
		xs_table_cell(table, "%s",
			      elsewhere ? "another PID namespace"
			      : alive	? strerror(-err)
					: "");
		return;
	}
	xs_table_cell(table, "%u", state->rx);
	xs_table_cell(table, "%u", state->tx);
	xs_table_cell(table, "%u", state->fill);
	xs_table_cell(table, "%u", state->completion);
	xs_table_cell(table, "%llu", state->stats.rx_dropped);
	xs_table_cell(table, "%llu", state->stats.rx_ring_full);
	xs_table_cell(table, "%llu", state->stats.rx_fill_ring_empty_descs);
	xs_table_cell(table, "%s", "");
}

static int do_sockets(struct xs_cli *cli)
{
	struct xs_table *table = xs_table_new(
		"Slot|Queue|>Pid|State|Asked|Mode|>RX ring|>TX ring|>Fill ring|>Completion|"
		">Dropped|>RX ring full|>Fill ring empty|Note");
	json_t *sockets = json_array();
	struct xs_pins pins;
	int err;

	err = open_instance(cli, &pins, cli->operands[0]);
	for (__u32 slot = 0; !err && slot < pins.slots; slot++) {
		struct xs_xsk_state state;
		struct xs_owner owner;
		json_t *object;
		bool alive;
		int peek;

		err = xs_owner_get(&pins, slot, &owner);
		if (err || !owner.pid)
			continue;
		alive = xs_owner_alive(&owner);
		peek = alive && !xs_owner_is_elsewhere(&owner)
			       ? xs_xsk_peek(owner.pid, owner.fd, &state)
			       : -ESRCH;
		object = socket_json(slot, &owner, alive);
		if (!peek)
			add_state(object, &state);
		json_array_append_new(sockets, object);
		socket_cells(table, slot, &owner, alive, &state, peek);
	}
	xs_pins_close(&pins);
	if (!err && !cli->json)
		xs_table_print(table);
	else
		xs_table_free(table);
	if (!err && cli->json)
		return xs_json_print(cli, json_pack("{s:s, s:o}", "interface", cli->operands[0],
						    "sockets", sockets));
	json_decref(sockets);
	return err;
}

static const struct xs_opt stats_opts[] = {
	{ "watch", 'w', "SEC", "again every SEC seconds, with rates",
	  XS_TO_U64(struct options, watch, 1, 86400), .unit = "seconds" },
	{ "count", 'n', "N", "with -w: N reports, then end",
	  XS_TO_U64(struct options, count, 1, ~0ULL) },
	{ "all", 'a', NULL, "queues without traffic too", XS_TO_FLAG(struct options, all) },
	{ NULL },
};

static const struct xs_opt export_opts[] = {
	{ "textfile", 0, "FILE", "write FILE at one stroke, instead of standard output",
	  XS_TO_TEXT(struct options, textfile) },
	{ NULL },
};

static const struct xs_opt dump_opts[] = {
	{ "all", 'a', NULL, "rows of zeros too", XS_TO_FLAG(struct options, all) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "list", NULL, "", "instances, their maps, ids, sizes, memory", NULL, 0, 0, do_list },
	{ "stats", NULL, "IF", "counters by queue: packets, verdicts, reasons", stats_opts, 1, 1,
	  do_stats },
	{ "dump", NULL, "IF [MAP]", "maps decoded by BTF, summed over CPUs", dump_opts, 1, 2,
	  do_dump },
	{ "sockets", NULL, "IF", "who holds each slot, and how it fares", NULL, 1, 1, do_sockets },
	{ "top", NULL, "[IF...]", "full-screen: rates by queue, live", NULL, 0, -1, do_top },
	{ "export", NULL, "[IF...]", "counters as Prometheus text", export_opts, 0, -1, do_export },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const struct xs_tool tool = {
		.name = "xsteer-maps",
		.summary = "Look at the maps of xsteer's instances.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
