// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps sockets: who holds each slot, and how it fares. */
#include <stdio.h>
#include <string.h>

#include <xsteer/xsteer.h>

#include "lib/base/escape.h"
#include "lib/instance/place.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "maps.h"
#include "socket_json.h"

#define RING_COLUMNS 4
#define LOSS_COLUMNS 5

struct shown_slots {
	struct xs_grid *grid;
	json_t *sockets;
	__u32 owners;
};

static bool has_counted(const struct xsteer_slot *slot)
{
	for (__u32 i = 0; i < slot->count; i++)
		if (slot->earlier[i])
			return true;
	return false;
}

/* ---- as JSON ---- */

static void add_state(json_t *object, const struct xsteer_slot *slot)
{
	json_object_set_new(object, "rings",
			    json_pack("{s:I, s:I, s:I, s:I}", "rx", (json_int_t)slot->rx_ring, "tx",
				      (json_int_t)slot->tx_ring, "fill",
				      (json_int_t)slot->fill_ring, "completion",
				      (json_int_t)slot->completion_ring));
	json_object_set_new(
		object, "statistics",
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rx_dropped",
			  (json_int_t)slot->kernel_rx_dropped, "rx_invalid_descs",
			  (json_int_t)slot->kernel_rx_invalid, "tx_invalid_descs",
			  (json_int_t)slot->kernel_tx_invalid, "rx_ring_full",
			  (json_int_t)slot->kernel_rx_ring_full, "rx_fill_ring_empty_descs",
			  (json_int_t)slot->kernel_fill_ring_empty, "tx_ring_empty_descs",
			  (json_int_t)slot->kernel_tx_ring_empty));
}

static void add_owner(json_t *object, const struct xsteer_owner *owner)
{
	json_object_set_new(object, "asked", json_string(xsteer_xsk_mode_name(owner->asked)));
	json_object_set_new(object, "mode", json_string(xsteer_xsk_mode_name(owner->mode)));
	json_object_set_new(object, "since", json_real((double)owner->since_ns / 1e9));
}

static json_t *slot_json(const struct xsteer_slot *slot)
{
	const struct xsteer_owner *owner = slot->owner;
	json_t *object = json_pack("{s:I, s:s?, s:I, s:I, s:b, s:b}", "slot",
				   (json_int_t)slot->slot, "chain", slot->chain, "queue",
				   (json_int_t)slot->queue, "pid",
				   (json_int_t)(owner ? owner->pid : 0), "alive",
				   owner && owner->state != XSTEER_OWNER_DEAD, "elsewhere",
				   owner && owner->state == XSTEER_OWNER_ELSEWHERE);

	if (owner)
		add_owner(object, owner);
	if (!slot->error)
		add_state(object, slot);
	if (slot->counts)
		json_object_set_new(object, "counts", xs_socket_counts_json(slot->counts));
	if (has_counted(slot))
		json_object_set_new(object, "earlier", xs_socket_counts_json(slot->earlier));
	return object;
}

/* ---- as rows ---- */

static void no_cells(struct xs_grid *grid, int cnt)
{
	for (int i = 0; i < cnt; i++)
		xs_grid_cell(grid, "-");
}

/* Each loss is in one column, some in the same. */
static void loss_cells(struct xs_grid *grid, const uint64_t *counts)
{
	static const char *const columns[LOSS_COLUMNS][3] = {
		{ "lost_rx_ring_full" },
		{ "lost_no_frame" },
		{ "lost_rx_other", "lost_rx_unread" },
		{ "lost_dropped" },
		{ "lost_tx_invalid", "lost_tx_lost", "lost_tx_too_long" },
	};

	for (int column = 0; column < LOSS_COLUMNS; column++) {
		unsigned long long sum = 0;

		for (int i = 0; i < 3 && columns[column][i]; i++)
			for (__u32 c = 0; c < xsteer_slot_counter_count(); c++)
				if (!strcmp(columns[column][i], xsteer_slot_counter_name(c)))
					sum += counts[c];
		xs_grid_cell(grid, "%llu", sum);
	}
}

