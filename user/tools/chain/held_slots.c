// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A broker's sockets in xsks_map, and its rows in owners; see held_slots.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/instance/lock.h"
#include "lib/instance/owners.h"
#include "lib/instance/slots.h"
#include "held_slots.h"

int xs_held_slots_open(struct xsteer_ctx *ctx, struct xs_held_slots *slots, const char *ifname)
{
	int err;

	memset(slots, 0, sizeof(*slots));
	slots->lock = xs_pins_lock(ctx, NULL, false);
	if (slots->lock < 0 && slots->lock != -ENOENT)
		return slots->lock;
	err = slots->lock < 0 ? -ENOENT : xs_pins_open(ctx, &slots->pins, ifname, XS_PINS_SOCKET);
	if (err == -ENOENT)
		xs_err(ctx, "%s: no xsteer instance: 'xsteer-loader attach %s' makes one", ifname,
		       ifname);
	return err;
}

int xs_held_slots_check(struct xs_held_slots *slots, __u32 queue)
{
	if (queue >= slots->pins.slots) {
		xs_err(slots->pins.ctx, "queue %u: xsks_map has only %u slots", queue,
		       slots->pins.slots);
		return -ERANGE;
	}
	return xs_slot_check(&slots->pins, slots->pins.ifname, queue);
}

int xs_held_slots_insert(struct xs_held_slots *slots, __u32 queue, const struct xs_xsk *xsk)
{
	const struct xs_owner owner = { .queue = queue, .mode = xsk->mode, .fd = (__u32)xsk->fd };
	int err = xs_slot_insert(slots->pins.ctx, slots->pins.map_fds[XS_MAP_xsks_map],
				 &slots->pins, slots->pins.ifname, queue, xsk->fd);

	if (err)
		return err;
	slots->queues[slots->cnt++] = queue;
	return xs_slot_claim(&slots->pins, queue, owner);
}

void xs_held_slots_settle(struct xs_held_slots *slots)
{
	if (slots->lock >= 0)
		close(slots->lock);
	slots->lock = -1;
}

void xs_held_slots_empty(struct xs_held_slots *slots)
{
	for (__u32 i = 0; i < slots->cnt; i++)
		/* ENOENT: the interface went, or someone emptied it; either way it is empty */
		if (bpf_map_delete_elem(slots->pins.map_fds[XS_MAP_xsks_map], &slots->queues[i]) &&
		    errno != ENOENT)
			xs_warn(slots->pins.ctx, "cannot empty slot %u of xsks_map: %s",
				slots->queues[i], strerror(errno));
}

void xs_held_slots_close(struct xs_held_slots *slots)
{
	const struct xs_owner nobody = {};

	if (slots->cnt) {
		xs_held_slots_empty(slots);
		if (slots->lock < 0)
			slots->lock = xs_pins_lock(slots->pins.ctx, NULL, false);
		/* Without the lock the rows say by pid and start time that we are gone. */
		for (__u32 i = 0; slots->lock >= 0 && i < slots->cnt; i++)
			xs_owner_set(&slots->pins, slots->queues[i], &nobody);
		slots->cnt = 0;
	}
	xs_held_slots_settle(slots);
	if (slots->pins.ctx)
		xs_pins_close(&slots->pins);
}
