// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A socket for each worker, and into its slot; see sockets.h. */
#include <errno.h>

#include "lib/net/sysfs.h"
#include "bouncer.h"
#include "watch.h"
#include "tools/cli/cli.h"
#include "sockets.h"
#define BIND_WAIT_MS 2000
#define BIND_WAIT_MORE_MS 4000
#define BUSY_POLL_US 20 /* polling in one system call; xdpsock uses the same */
#define XDP_ACT_XSK_ZEROCOPY (1 << 3) /* NETDEV_XDP_ACT_XSK_ZEROCOPY, Linux 6.3 */

/*
 * The queue is still held. Finds out by whom. If nobody is seen, the kernel may be slow
 * to free it: a worker releases the last socket, and waits for the RTNL lock behind
 * other changes of interfaces.
 */
static int open_busy_socket(struct xs_worker *w, struct xs_xsk_config *cfg)
{
	char holders[256];
	int err = -EBUSY;

	xs_holders(holders, sizeof(holders));
	if (!holders[0]) {
		xs_note(w->bouncer->cli->ctx,
			"%s queue %u: held by a socket whose process cannot be seen: "
			"waiting %d s more",
			cfg->ifname, w->queue, BIND_WAIT_MORE_MS / 1000);
		cfg->bind_wait_ms = BIND_WAIT_MORE_MS;
		err = xs_xsk_open(&w->xsk, cfg);
	}
	if (err == -EBUSY)
		xs_err(w->bouncer->cli->ctx,
		       "%s queue %u: another AF_XDP socket has held it for %d s%s%s; stop it, "
		       "or take another queue",
		       cfg->ifname, w->queue,
		       (BIND_WAIT_MS + (holders[0] ? 0 : BIND_WAIT_MORE_MS)) / 1000,
		       holders[0] ? "; such sockets here: " : "", holders);
	return err;
}

static void say_one_buffer(const struct xs_bouncer *b, const struct xs_worker *w)
{
	const __u32 room = b->opts.frame_size - XS_XSK_KERNEL_HEADROOM - b->opts.headroom;
	/* Kernels with this field say how many buffers a driver's zero-copy supports. */
	const bool driver = w->xsk.mode == XS_XSK_zero_copy && b->netif.xdp_zc_max_segs;

	xs_warn(b->cli->ctx,
		"%s queue %u: packets longer than %u bytes are dropped: the MTU is %u and %s",
		b->netif.name, w->queue, room, b->netif.mtu,
		driver ? "the driver's zero-copy takes packets of one buffer only; "
			 "copy mode (-c) takes them whole"
		       : "this kernel has no multi-buffer AF_XDP (Linux 6.6)");
}

int xs_bouncer_open_sockets(struct xs_bouncer *b, bool sg)
{
	const struct xs_bouncer_opts *opts = &b->opts;
	int err, numa = xs_sysfs_numa_node(b->cli->ctx, &b->netif);
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		struct xs_worker *w = &b->workers[i];
		struct xs_xsk_config cfg = {
			.ctx = b->cli->ctx,
			.ifname = b->netif.name,
			.ifindex = b->netif.ifindex,
			.queue = w->queue,
			.want = opts->want,
			.frames = opts->frames,
			.frame_size = opts->frame_size,
			.headroom = opts->headroom,
			.ring = opts->ring,
			.tx_budget = opts->batch,
			.bind_wait_ms = BIND_WAIT_MS,
			.numa_node = numa,
			.no_zero_copy = b->netif.xdp_features_known &&
					!(b->netif.xdp_features & XDP_ACT_XSK_ZEROCOPY),
			.huge = opts->huge,
			.unaligned = opts->unaligned,
			.sg = sg,
			.busy_poll = opts->busy_poll,
			.busy_poll_us = BUSY_POLL_US,
		};

		err = xs_xsk_open(&w->xsk, &cfg);
		if (err == -EBUSY)
			err = open_busy_socket(w, &cfg);
		b->steer.others = err == -EBUSY;
		if (err)
			return err;
		if (sg && !w->xsk.sg)
			say_one_buffer(b, w);
	}
	for (i = 0; i < b->worker_cnt; i++) {
		err = xs_steer_insert(&b->steer, i, &b->workers[i].xsk);
		if (err)
			return err;
	}
	return 0;
}
