// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* --keeper, or a service manager: goes on after a bouncer that was killed; see take.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bouncer.h"
#include "events.h"
#include "forward.h"
#include "lib/base/clock.h"
#include "lib/base/failstep.h"
#include "lib/net/identity.h"
#include "lib/xsk/pass.h"
#include "prepare.h"
#include "take.h"
#include "totals.h"
#include "tools/cli/cli.h"

int xs_take_learn(struct xs_bouncer *b)
{
	struct xs_take *take = &b->take;
	int err;

	if (xs_netif_name(take->offer.ifindex, take->ifname)) {
		xs_err(b->cli->ctx, "%s (index %u) was deleted, or left this network namespace",
		       b->opts.ifname, take->offer.ifindex);
		return -ENODEV;
	}
	if (!take->stored)
		b->opts.ifname = take->ifname; /* it may have been renamed */
	err = xs_bouncer_look(b);
	if (!err && take->stored && !xs_take_fits(b)) {
		xs_err(b->cli->ctx,
		       "%s: the service manager has kept the sockets of process %d, which had "
		       "other options: they are given up, and the next start begins anew",
		       b->netif.name, take->from);
		return -ESTALE;
	}
	if (err)
		return err;
	for (__u32 i = 0; i < take->queue_cnt; i++)
		b->opts.queues[i] = take->queues[i].queue;
	b->opts.queue_cnt = take->queue_cnt;
	xs_take_learn_shapes(b);
	return 0;
}

static int recover(const struct xs_bouncer *b, struct xs_worker *w)
{
	struct xs_xsk_places at;
	int err = xs_xsk_recover(&w->xsk, &at);

	if (err) {
		xs_err(b->cli->ctx,
		       "%s queue %u: the frames of process %d, which was killed, cannot be told "
		       "apart "
		       "(%s): start the bouncer again",
		       b->netif.name, w->queue, b->take.from, strerror(-err));
		return err;
	}
	xs_info(b->cli->ctx,
		"queue %u: of %u frames %u were free, %u in the fill ring, %u with the kernel, "
		"%u in the RX ring, %u in its hands, %u to send, %u being sent, %u completed",
		w->queue, at.total, at.free, at.fill_ring, at.kernel, at.rx_ring, at.held,
		at.tx_ring, at.in_flight, at.completed);
	return xs_forward_again(w);
}

/* The totals, --limit and --duration are those of all who had the sockets. */
static void go_on(struct xs_bouncer *b)
{
	const __u64 one = 1;

	for (__u32 i = 0; i < b->worker_cnt; i++)
		xs_xsk_begin_anew(&b->workers[i].xsk, b->opts.batch);
	b->start_ns = b->take.start_ns;
	b->first = b->take.first;
	b->last_ns = xs_monotonic_ns();
	b->last = xs_totals_of(b).xsk;
	b->take.received = b->last.rx_packets;
	if (b->opts.limit) {
		b->claimed = b->received = b->last.rx_packets - b->first.rx_packets;
		(void)!write(b->done_fd, &one, sizeof(one)); /* it may have been the last packet */
	}
	__atomic_store_n(&b->phase, XS_PHASE_run, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
}

int xs_take_dead(struct xs_bouncer *b)
{
	int err = 0;

	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = recover(b, &b->workers[i]);
	if (!err)
		err = xs_fail_step(b->cli->ctx, "recover");
	if (err)
		return err;
	b->given = false;
	go_on(b);
	if (b->take.listen_fd >= 0 && !xs_give_path(b, b->give.path))
		xs_take_listen(b);
	err = xs_steer_own(&b->steer, b->workers, b->worker_cnt, true);
	xs_take_close(&b->take);
	return err;
}
