// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Looks at the sockets in slots; see socket_look.h. */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/ctx.h"
#include "lib/instance/owners.h"
#include "lib/instance/socket_stats.h"
#include "lib/xsk/counts.h"
#include "socket_look.h"

static void look_at_process(struct xs_socket_look *look)
{
	look->alive = xs_owner_alive(&look->owner);
	look->elsewhere = xs_owner_is_elsewhere(&look->owner);
	look->err = look->alive && !look->elsewhere
			    ? xs_xsk_peek(look->owner.pid, look->owner.fd, &look->state)
			    : -ESRCH;
}

/* What the maps say of all slots. */
struct slots {
	const struct xs_pins *pins;
	struct xs_owner *owners;
	struct xs_socket_stats *kept;
};

/* A broker's socket may be in the slot of its queue and in one of a chain. */
static bool is_in_chain(const struct slots *slots, __u32 slot)
{
	const struct xs_owner *owner = &slots->owners[slot];
	const struct xs_pins *pins = slots->pins;

	for (__u32 s = slot + pins->slots; slot < pins->slots && s < pins->all_slots;
	     s += pins->slots)
		if (slots->owners[s].pid == owner->pid && slots->owners[s].fd == owner->fd)
			return true;
	return false;
}

static void sort_out_counts(const struct slots *slots, __u32 slot, struct xs_socket_look *look)
{
	const struct xs_socket_stats *kept = &slots->kept[slot];

	look->queue = look->owner.pid ? look->owner.queue : kept->queue;
	look->earlier = kept->earlier;
	if (kept->seen_ns && look->owner.pid && kept->since_ns == look->owner.since_ns) {
		look->own = kept->last;
		look->own_known = true;
	} else {
		xs_socket_counts_add(&look->earlier, &kept->last);
	}
	look->in_chain = look->owner.pid && is_in_chain(slots, slot);
	if (look->in_chain)
		look->own_known = false;
	if (look->err || look->in_chain)
		return;
	xs_socket_counts_take_kernel(&look->own, &look->state.stats, look->owner.mode);
	look->own_known = true;
}

static int look_at_slots(const struct slots *slots, xs_socket_look_fn each, void *arg)
{
	int err = 0;

	for (__u32 slot = 0; !err && slot < slots->pins->all_slots; slot++) {
		struct xs_socket_look look = { .owner = slots->owners[slot] };

		look_at_process(&look);
		sort_out_counts(slots, slot, &look);
		if (look.owner.pid || xs_socket_counts_any(&look.earlier))
			err = each(arg, slot, &look);
	}
	return err;
}

int xs_sockets_look(const struct xs_pins *pins, xs_socket_look_fn each, void *arg)
{
	struct slots slots = { .pins = pins };
	int err;

	/* In this order: what a socket counts begins before it has its row. */
	slots.owners = xs_owners_get(pins, 0, pins->all_slots);
	if (!slots.owners)
		return -errno;
	slots.kept = xs_socket_stats_get(pins);
	err = slots.kept ? look_at_slots(&slots, each, arg) : -ENOMEM;
	if (!slots.kept)
		xs_err(pins->ctx, "not enough memory for the counters of %u sockets",
		       pins->all_slots);
	free(slots.kept);
	free(slots.owners);
	return err;
}
