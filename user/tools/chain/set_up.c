// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * All that a broker needs before its threads begin: its queues, its slots in the instance, a worker
 * for each queue, the sockets that NFs and questions come by. See broker.h.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "lib/base/access.h"
#include "lib/base/escape.h"
#include "lib/base/listen.h"
#include "lib/instance/slots.h"
#include "lib/net/sysfs.h"
#include "broker.h"

#define SOCKET_GROUP "xsteer-nf"

static int check_queues(struct xs_broker *b)
{
	__u32 valid = b->netif.rx_queues < XS_CHAIN_QUEUES_MAX ? b->netif.rx_queues
							       : XS_CHAIN_QUEUES_MAX;

	for (__u32 i = 0; i < b->opts->queue_cnt; i++) {
		if (b->opts->queues[i] < valid)
			continue;
		xs_err(b->cli->ctx, "%s has no queue %u: valid: 0-%u", b->netif.name,
		       b->opts->queues[i], valid - 1);
		return -ERANGE;
	}
	b->worker_cnt = b->opts->queue_cnt ? b->opts->queue_cnt : valid;
	return 0;
}

static enum xs_xsk_mode wanted_mode(const struct xs_broker *b)
{
	switch (b->opts->want) {
	case XS_CHAIN_COPY:
		return XS_XSK_copy;
	case XS_CHAIN_ZERO_COPY:
		return XS_XSK_zero_copy;
	default:
		return XS_XSK_none;
	}
}

static enum xs_worker_wait wanted_wait(const struct xs_broker *b)
{
	switch (b->opts->wait) {
	case XS_CHAIN_SPIN:
		return XS_WORKER_spin;
	case XS_CHAIN_ADAPTIVE:
		return XS_WORKER_adaptive;
	default:
		return XS_WORKER_poll;
	}
}

static const char *pages_text(const struct xs_broker *b, const struct xs_worker *w)
{
	if (!b->opts->huge)
		return "";
	return w->huge ? ", huge pages" : ", small pages: no huge page is free (vm.nr_hugepages)";
}

static __u32 queue_of(const struct xs_broker *b, __u32 i)
{
	return b->opts->queue_cnt ? b->opts->queues[i] : i;
}

static int check_chains(const struct xs_broker *b)
{
	if (b->chains->chain_cnt > XS_CHAIN_SLOTS) {
		xs_err(b->cli->ctx, "%s has %u chains: an instance can serve %d at once",
		       b->cli->operands[1], b->chains->chain_cnt, XS_CHAIN_SLOTS);
		return -E2BIG;
	}
	if (b->chains->chain_cnt == 1 || b->slots.native || xs_xsk_may_share_in_skb_mode())
		return 0;
	xs_err(b->cli->ctx,
	       "%s: several chains are several sockets on one queue, "
	       "which loses frames in skb mode before Linux 6.15 (CVE-2025-37920): "
	       "serve one chain, or attach in native mode",
	       b->netif.name);
	return -EOPNOTSUPP;
}

/*
 * Before any socket is made, because binding may wait for its queue, and no lock may be
 * held then.
 */
static int reserve_slots(struct xs_broker *b)
{
	int err = 0;

	for (__u32 i = 0; !err && i < b->worker_cnt; i++) {
		if (b->takes_xsk)
			err = xs_held_slots_reserve(&b->slots, queue_of(b, i));
		for (__u32 c = 0; !err && c < b->chains->chain_cnt; c++)
			err = xs_held_slots_reserve_chain(&b->slots, queue_of(b, i),
							  b->chains->chains[c].name);
	}
	return err;
}

static int fill_slots(struct xs_broker *b, const struct xs_worker *w)
{
	int err = 0;

	if (b->takes_xsk)
		err = xs_held_slots_fill(&b->slots, w->queue, NULL, w->xsk.mode, w->xsk.fd);
	for (__u32 i = 0; !err && i < w->entry_cnt; i++) {
		const struct xs_entry *entry = &w->entries[i];

		err = xs_held_slots_fill(&b->slots, w->queue, b->chains->chains[entry->chain].name,
					 w->xsk.mode, xs_worker_fd(w, entry));
	}
	return err;
}

/* Larger ones only where a packet would not fit into one of 2048 bytes, since the driver rounds it down. */
static void choose_frame_size(struct xs_broker *b)
{
	const bool rounds = wanted_mode(b) != XS_XSK_copy &&
			    xs_netif_rounds_buffers_down(&b->netif);

	b->frame_size = XS_XSK_FRAME_MIN;
	b->frame_room = xs_xsk_room(b->frame_size, 0, rounds);
	if (!rounds || b->netif.mtu + XS_LINK_HEADER <= b->frame_room)
		return;
	b->frame_size = XS_XSK_FRAME_MAX;
	b->frame_room = xs_xsk_room(b->frame_size, 0, rounds);
}

