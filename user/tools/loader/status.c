// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader status: who holds which XDP hook. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "lib/set/sets.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rows.h"
#include "tools/cli/table.h"
#include "loader.h"
#include "lib/instance/owners.h"

struct status {
	struct xs_cli *cli;
	struct xs_table *table;
	json_t *list;
	bool named; /* interfaces were given: say so of an empty one too */
	bool blind; /* cannot look for pins */
};

static const char *hook_mode(const struct xs_hook *hook)
{
	return hook->native ? "native" : hook->skb ? "skb" : hook->hardware ? "hw" : "-";
}

static void show_row(struct status *status, const char *ifname, const struct xs_hook *hook,
		     const struct xs_pins *ours, const char *state)
{
	const char *by = !hook->prog_id		       ? "-"
			 : hook->dispatcher	       ? "dispatcher"
			 : hook->by == XS_HOOK_LINK    ? "link"
			 : hook->by == XS_HOOK_NETLINK ? "netlink"
						       : "unknown";
	json_t *row = json_pack("{s:o, s:s, s:s, s:I, s:o, s:s}", "interface", xs_json_text(ifname),
				"state", state, "mode", hook_mode(hook), "prog_id",
				(json_int_t)hook->prog_id, "program", xs_json_text(hook->prog_name),
				"by", by);
	__u64 generation = ours ? xs_rule_sets_generation(ours) : 0;
	__u32 sockets = ours ? xs_owners_alive(ours) : 0;

	if (ours) {
		json_object_set_new(row, "slots", json_integer(ours->slots));
		json_object_set_new(row, "sockets", json_integer(sockets));
		json_object_set_new(row, "generation", json_integer(generation));
		json_object_set_new(row, "automatic",
				    json_boolean(ours->meta.flags & XS_META_AUTO));
	}
	json_array_append_new(status->list, row);
	xs_table_cell(status->table, "%s", ifname);
	xs_table_cell(status->table, "%s", state);
	xs_table_cell(status->table, "%s", hook_mode(hook));
	xs_table_cell(status->table, "%s", by);
	xs_table_cell(status->table, hook->prog_id ? "%u" : "-", hook->prog_id);
	xs_table_cell(status->table, "%s", hook->prog_name[0] ? hook->prog_name : "-");
	xs_table_cell(status->table, ours ? "%u" : "-", sockets);
	xs_table_cell(status->table, ours ? "%llu" : "-", generation);
}

/* An interface that fails to answer must not end the listing. */
static int show_interface(__u32 ifindex, const char *ifname, void *arg)
{
	struct status *status = arg;
	struct xs_cli *cli = status->cli;
	struct xs_hook hook = {};
	struct xs_pins pins;
	struct xs_live live;
	int held, err;

	held = xs_netif_hook(ifindex, &hook);
	err = status->blind ? -EACCES : xs_pins_open(cli->ctx, &pins, ifname, XS_PINS_READ);
	if (!err) {
		const char *state = xs_instance_live(&pins, &live) ? "unknown"
				    : live.attached		   ? "attached"
								   : "stale";

		show_row(status, ifname, &hook, &pins, state);
		xs_pins_close(&pins);
	} else if (held == 1 || (err != -ENOENT && (!status->blind || status->named))) {
		show_row(status, ifname, &hook, NULL, err == -ENOENT ? "foreign" : "unusable");
	} else if (status->named) {
		show_row(status, ifname, &hook, NULL, "none");
	}
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
		.table = xs_table_new(
			"Interface|State|Mode|By|>Prog id|Program|>Sockets|>Generation"),
		.list = json_array(),
		.named = cli->operand_cnt > 0,
	};
	int err = 0, err_find;

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

		err_find = xs_netif_find(cli->operands[i], &ifindex, ifname);
		if (!err_find) {
			show_interface(ifindex, ifname, &status);
			continue;
		}
		xs_error_mark(cli);
		if (err_find == -ENODEV)
			xs_err(cli->ctx,
			       "no interface %s in this network namespace: 'ip link' lists them",
			       cli->operands[i]);
		else
			xs_err(cli->ctx, "cannot ask for interface %s: %s", cli->operands[i],
			       strerror(-err_find));
		err = xs_rows_add_failure(cli, status.list, "interface", cli->operands[i],
					  err_find);
	}
	if (!cli->operand_cnt) {
		int err_list = xs_netif_each(cli->ctx, show_interface, &status);

		err = err_list ? err_list : err;
	}
	if (cli->json) {
		xs_table_free(status.table);
		return xs_rows_print(cli, json_object(), "interfaces", status.list, err);
	}
	json_decref(status.list);
	xs_table_print(status.table);
	return err;
}
