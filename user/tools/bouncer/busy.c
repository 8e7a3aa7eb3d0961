/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * --busy-poll: the interface's two knobs that keep its interrupts off while a
 * socket polls, and whether polling does anything here at all. Without these
 * knobs the kernel accepts the socket's options and ignores them.
 */
#include <errno.h>
#include <string.h>
#include <net/if.h>

#include "bouncer.h"
#include "lib/net/sysfs.h"
#include "tools/cli/cli.h"

/* The kernel documentation's own: two empty polls, then 200 us, before interrupts return. */
static const char *const knob_values[XS_BUSY_KNOBS] = { "2", "200000" };
static const char *const knob_names[XS_BUSY_KNOBS] = { "napi_defer_hard_irqs",
						       "gro_flush_timeout" };

static void turn_knob(struct xs_cli *cli, struct xs_busy *busy, int i, const char *ifname)
{
	int err;

	err = xs_sysfs_read(ifname, knob_names[i], busy->old[i], sizeof(busy->old[i]));
	/* Somebody's setting, another bouncer's perhaps: it serves us too. */
	if (!err && strcmp(busy->old[i], "0") != 0)
		return;
	if (!err)
		err = xs_sysfs_write(ifname, knob_names[i], knob_values[i]);
	if (err)
		xs_warn(cli->ctx,
			"%s: %s cannot be set to %s: %s; its interrupts go on beside busy-polling",
			ifname, knob_names[i], knob_values[i], strerror(-err));
	busy->turned[i] = !err;
}

/* By its name of now: it may have been renamed. False: gone, or not in our /sys. */
static bool is_here(const struct xs_netif *netif, struct xs_netif *now)
{
	*now = *netif;
	return if_indextoname(netif->ifindex, now->name) && xs_sysfs_is_ours(now);
}

static void turn_knobs(struct xs_cli *cli, struct xs_busy *busy, const struct xs_netif *netif)
{
	struct xs_netif now;
	int i;

	if (busy->tried)
		return;
	busy->tried = true;
	if (!is_here(netif, &now)) {
		xs_warn(cli->ctx,
			"%s: napi_defer_hard_irqs and gro_flush_timeout stay as they are: /sys "
			"shows another network namespace",
			now.name);
		return;
	}
	for (i = 0; i < XS_BUSY_KNOBS; i++)
		turn_knob(cli, busy, i, now.name);
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
			"%s queue %u: no busy-polling yet: the kernel names no NAPI for the socket "
			"(id 0, %s mode); looks again when packets have come",
			ifname, w->queue, w->xsk.mode == XS_XSK_copy ? "copy" : "zero-copy");
}

void xs_busy_start(struct xs_busy *busy, struct xs_bouncer *b)
{
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		start_one(&b->workers[i]);
		busy->wanted = busy->wanted || b->workers[i].busy || b->workers[i].busy_later;
	}
	xs_busy_update(busy, b);
}

void xs_busy_update(struct xs_busy *busy, const struct xs_bouncer *b)
{
	__u32 i;

	/* Without a poller, interrupts that are put off would only be late. */
	for (i = 0; i < b->worker_cnt; i++)
		if (__atomic_load_n(&b->workers[i].busy, __ATOMIC_ACQUIRE))
			turn_knobs(b->cli, busy, &b->netif);
}

void xs_busy_recheck(struct xs_worker *w)
{
	const struct xs_bouncer *b = w->bouncer;

	w->busy_later = false;
	if (xs_xsk_napi_id(&w->xsk))
		__atomic_store_n(&w->busy, true, __ATOMIC_RELEASE);
	else
		xs_warn(w->bouncer->cli->ctx,
			"%s queue %u: no busy-polling: packets have come, and the kernel still "
			"names no NAPI",
			b->netif.name, w->queue);
}

void xs_busy_stop(struct xs_cli *cli, struct xs_busy *busy, const struct xs_netif *netif)
{
	struct xs_netif now;
	char text[32];
	int i, err;

	for (i = 0; i < XS_BUSY_KNOBS; i++) {
		if (!busy->turned[i])
			continue;
		busy->turned[i] = false;
		/* Gone, or changed by somebody since: not ours to put back. */
		if (!is_here(netif, &now) ||
		    xs_sysfs_read(now.name, knob_names[i], text, sizeof(text)) ||
		    strcmp(text, knob_values[i]) != 0)
			continue;
		err = xs_sysfs_write(now.name, knob_names[i], busy->old[i]);
		if (err)
			xs_warn(cli->ctx, "%s: %s stays at %s, it was %s: %s", now.name,
				knob_names[i], knob_values[i], busy->old[i], strerror(-err));
	}
}
