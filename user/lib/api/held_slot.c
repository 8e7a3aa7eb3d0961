// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Slots for AF_XDP sockets that a program has made by itself. Knows nothing of their frames and rings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/instance/lock.h"
#include "lib/instance/owners.h"
#include "lib/instance/place.h"
#include "lib/instance/slots.h"
#include "lib/net/netif.h"
#include "lib/xsk/peek.h"

struct xsteer_held_slot {
	struct xsteer_ctx *ctx;
	struct xs_pins pins;
	struct xs_netif netif;
	__u32 slot;
	__u64 since_ns;
	__u32 times; /* that the instance was missing, in a row */
};

static int check_socket(struct xsteer_ctx *ctx, int fd)
{
	if (xs_xsk_is_socket(fd))
		return 0;
	xs_err(ctx, "descriptor %d is no AF_XDP socket: give one that is bound to the queue", fd);
	return -EINVAL;
}

/* What it asked for the kernel does not tell. */
static struct xs_owner owner_of(int fd, __u32 queue)
{
	return (struct xs_owner){
		.queue = queue,
		.mode = xs_xsk_is_zero_copy(fd) ? XSTEER_XSK_ZERO_COPY : XSTEER_XSK_COPY,
		.asked = XSTEER_XSK_AUTO,
		.fd = (__u32)fd,
	};
}

static int check_queue(const struct xsteer_held_slot *held)
{
	__u32 queues = held->netif.rx_queues < held->pins.slots ? held->netif.rx_queues
								: held->pins.slots;

	if (held->slot < queues)
		return 0;
	xs_err(held->ctx, "%s has no queue %u: valid are 0 to %u", held->netif.name, held->slot,
	       queues - 1);
	return -ERANGE;
}

/* *root: the lock of the pin root. */
static int hold_locked(struct xsteer_held_slot *held, int fd, int *root)
{
	const char *ifname = held->netif.name;
	struct xs_live live;
	int err = xs_slots_open(held->ctx, &held->pins, ifname, &live, root);

	if (err)
		return err == -ENOENT ? xs_interface_has_none(held->ctx, ifname) : err;
	err = check_queue(held);
	if (!err)
		err = xs_slot_check(&held->pins, ifname, held->slot);
	if (!err)
		err = xs_slot_insert(held->ctx, held->pins.map_fds[XS_MAP_xsks_map], &held->pins,
				     ifname, held->slot, fd);
	if (err)
		return err;
	err = xs_slot_claim(&held->pins, held->slot, owner_of(fd, held->slot), &held->since_ns);
	if (err)
		bpf_map_delete_elem(held->pins.map_fds[XS_MAP_xsks_map], &held->slot);
	return err;
}

static int hold(struct xsteer_held_slot *held, const char *ifname, int fd)
{
	int err = xs_netif_get(held->ctx, &held->netif, ifname), lock;

	if (err)
		return err;
	lock = xs_pins_lock_for(held->ctx, ifname, false);
	if (lock < 0)
		return lock == -ENOENT ? xs_interface_has_none(held->ctx, ifname) : lock;
	err = hold_locked(held, fd, &lock);
	if (lock >= 0)
		close(lock);
	return err;
}

int xsteer_slot_hold(struct xsteer_ctx *ctx, const char *ifname, uint32_t queue, int socket_fd,
		     struct xsteer_held_slot **out)
{
	struct xsteer_held_slot *held;
	int err = check_socket(ctx, socket_fd);

	if (err)
		return err;
	held = calloc(1, sizeof(*held));
	if (!held) {
		xs_err(ctx, "not enough memory for a slot");
		return -ENOMEM;
	}
	held->ctx = ctx;
	held->slot = queue;
	err = hold(held, ifname, socket_fd);
	if (!err) {
		*out = held;
		return 0;
	}
	xs_pins_close(&held->pins);
	free(held);
	return err;
}

int xsteer_slot_check(struct xsteer_held_slot *held)
{
	return xs_slots_check_instance(&held->pins, &held->netif, &held->times);
}

static void give_up_locked(struct xsteer_held_slot *held, int *root)
{
	int err;

	xs_slot_give_up(&held->pins, held->slot, held->since_ns);
	err = xs_slots_take_apart_unused(&held->pins, false, root);
	if (err && err != -ENOENT)
		xs_warn(held->ctx, "%s stays attached: %s; %s removes it", held->netif.name,
			strerror(-err),
			xs_hint(held->ctx, XSTEER_HINT_DETACH, held->netif.name).text);
}

void xsteer_slot_give_up(struct xsteer_held_slot *held)
{
	int lock;

	if (!held)
		return;
	/* ENOENT: the interface is gone, or somebody emptied it; in both cases it is empty */
	if (bpf_map_delete_elem(held->pins.map_fds[XS_MAP_xsks_map], &held->slot) &&
	    errno != ENOENT)
		xs_warn(held->ctx, "cannot empty slot %u of xsks_map: %s", held->slot,
			strerror(errno));
	/* without the lock: the row says by pid and start time when we are gone */
	lock = xs_pins_lock_for(held->ctx, held->netif.name, false);
	if (lock >= 0)
		give_up_locked(held, &lock);
	if (lock >= 0)
		close(lock);
	xs_pins_close(&held->pins);
	free(held);
}
