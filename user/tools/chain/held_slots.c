// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A broker's sockets in xsks_map, and its rows in owners; see held_slots.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/instance/chain_slots.h"
#include "lib/instance/dir.h"
#include "lib/instance/knobs.h"
#include "lib/instance/live.h"
#include "lib/instance/lock.h"
#include "lib/instance/owners.h"
#include "lib/instance/place.h"
#include "lib/instance/slots.h"
#include "lib/instance/socket_stats.h"
#include "lib/set/targets.h"
#include "held_slots.h"

/* -ERESTART: what is there has to be looked at again. */
static int lock_and_open(struct xsteer_ctx *ctx, struct xs_held_slots *slots, const char *ifname)
{
	char dir[PATH_MAX];
	int err = xs_pins_find(ctx, dir, ifname);

	if (err)
		return err;
	slots->instance_lock = xs_pins_lock_under(ctx, dir, &slots->lock);
	if (slots->instance_lock < 0)
		return slots->instance_lock;
	return xs_pins_open(ctx, &slots->pins, ifname, XS_PINS_SOCKET);
}

/* Frames never come to one that is gone. What cannot be asked counts as alive. */
static int look_whether_alive(struct xs_held_slots *slots, struct xs_live *live)
{
	if (xs_instance_live(&slots->pins, live)) {
		*live = (struct xs_live){};
		return 0;
	}
	if (live->life != XS_LIFE_gone)
		return 0;
	xs_err(slots->pins.ctx, "%s: its program is no longer attached: %s removes its pins",
	       slots->pins.ifname, xs_hint(slots->pins.ctx, XSTEER_HINT_CLEAN, NULL).text);
	return -ESTALE;
}

int xs_held_slots_open(struct xsteer_ctx *ctx, struct xs_held_slots *slots, const char *ifname)
{
	struct xs_live live = {};
	int err;

	memset(slots, 0, sizeof(*slots));
	slots->instance_lock = -1;
	slots->lock = xs_pins_lock_for(ctx, ifname, false);
	if (slots->lock < 0 && slots->lock != -ENOENT)
		return slots->lock;
	err = slots->lock < 0 ? -ENOENT : -ERESTART;
	while (err == -ERESTART)
		err = lock_and_open(ctx, slots, ifname);
	if (err == -ENOENT)
		xs_interface_has_none(ctx, ifname);
	else if (!err)
		err = look_whether_alive(slots, &live);
	/* Of brokers, and of bouncers that polled, that are gone. */
	if (!err) {
		xs_targets_close_unnamed(&slots->pins);
		xs_knobs_settle(&slots->pins);
	}
	/* If the mode may not be asked, assume skb mode, which allows less. */
	slots->native = live.native;
	return err;
}

static int reserve(struct xs_held_slots *slots, __u32 slot, __u32 queue)
{
	struct xs_owner coming = { .queue = queue };
	int err = xs_slot_check(&slots->pins, slots->pins.ifname, slot);

	if (err)
		return err;
	if (slots->cnt == XS_HELD_SLOTS_MAX)
		return -ENOSPC; /* cannot happen: there are not so many queues and chains */
	xs_owner_set_coming(&coming);
	err = xs_owner_set(&slots->pins, slot, &coming);
	if (!err)
		slots->slots[slots->cnt++] = (struct xs_held_slot){ .slot = slot, .queue = queue };
	return err;
}

int xs_held_slots_reserve(struct xs_held_slots *slots, __u32 queue)
{
	if (queue < slots->pins.slots)
		return reserve(slots, queue, queue);
	xs_err(slots->pins.ctx, "queue %u: xsks_map has only %u slots", queue, slots->pins.slots);
	return -ERANGE;
}

int xs_held_slots_reserve_chain(struct xs_held_slots *slots, __u32 queue, const char *chain)
{
	__u32 base;
	int err = xs_chain_take(&slots->pins, chain, &base);

	return err ? err : reserve(slots, base + queue, queue);
}

void xs_held_slots_settle(struct xs_held_slots *slots)
{
	if (slots->instance_lock >= 0)
		close(slots->instance_lock);
	if (slots->lock >= 0)
		close(slots->lock);
	slots->lock = slots->instance_lock = -1;
}

static struct xs_held_slot *find_slot(struct xs_held_slots *slots, __u32 queue, const char *chain)
{
	char name[XS_CHAIN_NAME_MAX];

	for (__u32 i = 0; i < slots->cnt; i++) {
		struct xs_held_slot *held = &slots->slots[i];
		bool of_chain = xs_chain_of_slot(&slots->pins, held->slot, name);

		if (held->queue == queue && of_chain == !!chain && (!chain || !strcmp(name, chain)))
			return held;
	}
	return NULL;
}

int xs_held_slots_fill(struct xs_held_slots *slots, __u32 queue, const char *chain,
		       enum xs_xsk_mode mode, int fd)
{
	const struct xs_owner owner = { .queue = queue, .mode = mode, .fd = (__u32)fd };
	struct xs_held_slot *held = find_slot(slots, queue, chain);
	int err;

	if (!held) {
		xs_err(slots->pins.ctx, "%s queue %u: another process has taken its slot",
		       slots->pins.ifname, queue);
		return -ENOENT;
	}
	err = xs_slot_insert(slots->pins.ctx, slots->pins.map_fds[XS_MAP_xsks_map], &slots->pins,
			     slots->pins.ifname, held->slot, fd);
	if (err)
		return err;
	held->filled = true;
	return xs_slot_claim(&slots->pins, held->slot, owner, &held->since_ns);
}

void xs_held_slots_keep_counts(struct xs_held_slots *slots, __u32 queue, const char *chain,
			       const struct xs_socket_counts *counts)
{
	const struct xs_held_slot *held = find_slot(slots, queue, chain);

	if (held && held->since_ns)
		xs_socket_stats_keep(&slots->pins, held->slot, held->since_ns, counts);
}

void xs_held_slots_empty(struct xs_held_slots *slots)
{
	for (__u32 i = 0; i < slots->cnt; i++) {
		struct xs_held_slot *held = &slots->slots[i];

		if (!held->filled)
			continue;
		held->filled = false;
		/*
		 * ENOENT: the interface is gone, or somebody emptied the slot. In both
		 * cases it is empty.
		 */
		if (bpf_map_delete_elem(slots->pins.map_fds[XS_MAP_xsks_map], &held->slot) &&
		    errno != ENOENT)
			xs_warn(slots->pins.ctx, "cannot empty slot %u of xsks_map: %s", held->slot,
				strerror(errno));
	}
}

void xs_held_slots_close(struct xs_held_slots *slots)
{
	if (slots->cnt) {
		xs_held_slots_empty(slots);
		if (slots->lock < 0)
			slots->lock = xs_pins_lock(slots->pins.ctx, NULL, false);
		/* Without the lock, pid and start time in the rows tell others that we are gone. */
		for (__u32 i = 0; slots->lock >= 0 && i < slots->cnt; i++)
			xs_slot_give_up(&slots->pins, slots->slots[i].slot,
					slots->slots[i].since_ns);
		slots->cnt = 0;
	}
	xs_held_slots_settle(slots);
	if (slots->pins.ctx)
		xs_pins_close(&slots->pins);
}