static void ring_cells(struct xs_grid *grid, const struct xsteer_slot *slot)
{
	xs_grid_cell(grid, "%u", slot->rx_ring);
	xs_grid_cell(grid, "%u", slot->tx_ring);
	xs_grid_cell(grid, "%u", slot->fill_ring);
	xs_grid_cell(grid, "%u", slot->completion_ring);
}

static const char *note_of(const struct xsteer_slot *slot)
{
	if (slot->owner->state == XSTEER_OWNER_ELSEWHERE)
		return "another PID namespace";
	if (slot->flags & XSTEER_SLOT_IN_CHAIN)
		return "counted in its chain's row";
	if (slot->owner->state == XSTEER_OWNER_ALIVE && slot->error)
		return strerror(-slot->error);
	return "";
}

static void owner_row(struct xs_grid *grid, const struct xsteer_slot *slot)
{
	static const char *const states[] = { [XSTEER_OWNER_ALIVE] = "alive",
					      [XSTEER_OWNER_DEAD] = "dead",
					      [XSTEER_OWNER_ELSEWHERE] = "elsewhere" };
	const struct xsteer_owner *owner = slot->owner;

	xs_grid_cell(grid, "%u", slot->slot);
	xs_grid_cell(grid, "%s", slot->chain ? slot->chain : "");
	xs_grid_cell(grid, "%u", slot->queue);
	xs_grid_cell(grid, "%u", owner->pid);
	xs_grid_cell(grid, "%s", states[owner->state]);
	xs_grid_cell(grid, "%s", xsteer_xsk_mode_name(owner->asked));
	xs_grid_cell(grid, "%s", xsteer_xsk_mode_name(owner->mode));
	if (slot->error)
		no_cells(grid, RING_COLUMNS);
	else
		ring_cells(grid, slot);
	if (slot->counts)
		loss_cells(grid, slot->counts);
	else
		no_cells(grid, LOSS_COLUMNS);
	xs_grid_cell(grid, "%s", note_of(slot));
}

static void earlier_row(struct xs_grid *grid, const struct xsteer_slot *slot)
{
	xs_grid_cell(grid, "%u", slot->slot);
	xs_grid_cell(grid, "%s", slot->chain ? slot->chain : "");
	xs_grid_cell(grid, "%u", slot->queue);
	xs_grid_cell(grid, "-");
	xs_grid_cell(grid, "earlier");
	no_cells(grid, 2 + RING_COLUMNS);
	loss_cells(grid, slot->earlier);
	xs_grid_cell(grid, "%s", "");
}

/* ---- the command ---- */

static int show_slot(void *arg, const struct xsteer_slot *slot)
{
	struct shown_slots *shown = arg;

	json_array_append_new(shown->sockets, slot_json(slot));
	if (slot->owner) {
		shown->owners++;
		owner_row(shown->grid, slot);
	}
	if (has_counted(slot))
		earlier_row(shown->grid, slot);
	return 0;
}

int xs_do_sockets(struct xs_cli *cli)
{
	char name[16];
	const char *ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	struct shown_slots shown = {
		.grid = xs_grid_new("Slot|?Chain|Queue|>Pid|State|?Asked|Mode|?>RX|?>TX|?>Fill|"
				    "?>Compl|>RX full|>No frame|>RX other|>Dropped|>TX lost|Note"),
		.sockets = json_array(),
	};
	int err = xsteer_each_slot(cli->ctx, ifname, show_slot, &shown);

	if (!err && cli->json) {
		xs_grid_free(shown.grid);
		return xs_json_print(cli, json_pack("{s:o, s:o}", "interface", xs_json_text(ifname),
						    "sockets", shown.sockets));
	}
	json_decref(shown.sockets);
	if (err) {
		xs_grid_free(shown.grid);
		return err;
	}
	if (!shown.owners)
		printf("%s: no slot has an owner: no bouncer runs here\n", xs_shown(ifname).text);
	xs_grid_print(shown.grid);
	return 0;
}
