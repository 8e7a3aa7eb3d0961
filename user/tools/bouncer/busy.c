// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * --busy-poll: the interface's two knobs that hold back its interrupts while a socket
 * polls, and whether polling has any effect here. Without these knobs the kernel
 * accepts the socket's options and ignores them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/instance/knobs.h"
#include "lib/instance/lock.h"
#include "lib/net/busy_knobs.h"
#include "lib/net/sysfs.h"
#include "bouncer.h"
#include "tools/cli/cli.h"

static bool has_record(const struct xs_bouncer *b)
{
	return b->steer.kind == XS_STEER_instance && b->steer.pins.dir[0] &&
	       xs_knobs_are_recorded(&b->steer.pins);
}

/* One row a process, whatever it has of queues. */
static __u32 row_of(const struct xs_bouncer *b)
{
	return b->opts.queues[0];
}

/* An instance whose directory is gone needs none: nobody else finds its record. */
static int lock_record(const struct xs_bouncer *b)
{
	int lock = xs_pins_lock_dir(b->cli->ctx, b->steer.pins.dir);

	if (lock < 0 && lock != -ENOENT)
		xs_warn(b->cli->ctx,
			"%s: napi_defer_hard_irqs and gro_flush_timeout stay as they are: %s",
			b->netif.name, strerror(-lock));
	return lock;
}

static void turn_knobs(struct xs_bouncer *b)
{
	const struct xs_knobs nobodys = {};
	int lock;

	if (b->busy.turned)
		return;
	b->busy.turned = true;
	if (!has_record(b)) {
		if (!xs_busy_knobs_plan(b->cli->ctx, b->netif.ifindex, &nobodys, &b->busy.own))
			xs_busy_knobs_turn(b->cli->ctx, b->netif.ifindex, &b->busy.own);
		return;
	}
	lock = lock_record(b);
	if (lock < 0)
		return;
	xs_knobs_take(&b->steer.pins, row_of(b));
	close(lock);
}

static void start_one(struct xs_worker *w)
{
	const char *ifname = w->bouncer->netif.name;
	int err = w->xsk.busy_poll_errno;

	if (err) {
		xs_warn(w->bouncer->cli->ctx, "%s queue %u: no busy-polling: %s%s", ifname,
			w->queue, strerror(err),
			err == EPERM	     ? "; it needs CAP_NET_ADMIN"
			: err == ENOPROTOOPT ? "; it needs Linux 5.11"
					     : "");
		return;
	}
	w->busy = w->xsk.napi_id;
	w->busy_later = !w->busy;
	if (w->busy_later)
		xs_warn(w->bouncer->cli->ctx,
			"%s queue %u: no busy-polling yet: "
			"the kernel names no NAPI for the socket (id 0, %s mode); "
			"looks again when packets have come",
			ifname, w->queue, w->xsk.mode == XS_XSK_copy ? "copy" : "zero-copy");
}

void xs_busy_start(struct xs_bouncer *b)
{
	struct xs_busy *busy = &b->busy;
	__u32 i;

	xs_sysfs_prepare(b->cli->ctx); /* as long as we may: the knobs may be turned much later */
	for (i = 0; i < b->worker_cnt; i++) {
		start_one(&b->workers[i]);
		busy->wanted = busy->wanted || b->workers[i].busy || b->workers[i].busy_later;
	}
	xs_busy_update(b);
}

void xs_busy_update(struct xs_bouncer *b)
{
	__u32 i;

	/* Without a poller, holding back interrupts would only delay them. */
	for (i = 0; i < b->worker_cnt; i++)
		if (__atomic_load_n(&b->workers[i].busy, __ATOMIC_ACQUIRE))
			turn_knobs(b);
}

void xs_busy_recheck(struct xs_worker *w)
{
	const struct xs_bouncer *b = w->bouncer;

	w->busy_later = false;
	if (xs_xsk_napi_id(&w->xsk))
		__atomic_store_n(&w->busy, true, __ATOMIC_RELEASE);
	else
		xs_warn(w->bouncer->cli->ctx,
			"%s queue %u: no busy-polling: packets have come, "
			"and the kernel still names no NAPI",
			b->netif.name, w->queue);
}

void xs_busy_stop(struct xs_bouncer *b)
{
	int lock;

	if (!b->busy.turned)
		return;
	b->busy.turned = false;
	if (!has_record(b)) {
		xs_busy_knobs_turn_back(b->cli->ctx, b->netif.ifindex, &b->busy.own);
		return;
	}
	lock = lock_record(b);
	if (lock < 0 && lock != -ENOENT)
		return;
	xs_knobs_give_up(&b->steer.pins, row_of(b));
	if (lock >= 0)
		close(lock);
}
