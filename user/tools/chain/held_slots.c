// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A broker's sockets in xsks_map, and its rows in owners; see held_slots.h. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/names.h"
#include "lib/instance/lock.h"
#include "lib/instance/owners.h"
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
	struct xs_owner owner;
	int err;

	if (queue >= slots->pins.slots) {
		xs_err(slots->pins.ctx, "queue %u: xsks_map has only %u slots", queue,
		       slots->pins.slots);
		return -ERANGE;
	}
	err = xs_owner_get(&slots->pins, queue, &owner);
	if (err)
		return err;
	if (!xs_owner_alive(&owner) || xs_owner_is_elsewhere(&owner))
		return 0;
	xs_err(slots->pins.ctx, "%s queue %u is held by process %u (%s mode): stop it, kill %u",
	       slots->pins.ifname, queue, owner.pid, xs_xsk_mode_name(owner.mode), owner.pid);
	return -EBUSY;
}

static int own(struct xs_held_slots *slots, __u32 queue, const struct xs_xsk *xsk)
{
	struct xs_owner owner = { .queue = queue, .mode = xsk->mode, .fd = (__u32)xsk->fd };
	struct timespec now;

	xs_owner_set_self(&owner);
	clock_gettime(CLOCK_REALTIME, &now);
	owner.since_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	return xs_owner_set(&slots->pins, queue, &owner);
}

int xs_held_slots_insert(struct xs_held_slots *slots, __u32 queue, const struct xs_xsk *xsk)
{
	int map = slots->pins.map_fds[XS_MAP_xsks_map], err;

	if (!bpf_map_update_elem(map, &queue, &xsk->fd, BPF_NOEXIST)) {
		slots->queues[slots->cnt++] = queue;
		return own(slots, queue, xsk);
	}
	err = -errno;
	xs_err(slots->pins.ctx, "%s queue %u: cannot put the socket into xsks_map: %s%s",
	       slots->pins.ifname, queue, strerror(-err),
	       err == -EEXIST ? "; it holds the socket of a process that is not xsteer's" : "");
	return err;
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
