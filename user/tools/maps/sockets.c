// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps sockets: who holds each slot, and how it fares. */
#include <stdio.h>
#include <string.h>

#include "lib/api/open.h"
#include "lib/base/escape.h"
#include "lib/base/names.h"
#include "lib/instance/socket_stats.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "maps.h"
#include "lib/instance/chain_slots.h"
#include "socket_json.h"
#include "lib/api/socket_look.h"

#define RING_COLUMNS 4

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

static json_t *socket_json(__u32 slot, const char *chain, const struct xs_socket_look *look)
{
	const struct xs_owner *owner = &look->owner;
	json_t *object = json_pack("{s:I, s:s?, s:I, s:I, s:b, s:b}", "slot", (json_int_t)slot,
				   "chain", chain, "queue", (json_int_t)look->queue, "pid",
				   (json_int_t)owner->pid, "alive", look->alive, "elsewhere",
				   look->elsewhere);

	if (owner->pid) {
		json_object_set_new(object, "asked", json_string(xs_xsk_mode_name(owner->asked)));
		json_object_set_new(object, "mode", json_string(xs_xsk_mode_name(owner->mode)));
		json_object_set_new(object, "since", json_real((double)owner->since_ns / 1e9));
	}
	if (!look->err)
		add_state(object, &look->state);
	if (look->own_known)
		json_object_set_new(object, "counts", xs_socket_counts_json(&look->own));
	if (xs_socket_counts_any(&look->earlier))
		json_object_set_new(object, "earlier", xs_socket_counts_json(&look->earlier));
	return object;
}

/* Each loss is in one column. */
static void loss_cells(struct xs_grid *grid, const struct xs_socket_counts *counts)
{
	xs_grid_cell(grid, "%llu", counts->rx_ring_full);
	xs_grid_cell(grid, "%llu", counts->no_frame);
	xs_grid_cell(grid, "%llu", counts->rx_other + counts->rx_unread);
	xs_grid_cell(grid, "%llu", counts->dropped);
	xs_grid_cell(grid, "%llu", counts->tx_invalid + counts->tx_lost + counts->tx_too_long);
}

static void no_cells(struct xs_grid *grid, int cnt)
{
	for (int i = 0; i < cnt; i++)
		xs_grid_cell(grid, "-");
}

static void owner_row(struct xs_grid *grid, __u32 slot, const char *chain,
		      const struct xs_socket_look *look)
{
	xs_grid_cell(grid, "%u", slot);
	xs_grid_cell(grid, "%s", chain ? chain : "");
	xs_grid_cell(grid, "%u", look->queue);
	xs_grid_cell(grid, "%u", look->owner.pid);
	xs_grid_cell(grid, "%s", look->elsewhere ? "elsewhere" : look->alive ? "alive" : "dead");
	xs_grid_cell(grid, "%s", xs_xsk_mode_name(look->owner.asked));
	xs_grid_cell(grid, "%s", xs_xsk_mode_name(look->owner.mode));
	if (look->err) {
		no_cells(grid, RING_COLUMNS);
	} else {
		xs_grid_cell(grid, "%u", look->state.rx);
		xs_grid_cell(grid, "%u", look->state.tx);
		xs_grid_cell(grid, "%u", look->state.fill);
		xs_grid_cell(grid, "%u", look->state.completion);
	}
	if (look->own_known)
		loss_cells(grid, &look->own);
	else
		no_cells(grid, 5);
	xs_grid_cell(grid, "%s",
		     look->elsewhere		? "another PID namespace"
		     : look->in_chain		? "counted in its chain's row"
		     : look->alive && look->err ? strerror(-look->err)
						: "");
}

static void earlier_row(struct xs_grid *grid, __u32 slot, const char *chain,
			const struct xs_socket_look *look)
{
	xs_grid_cell(grid, "%u", slot);
	xs_grid_cell(grid, "%s", chain ? chain : "");
	xs_grid_cell(grid, "%u", look->queue);
	xs_grid_cell(grid, "-");
	xs_grid_cell(grid, "earlier");
	no_cells(grid, 2 + RING_COLUMNS);
	loss_cells(grid, &look->earlier);
	xs_grid_cell(grid, "%s", "");
}

int xs_do_sockets(struct xs_cli *cli)
{
	struct xs_grid *grid = xs_grid_new("Slot|?Chain|Queue|>Pid|State|?Asked|Mode|?>RX|?>TX|?"
					   ">Fill|?>Compl|>RX full|>No frame|"
					   ">RX other|>Dropped|>TX lost|Note");
	json_t *sockets = json_array();
	struct xs_pins pins;
	__u32 owners = 0;
	int err;

	err = xs_api_open(cli->ctx, &pins, cli->operands[0]);
	for (__u32 slot = 0; err >= 0 && slot < pins.all_slots; slot++) {
		struct xs_socket_look look;
		char name[XS_CHAIN_NAME_MAX];
		const char *chain;

		err = xs_socket_look(&pins, slot, &look);
		if (err)
			continue;
		chain = xs_chain_of_slot(&pins, slot, name) ? name : NULL;
		json_array_append_new(sockets, socket_json(slot, chain, &look));
		owners += look.owner.pid != 0;
		if (look.owner.pid)
			owner_row(grid, slot, chain, &look);
		if (xs_socket_counts_any(&look.earlier))
			earlier_row(grid, slot, chain, &look);
	}
	xs_pins_close(&pins);
	if (err >= 0 && !cli->json && !owners)
		printf("%s: no slot has an owner: no bouncer runs here\n",
		       xs_shown(cli->operands[0]).text);
	if (err >= 0 && !cli->json)
		xs_grid_print(grid);
	else
		xs_grid_free(grid);
	if (err >= 0 && cli->json)
		return xs_json_print(cli,
				     json_pack("{s:o, s:o}", "interface",
					       xs_json_text(cli->operands[0]), "sockets", sockets));
	json_decref(sockets);
	return err < 0 ? err : 0;
}