static int make_worker(struct xs_broker *b, __u32 i)
{
	const struct xs_worker_config config = {
		.ctx = b->cli->ctx,
		.chains = b->chains,
		.first = b->first,
		.rx_ring = b->rx_ring,
		.ifname = b->netif.name,
		.ifindex = b->netif.ifindex,
		.queue = queue_of(b, i),
		.want = wanted_mode(b),
		.frames = b->opts->frames,
		.wait = wanted_wait(b),
		.sg = b->netif.mtu + XS_LINK_HEADER > b->frame_room,
		.frame_size = b->frame_size,
		.huge = b->opts->huge,
		.numa_node = xs_sysfs_numa_node(b->cli->ctx, &b->netif),
	};
	struct xs_worker *w = &b->workers[i];
	int err = xs_worker_make(w, &config);

	if (!err)
		err = fill_slots(b, w);
	if (err)
		return err;
	b->nfs.engines[i] = w->engine;
	b->nfs.memories[i] = &w->memory;
	b->nfs.engine_cnt = i + 1;
	xs_info(b->cli->ctx, "%s queue %u: %s mode%s", b->netif.name, w->queue,
		w->xsk.mode == XS_XSK_copy ? "copy" : "zero-copy", pages_text(b, w));
	return 0;
}

/* For members of the group, if it exists; else for the user who runs this. */
static int listen_for_nfs(struct xs_broker *b)
{
	const struct group *group = getgrnam(SOCKET_GROUP);
	int err;

	if (b->opts->socket) {
		snprintf(b->path, sizeof(b->path), "%s", b->opts->socket);
	} else {
		mkdir(XS_BROKER_DIR, 0755); /* if it fails, listening reports why */
		snprintf(b->path, sizeof(b->path), XS_BROKER_DIR "/%s.sock", b->netif.name);
	}
	err = xs_nfs_listen(&b->nfs, b->path, 0600);
	if (!err && !b->opts->socket)
		xs_listen_sweep(b->cli->ctx, b->path); /* of killed brokers of other interfaces */
	if (err || !group)
		return err;
	err = lchown(b->path, (uid_t)-1, group->gr_gid) ? -errno : xs_chmod_itself(b->path, 0660);
	if (err)
		xs_warn(b->cli->ctx, "only the owner of %s may open it: %s", b->path,
			strerror(-err));
	return 0;
}

static int listen_for_questions(struct xs_broker *b)
{
	char path[XS_CONTROL_PATH_MAX];

	xs_control_path(path, b->path);
	return xs_control_open(&b->control, b->cli->ctx, path);
}

/* In skb mode they come before the kernel has split them, or after it has merged them. */
static void say_merged_frames_are_lost(const struct xs_broker *b)
{
	if (!b->slots.native)
		xs_warn(b->cli->ctx,
			"%s: skb mode: frames that GRO or a veth's peer has merged %s: "
			"'xsteer-rules show %s | xsteer-loader attach --replace -m native -r - %s' "
			"gets each by itself; the rules stay, members of sets do not",
			b->netif.name,
			b->workers[0].xsk.sg ? "arrive whole, and cannot be sent back"
					     : "are longer than chains take, and are dropped",
			b->netif.name, b->netif.name);
}

int xs_broker_set_up(struct xs_broker *b)
{
	const char *ifname = b->cli->operands[0];
	int err = xs_netif_get(b->cli->ctx, &b->netif, ifname);

	if (!err)
		err = check_queues(b);
	if (!err)
		err = xs_nfs_init(&b->nfs, b->cli->ctx, b->chains);
	if (!err)
		err = xs_held_slots_open(b->cli->ctx, &b->slots, ifname);
	if (!err)
		err = check_chains(b);
	if (!err)
		err = xs_broker_divide_frames(b, b->chains);
	if (!err)
		err = reserve_slots(b);
	xs_held_slots_settle(&b->slots);
	choose_frame_size(b);
	for (__u32 i = 0; !err && i < b->worker_cnt; i++)
		err = make_worker(b, i);
	if (!err)
		say_merged_frames_are_lost(b);
	if (!err)
		err = listen_for_nfs(b);
	if (!err)
		err = listen_for_questions(b);
	return err;
}
