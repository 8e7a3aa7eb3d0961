// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The slots of an instance: who owns each, and what was counted of its sockets. */
#include <errno.h>
#include <stdlib.h>

#include "lib/instance/chain_slots.h"
#include "lib/instance/owners.h"
#include "open.h"
#include "socket_look.h"
#include <xsteer/xsteer.h>

#define COUNTER_CNT (sizeof(struct xs_socket_counts) / sizeof(__u64))

static const char *const counter_names[COUNTER_CNT] = {
#define X(name) #name,
	XS_SOCKET_COUNTERS(X)
#undef X
#define X(name) "lost_" #name,
		XS_SOCKET_LOSSES(X)
#undef X
};

uint32_t xsteer_slot_counter_count(void)
{
	return COUNTER_CNT;
}

const char *xsteer_slot_counter_name(uint32_t counter)
{
	return counter < COUNTER_CNT ? counter_names[counter] : NULL;
}

static struct xsteer_owner public_owner(__u32 slot, const struct xs_owner *owner)
{
	return (struct xsteer_owner){
		.sz = sizeof(struct xsteer_owner),
		.slot = slot,
		.queue = owner->queue,
		.pid = owner->pid,
		.state = xs_owner_is_elsewhere(owner) ? XSTEER_OWNER_ELSEWHERE
			 : xs_owner_alive(owner)      ? XSTEER_OWNER_ALIVE
						      : XSTEER_OWNER_DEAD,
		.asked = owner->asked,
		.mode = owner->mode,
		.fd = owner->fd,
		.since_ns = owner->since_ns,
	};
}

int xsteer_each_owner(struct xsteer_ctx *ctx, const char *ifname, xsteer_owner_fn each, void *arg)
{
	struct xs_owner *owners;
	struct xs_pins pins;
	int err;

	err = xs_api_open(ctx, &pins, ifname);
	if (err)
		return err;
	owners = xs_owners_get(&pins, 0, pins.all_slots);
	if (!owners)
		err = -errno;
	for (__u32 slot = 0; !err && slot < pins.all_slots; slot++) {
		const struct xsteer_owner own = public_owner(slot, &owners[slot]);

		if (own.pid)
			err = each(arg, &own);
	}
	free(owners);
	xs_pins_close(&pins);
	return err;
}

/* What the kernel counts of the socket, and how full its rings are. */
static void add_now(struct xsteer_slot *slot, const struct xs_xsk_state *state)
{
	slot->rx_ring = state->rx;
	slot->tx_ring = state->tx;
	slot->fill_ring = state->fill;
	slot->completion_ring = state->completion;
	slot->kernel_rx_dropped = state->stats.rx_dropped;
	slot->kernel_rx_ring_full = state->stats.rx_ring_full;
	slot->kernel_fill_ring_empty = state->stats.rx_fill_ring_empty_descs;
	slot->kernel_tx_ring_empty = state->stats.tx_ring_empty_descs;
	slot->kernel_rx_invalid = state->stats.rx_invalid_descs;
	slot->kernel_tx_invalid = state->stats.tx_invalid_descs;
}

static void copy_counts(uint64_t values[COUNTER_CNT], const struct xs_socket_counts *counts)
{
	for (size_t i = 0; i < COUNTER_CNT; i++)
		values[i] = ((const __u64 *)counts)[i];
}

struct telling {
	const struct xs_pins *pins;
	xsteer_slot_fn each;
	void *arg;
};

static int tell_slot(void *arg, __u32 slot, const struct xs_socket_look *look)
{
	const struct telling *telling = arg;
	const struct xsteer_owner owner = public_owner(slot, &look->owner);
	uint64_t counts[COUNTER_CNT], earlier[COUNTER_CNT];
	char chain[XS_CHAIN_NAME_MAX];
	struct xsteer_slot own = {
		.sz = sizeof(own),
		.owner = look->owner.pid ? &owner : NULL,
		.chain = xs_chain_of_slot(telling->pins, slot, chain) ? chain : NULL,
		.slot = slot,
		.queue = look->queue,
		.flags = look->in_chain ? XSTEER_SLOT_IN_CHAIN : 0,
		.error = look->err,
		.count = COUNTER_CNT,
		.counts = look->own_known ? counts : NULL,
		.earlier = earlier,
	};

	if (!look->err)
		add_now(&own, &look->state);
	copy_counts(counts, &look->own);
	copy_counts(earlier, &look->earlier);
	return telling->each(telling->arg, &own);
}

int xsteer_each_slot(struct xsteer_ctx *ctx, const char *ifname, xsteer_slot_fn each, void *arg)
{
	struct xs_pins pins;
	struct telling telling = { &pins, each, arg };
	int err;

	err = xs_api_open(ctx, &pins, ifname);
	if (err)
		return err;
	err = xs_sockets_look(&pins, tell_slot, &telling);
	xs_pins_close(&pins);
	return err;
}
