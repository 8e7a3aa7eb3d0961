// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps sockets: who holds each slot, and how it fares. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api/open.h"
#include "lib/base/escape.h"
#include "lib/base/names.h"
#include "lib/xsk/peek.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/table.h"
#include "maps.h"
#include "lib/instance/chain_slots.h"
#include "lib/instance/owners.h"

static json_t *socket_json(__u32 slot, const char *chain, const struct xs_owner *owner, bool alive)
{
	return json_pack("{s:I, s:s?, s:I, s:I, s:b, s:b, s:s, s:s, s:f}", "slot", (json_int_t)slot,
			 "chain", chain, "queue", (json_int_t)owner->queue, "pid",
			 (json_int_t)owner->pid, "alive", alive, "elsewhere",
			 xs_owner_is_elsewhere(owner), "asked", xs_xsk_mode_name(owner->asked),
			 "mode", xs_xsk_mode_name(owner->mode), "since", owner->since_ns / 1e9);
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

static void socket_cells(struct xs_table *table, __u32 slot, const char *chain,
			 const struct xs_owner *owner, bool alive, const struct xs_xsk_state *state,
			 int err)
{
	bool elsewhere = xs_owner_is_elsewhere(owner);

	xs_table_cell(table, "%u", slot);
	xs_table_cell(table, "%s", chain ? chain : "");
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

int xs_do_sockets(struct xs_cli *cli)
{
	struct xs_table *table = xs_table_new(
		"Slot|?Chain|Queue|>Pid|State|?Asked|Mode|>RX|>TX|>Fill|>Compl|>Dropped|>RX full|"
		">No fill|Note");
	json_t *sockets = json_array();
	struct xs_pins pins;
	int err;

	err = xs_api_open(cli->ctx, &pins, cli->operands[0]);
	for (__u32 slot = 0; !err && slot < pins.all_slots; slot++) {
		struct xs_xsk_state state;
		char name[XS_CHAIN_NAME_MAX];
		const char *chain;
		struct xs_owner owner;
		json_t *object;
		bool alive;
		int peek;

		err = xs_owner_get(&pins, slot, &owner);
		if (err || !owner.pid)
			continue;
		alive = xs_owner_alive(&owner);
		chain = xs_chain_of_slot(&pins, slot, name) ? name : NULL;
		peek = alive && !xs_owner_is_elsewhere(&owner)
			       ? xs_xsk_peek(owner.pid, owner.fd, &state)
			       : -ESRCH;
		object = socket_json(slot, chain, &owner, alive);
		if (!peek)
			add_state(object, &state);
		json_array_append_new(sockets, object);
		socket_cells(table, slot, chain, &owner, alive, &state, peek);
	}
	xs_pins_close(&pins);
	if (!err && !cli->json && !json_array_size(sockets))
		printf("%s: no slot has an owner: no bouncer runs here\n",
		       xs_shown(cli->operands[0]).text);
	if (!err && !cli->json)
		xs_table_print(table);
	else
		xs_table_free(table);
	if (!err && cli->json)
		return xs_json_print(cli,
				     json_pack("{s:o, s:o}", "interface",
					       xs_json_text(cli->operands[0]), "sockets", sockets));
	json_decref(sockets);
	return err;
}
