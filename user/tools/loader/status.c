// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader status: shows who holds which XDP hook. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <xsteer/xsteer.h>

#include "lib/api/status.h"
#include "lib/base/escape.h"
#include "lib/instance/dir.h"
#include "lib/net/netif.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "tools/cli/grid.h"
#include "loader.h"
#include "reserve_look.h"

struct status {
	struct xs_cli *cli;
	struct xs_grid *grid;
	FILE *below; /* lines that follow the grid */
	char *below_text;
	size_t below_len;
	json_t *list;
	bool named; /* interfaces were given: also report an empty one */
	bool blind; /* pins cannot be looked for */
};

static const char *const state_names[] = {
	[XSTEER_STATE_NONE] = "none",	      [XSTEER_STATE_ATTACHED] = "attached",
	[XSTEER_STATE_STALE] = "stale",	      [XSTEER_STATE_FOREIGN] = "foreign",
	[XSTEER_STATE_UNUSABLE] = "unusable", [XSTEER_STATE_UNKNOWN] = "unknown",
};

static const char *const by_names[] = {
	[XSTEER_BY_NONE] = "-",		 [XSTEER_BY_LINK] = "link",
	[XSTEER_BY_NETLINK] = "netlink", [XSTEER_BY_DISPATCHER] = "dispatcher",
	[XSTEER_BY_UNKNOWN] = "unknown",
};

static bool is_instance(const struct xsteer_status *got)
{
	return got->state == XSTEER_STATE_ATTACHED || got->state == XSTEER_STATE_STALE ||
	       got->state == XSTEER_STATE_UNKNOWN;
}

static void put_reserved(struct status *status, const struct xsteer_status *got,
			 const struct xs_reserve_look *look, json_t *row)
{
	__u64 packets = 0, by_no_rule = 0;
	char queues[256];

	xs_queue_list_text(&look->queues, queues, sizeof(queues));
	for (__u32 i = 0; i < look->queues.cnt; i++) {
		packets += look->since[i].packets;
		by_no_rule += look->since[i].by_no_rule;
	}
	json_object_set_new(row, "reserved",
			    json_pack("{s:o, s:s, s:I}", "queues", xs_reserve_counts_json(look),
				      "table", xs_reserve_table_name(look->table), "flows",
				      (json_int_t)look->flow_cnt));
	if (!status->below)
		return;
	fprintf(status->below, "%s: %s %s reserved: %llu frame%s came since, %llu by no rule%s\n",
		xs_shown(got->ifname).text, queues, xs_queue_list_is(&look->queues), packets,
		xs_s(packets), by_no_rule,
		look->table == XS_RESERVE_TABLE_changed ? "; somebody has changed the RSS table"
							: "");
}

static void add_reserved(struct status *status, const struct xsteer_status *got, json_t *row)
{
	struct xs_reserve_look *look = NULL;
	struct xs_pins pins;

	if (xs_pins_open(status->cli->ctx, &pins, got->ifname, XS_PINS_READ))
		return;
	if (xs_reserve_look(&pins, &look) > 0)
		put_reserved(status, got, look, row);
	free(look);
	xs_pins_close(&pins);
}

static void show_row(struct status *status, const struct xsteer_status *got)
{
	const char *mode = got->mode == XSTEER_MODE_AUTO ? "-" : xsteer_mode_name(got->mode);
	json_t *row = json_pack("{s:o, s:s, s:s, s:I, s:o, s:s}", "interface",
				xs_json_text(got->ifname), "state", state_names[got->state], "mode",
				mode, "prog_id", (json_int_t)got->prog_id, "program",
				xs_json_text(got->prog_name), "by", by_names[got->by]);
	bool ours = is_instance(got);

	if (ours) {
		json_object_set_new(row, "slots", json_integer(got->slots));
		json_object_set_new(row, "sockets", json_integer(got->sockets));
		json_object_set_new(row, "generation", json_integer((json_int_t)got->generation));
		json_object_set_new(row, "automatic",
				    json_boolean(got->flags & XSTEER_STATUS_AUTOMATIC));
		json_object_set_new(row, "limits", json_boolean(got->flags & XSTEER_STATUS_LIMITS));
		add_reserved(status, got, row);
	}
	json_array_append_new(status->list, row);
	xs_grid_cell(status->grid, "%s", got->ifname);
	xs_grid_cell(status->grid, "%s", state_names[got->state]);
	xs_grid_cell(status->grid, "%s", mode);
	xs_grid_cell(status->grid, "%s", by_names[got->by]);
	xs_grid_cell(status->grid, got->prog_id ? "%u" : "-", got->prog_id);
	xs_grid_cell(status->grid, "%s", got->prog_name[0] ? got->prog_name : "-");
	xs_grid_cell(status->grid, ours ? "%u" : "-", got->sockets);
	xs_grid_cell(status->grid, ours ? "%llu" : "-", (unsigned long long)got->generation);
}

/*
 * An interface that fails to answer must not end the list. If pins cannot be looked
 * for, only what is on a hook is known.
 */
static int show_interface(__u32 ifindex, const char *ifname, void *arg)
{
	struct status *status = arg;
	struct xsteer_status got;

	xs_status_get(status->cli->ctx, ifindex, ifname, !status->blind, &got);
	if (status->named || got.prog_id || (got.state != XSTEER_STATE_NONE && !status->blind))
		show_row(status, &got);
	return 0;
}

static bool may_not_look(const struct xs_cli *cli)
{
	char path[PATH_MAX + 2];

	snprintf(path, sizeof(path), "%s/.", cli->pin_root);
	return access(path, F_OK) && errno == EACCES;
}

int xs_do_status(struct xs_cli *cli)
{
	struct status status = {
		.cli = cli,
		.grid = xs_grid_new(
			"Interface|State|Mode|By|>Prog id|Program|>Sockets|>Generation"),
		.list = json_array(),
		.named = cli->operand_cnt > 0,
	};
	int err = 0, err_find;

	status.below = open_memstream(&status.below_text, &status.below_len);
	if (!may_not_look(cli)) {
		err = xs_pins_check_bpffs(cli->ctx);
		status.blind = err;
	} else {
		status.blind = true;
		xs_warn(cli->ctx,
			"cannot look into %s: Permission denied: what is xsteer's is not known; "
			"run as root, or as the owner of the pins",
			cli->pin_root);
	}
	for (int i = 0; i < cli->operand_cnt; i++) {
		char ifname[16];
		__u32 ifindex;

		xs_error_mark(cli);
		err_find = xs_status_find(cli->ctx, cli->operands[i], &ifindex, ifname);
		if (!err_find) {
			show_interface(ifindex, ifname, &status);
			continue;
		}
		err = xs_results_add_failure(cli, status.list, "interface", cli->operands[i],
					     err_find);
	}
	if (!cli->operand_cnt) {
		int err_list = xs_netif_each(cli->ctx, show_interface, &status);

		err = err_list ? err_list : err;
	}
	if (status.below)
		fclose(status.below);
	if (cli->json) {
		xs_grid_free(status.grid);
		free(status.below_text);
		return xs_results_print(cli, json_object(), "interfaces", status.list, err);
	}
	json_decref(status.list);
	xs_grid_print(status.grid);
	if (status.below)
		fputs(status.below_text, stdout);
	free(status.below_text);
	return err;
}
