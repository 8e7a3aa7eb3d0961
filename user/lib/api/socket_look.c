// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Looks at the socket in a slot; see socket_look.h. */
#include <errno.h>

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

/* A broker's socket may be in the slot of its queue and in one of a chain. */
static bool is_in_chain(const struct xs_pins *pins, __u32 slot, const struct xs_owner *owner)
{
	struct xs_owner other;

	for (__u32 s = slot + pins->slots; slot < pins->slots && s < pins->all_slots;
	     s += pins->slots)
		if (!xs_owner_get(pins, s, &other) && other.pid == owner->pid &&
		    other.fd == owner->fd)
			return true;
	return false;
}

static void sort_out_counts(const struct xs_pins *pins, __u32 slot, struct xs_socket_look *look)
{
	struct xs_socket_stats kept = {};
	bool any = xs_socket_stats_read(pins, slot, &kept);

	look->queue = look->owner.pid ? look->owner.queue : kept.queue;
	look->earlier = kept.earlier;
	if (any && look->owner.pid && kept.since_ns == look->owner.since_ns) {
		look->own = kept.last;
		look->own_known = true;
	} else {
		xs_socket_counts_add(&look->earlier, &kept.last);
	}
	look->in_chain = look->owner.pid && is_in_chain(pins, slot, &look->owner);
	if (look->in_chain)
		look->own_known = false;
	if (look->err || look->in_chain)
		return;
	xs_socket_counts_take_kernel(&look->own, &look->state.stats, look->owner.mode);
	look->own_known = true;
}

int xs_socket_look(const struct xs_pins *pins, __u32 slot, struct xs_socket_look *look)
{
	int err;

	*look = (struct xs_socket_look){};
	err = xs_owner_get(pins, slot, &look->owner);
	if (err)
		return err;
	look_at_process(look);
	sort_out_counts(pins, slot, look);
	return !look->owner.pid && !xs_socket_counts_any(&look->earlier);
}
