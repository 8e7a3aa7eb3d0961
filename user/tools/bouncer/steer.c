// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Who sends frames to the bouncer's sockets: xsteer's instance, joined or attached; a
 * program of the user's own; or an XSKMAP that somebody provides. Also who owns the
 * slots in it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "steer.h"
#include "take.h"
#include "uds.h"
#include "worker.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"
#include "lib/instance/owners.h"
#include "lib/instance/lock.h"
#include "lib/instance/slots.h"
#include "lib/instance/socket_stats.h"
#include "lib/instance/dir.h"

#define SLOT_TRIES 3

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, len);
	return bpf_obj_get_info_by_fd(fd, info, &len) ? -errno : 0;
}

/* Any map descriptor may come from outside, so check that it is an XSKMAP. */
static int check_xskmap(struct xs_steer *steer, const char *what)
{
	struct bpf_map_info info;
	int err = map_info(steer->map_fd, &info);

	if (err == -EPERM)
		xs_err(steer->cli->ctx,
		       "%s: whether it is an XSKMAP cannot be asked: bpf(2) is not permitted: a "
		       "container's seccomp profile must allow it, and before Linux 5.19 it needs "
		       "CAP_BPF",
		       what);
	else if (err)
		xs_err(steer->cli->ctx, "%s: not a BPF map: %s", what, strerror(-err));
	if (err)
		return err;
	if (info.type != BPF_MAP_TYPE_XSKMAP) {
		xs_err(steer->cli->ctx,
		       "%s: map '%s' (id %u) is no XSKMAP; "
		       "give the map that the XDP program redirects to",
		       what, info.name, info.id);
		return -EINVAL;
	}
	steer->slots = info.max_entries;
	steer->map_id = info.id;
	return 0;
}

static int check_slots(const struct xs_steer *steer)
{
	__u32 i;

	for (i = 0; i < steer->opts->queue_cnt; i++) {
		if (steer->opts->queues[i] < steer->slots)
			continue;
		xs_err(steer->cli->ctx, "queue %u: xsks_map has only %u slots; valid: 0-%u",
		       steer->opts->queues[i], steer->slots, steer->slots - 1);
		return -ERANGE;
	}
	return 0;
}

static int open_map(struct xs_steer *steer)
{
	const struct xs_bouncer_opts *opts = steer->opts;
	int err;

	if (opts->map_fd >= 0) {
		steer->map_fd = opts->map_fd;
		return check_xskmap(steer, "--map-fd");
	}
	if (opts->uds) {
		steer->map_fd = xs_uds_map(steer->cli, opts->uds, opts->ifname);
		return steer->map_fd < 0 ? steer->map_fd : check_xskmap(steer, opts->uds);
	}
	steer->map_fd = bpf_obj_get(opts->xskmap);
	if (steer->map_fd >= 0)
		return check_xskmap(steer, opts->xskmap);
	err = -errno;
	xs_err(steer->cli->ctx, "cannot open the pinned map %s: %s%s", opts->xskmap, strerror(-err),
	       err == -ENOENT	? "; is it on this mount namespace's bpffs?"
	       : err == -EACCES ? "; it needs to be readable and writable"
				: "");
	return err;
}

static int attach_instance(struct xs_steer *steer)
{
	const struct xs_attach_opts attach = { .mode = steer->opts->mode, .automatic = true };
	struct xs_attached got = {};
	int err;

	err = xs_instance_attach(steer->cli->ctx, steer->opts->ifname, &attach, &got, &steer->lock);
	if (err) {
		if (err == -EPERM || err == -EACCES)
			xs_note(steer->cli->ctx,
				"attaching needs CAP_NET_ADMIN and CAP_BPF; "
				"joining what 'xsteer-loader attach %s' attached does not",
				steer->opts->ifname);
		return err;
	}
	steer->attached = !got.already;
	snprintf(steer->mode, sizeof(steer->mode), "%s", xs_mode_names[got.mode]);
	return 0;
}

static void learn_mode(struct xs_steer *steer, __u32 ifindex)
{
	enum xs_mode asked = steer->opts->mode;
	struct xs_hook hook;

	if (!steer->mode[0] && xs_netif_hook(ifindex, &hook) == 1)
		snprintf(steer->mode, sizeof(steer->mode), "%s", hook.skb ? "skb" : "native");
	if (steer->mode[0] && asked != XS_MODE_AUTO && strcmp(steer->mode, xs_mode_names[asked]))
		xs_note(steer->cli->ctx,
			"%s: joins the program that is attached in %s mode, so %s has no effect",
			steer->opts->ifname, steer->mode, asked == XS_MODE_SKB ? "-S" : "-N");
}

/*
 * From now on the instance is not removed, and two processes that want the same queue
 * see each other. Everything that waits, such as the socket's bind, comes after the
 * lock.
 */
static int announce(struct xs_steer *steer)
{
	__u32 i;
	int err;

	for (i = 0; i < steer->opts->queue_cnt; i++) {
		err = xs_slot_announce(&steer->pins, steer->opts->queues[i]);
		if (err)
			return err;
		steer->claimed[i] = true;
	}
	return xs_fail_step(steer->cli->ctx, "announce");
}

static int claim_slot(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk)
{
	const __u32 slot = steer->opts->queues[i];
	const struct xs_owner owner = {
		.queue = slot,
		.mode = xsk->mode,
		.asked = steer->opts->want,
		.fd = xsk->fd,
	};
	int err = xs_slot_claim(&steer->pins, slot, owner, &steer->since_ns[i]);

	if (err)
		return err;
	steer->claimed[i] = true;
	return xs_fail_step(steer->cli->ctx, "claim");
}

void xs_steer_keep_counts(const struct xs_steer *steer, __u32 i,
			  const struct xs_socket_counts *counts)
{
	if (steer->kind == XS_STEER_instance && steer->since_ns[i])
		xs_socket_stats_keep(&steer->pins, steer->opts->queues[i], steer->since_ns[i],
				     counts);
}

/* A row that stays names a process that is gone, so it holds nothing. Still, it should not stay. */
static int give_up_slots(struct xs_steer *steer)
{
	int first = 0, err;
	__u32 i;

	for (i = 0; i < steer->opts->queue_cnt; i++) {
		if (!steer->claimed[i])
			continue;
		steer->claimed[i] = false;
		err = xs_fail_step(steer->cli->ctx, "give up");
		if (!err)
			err = xs_slot_give_up(&steer->pins, steer->opts->queues[i],
					      steer->since_ns[i]);
		if (err && !first)
			first = err;
	}
	return first;
}

static int say_stays(const struct xs_steer *steer, int err)
{
	xs_err(steer->cli->ctx, "%s stays attached: %s; 'xsteer-loader detach %s' removes it",
	       steer->opts->ifname, strerror(-err), steer->opts->ifname);
	return err;
}

/* The caller holds the lock. */
static int leave_locked(struct xs_steer *steer)
{
	int first = give_up_slots(steer), err = 0;

	if (steer->others && !steer->attached)
		return first;
	/* By its pins, since the interface may be gone, and another one may have its name. */
	if (steer->map_fd >= 0)
		err = xs_slots_take_apart_unused(&steer->pins, true, &steer->lock);
	else if (steer->attached)
		err = xs_instance_detach(steer->cli->ctx, steer->opts->ifname, &steer->lock);
	return err && err != -ENOENT ? say_stays(steer, err) : first;
}

static int join_locked(struct xs_steer *steer, const struct xs_netif *netif)
{
	struct xs_live live;
	__u32 i;
	int err;

	err = xs_slots_open(steer->cli->ctx, &steer->pins, steer->opts->ifname, &live,
			    &steer->lock);
	if (!err && live.life == XS_LIFE_alive)
		snprintf(steer->mode, sizeof(steer->mode), "%s", live.native ? "native" : "skb");
	if (err == -ENOENT) {
		err = attach_instance(steer);
		if (!err)
			err = xs_fail_step(steer->cli->ctx, "attach");
		if (!err)
			err = xs_pins_open(steer->cli->ctx, &steer->pins, steer->opts->ifname,
					   XS_PINS_SOCKET);
	}
	if (err)
		return err;
	steer->map_fd = steer->pins.map_fds[XS_MAP_xsks_map];
	err = check_xskmap(steer, steer->pins.dir);
	if (!err)
		err = xs_fail_step(steer->cli->ctx, "pins");
	if (!err)
		err = check_slots(steer);
	learn_mode(steer, netif->ifindex);
	for (i = 0; !err && i < steer->opts->queue_cnt; i++)
		err = xs_slot_check(&steer->pins, steer->opts->ifname, steer->opts->queues[i]);
	return err ? err : announce(steer);
}

static void let_go_of_lock(struct xs_steer *steer)
{
	if (steer->lock >= 0)
		close(steer->lock);
	steer->lock = -1;
}

/* After a failure the lock is kept, so that xs_steer_close() can undo everything under it. */
static int join_instance(struct xs_steer *steer, const struct xs_netif *netif)
{
	int err;

	steer->lock = xs_pins_lock_for(steer->cli->ctx, steer->opts->ifname, true);
	if (steer->lock < 0) {
		if (steer->lock == -ENOENT)
			xs_err(steer->cli->ctx, "%s is not there and cannot be made",
			       steer->cli->pin_root);
		return steer->lock;
	}
	err = join_locked(steer, netif);
	if (!err)
		let_go_of_lock(steer);
	return err;
}

int xs_steer_open(struct xs_cli *cli, struct xs_steer *steer, const struct xs_bouncer_opts *opts,
		  const struct xs_netif *netif)
{
	int err;

	memset(steer, 0, sizeof(*steer));
	steer->cli = cli;
	steer->opts = opts;
	steer->map_fd = steer->lock = -1;
	if (opts->object) {
		steer->kind = XS_STEER_object;
		err = xs_object_open(steer, netif);
		if (!err)
			err = check_xskmap(steer, opts->object);
	} else if (opts->xskmap || opts->uds || opts->map_fd >= 0) {
		steer->kind = XS_STEER_map;
		err = open_map(steer);
		if (!err)
			err = xs_fail_step(steer->cli->ctx, "map");
	} else {
		steer->kind = XS_STEER_instance;
		return join_instance(steer, netif);
	}
	learn_mode(steer, netif->ifindex);
	return err ? err : check_slots(steer);
}

/* ---- from another bouncer ---- */

/* The same instance, and none that has replaced it meanwhile. */
static int open_its_instance(struct xs_steer *steer, const struct xs_take *take)
{
	struct xs_live live;
	int err, lock = xs_pins_lock_for(steer->cli->ctx, steer->opts->ifname, false);

	if (lock < 0)
		return lock;
	err = xs_slots_open(steer->cli->ctx, &steer->pins, steer->opts->ifname, &live, &lock);
	if (lock >= 0)
		close(lock);
	if (err == -ENOENT)
		xs_err(steer->cli->ctx, "%s has no instance below %s%s", steer->opts->ifname,
		       steer->cli->pin_root,
		       take->dead ? " any more: start the bouncer again"
				  : ": the running bouncer goes on");
	if (err)
		return err;
	steer->map_fd = steer->pins.map_fds[XS_MAP_xsks_map];
	err = check_xskmap(steer, steer->pins.dir);
	if (err || steer->map_id == take->offer.map_id)
		return err;
	xs_err(steer->cli->ctx,
	       "%s: the sockets of process %d are not in the instance that is there now, %s: %s",
	       steer->opts->ifname, take->from, steer->pins.dir,
	       take->dead ? "start the bouncer again" : "stop it, then start without --take-over");
	return -ESTALE;
}

int xs_steer_adopt(struct xs_cli *cli, struct xs_steer *steer, const struct xs_bouncer_opts *opts,
		   struct xs_take *take)
{
	memset(steer, 0, sizeof(*steer));
	steer->cli = cli;
	steer->opts = opts;
	steer->lock = -1;
	steer->map_fd = take->map_fd;
	steer->link_fd = take->link_fd;
	take->map_fd = take->link_fd = -1;
	memcpy(steer->mode, take->offer.mode, sizeof(steer->mode));
	for (__u32 i = 0; i < opts->queue_cnt; i++)
		steer->since_ns[i] = take->queues[i].since_ns;
	if (take->offer.source == XS_HAND_instance) {
		steer->kind = XS_STEER_instance;
		return open_its_instance(steer, take);
	}
	steer->kind = take->offer.source == XS_HAND_object ? XS_STEER_object : XS_STEER_map;
	return check_xskmap(steer, "the map of the bouncer before");
}

static struct xs_owner row_of(const struct xs_steer *steer, __u32 i, const struct xs_worker *w)
{
	return (struct xs_owner){
		.queue = w->queue,
		.mode = w->xsk.mode,
		.asked = steer->opts->want,
		.fd = w->xsk.fd,
		.since_ns = steer->since_ns[i],
	};
}

static int own_slot(const struct xs_steer *steer, __u32 i, const struct xs_worker *w, bool of_dead)
{
	const struct xs_owner owner = row_of(steer, i, w);

	return of_dead ? xs_slot_take_back(&steer->pins, w->queue, owner)
		       : xs_slot_take_over(&steer->pins, w->queue, owner);
}

int xs_steer_own(struct xs_steer *steer, const struct xs_worker *workers, __u32 cnt, bool of_dead)
{
	int first = 0, err;

	for (__u32 i = 0; i < cnt; i++)
		steer->inserted[i] = true;
	for (__u32 i = 0; steer->kind == XS_STEER_instance && i < cnt; i++) {
		steer->claimed[i] = true;
		err = own_slot(steer, i, &workers[i], of_dead);
		first = first ? first : err;
	}
	return first;
}

int xs_steer_check_instance(struct xs_steer *steer, const struct xs_worker *workers, __u32 cnt,
			    const struct xs_netif *netif)
{
	int err;

	if (steer->kind != XS_STEER_instance)
		return 0;
	err = xs_slots_check_instance(&steer->pins, netif, &steer->lost_times);
	for (__u32 i = 0; !err && i < cnt; i++)
		if (steer->claimed[i])
			xs_slot_stay(&steer->pins, workers[i].queue, row_of(steer, i, &workers[i]));
	return err;
}

void xs_steer_let_go(struct xs_steer *steer)
{
	if (steer->kind == XS_STEER_instance) {
		let_go_of_lock(steer);
		xs_pins_close(&steer->pins);
		steer->map_fd = -1;
		steer->kind = XS_STEER_none;
	}
	memset(steer->inserted, 0, sizeof(steer->inserted));
	memset(steer->claimed, 0, sizeof(steer->claimed));
	steer->attached = false;
}

int xs_steer_insert(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk)
{
	const bool joined = steer->kind == XS_STEER_instance;
	int err;

	err = xs_slot_insert(steer->cli->ctx, steer->map_fd, joined ? &steer->pins : NULL,
			     steer->opts->ifname, steer->opts->queues[i], xsk->fd);
	if (err)
		return err;
	steer->inserted[i] = true;
	err = xs_fail_step(steer->cli->ctx, "slot");
	/* Not earlier: readers of `owners` assume that the row's socket exists. */
	return err || !joined ? err : claim_slot(steer, i, xsk);
}

/* The next try may succeed; frames that come meanwhile are bounced. */
static int empty_slot(const struct xs_steer *steer, __u32 slot)
{
	int err = 0;

	for (int i = 0; i < SLOT_TRIES; i++) {
		/* ENOENT: the interface went, or someone emptied it; either way it is empty */
		if (!bpf_map_delete_elem(steer->map_fd, &slot) || errno == ENOENT)
			return 0;
		err = -errno;
	}
	xs_err(steer->cli->ctx,
	       "cannot empty slot %u of xsks_map: %s; it is empty once this process has ended, "
	       "and frames that come until then are lost",
	       slot, strerror(-err));
	return err;
}

int xs_steer_remove(struct xs_steer *steer)
{
	int first = 0, err;
	__u32 i;

	for (i = 0; i < XS_QUEUES_MAX; i++) {
		if (!steer->inserted[i])
			continue;
		steer->inserted[i] = false;
		err = empty_slot(steer, steer->opts->queues[i]);
		if (err && !first)
			first = err;
	}
	return first;
}

static int leave_instance(struct xs_steer *steer)
{
	int err = 0;

	if (steer->map_fd < 0 && !steer->attached) /* it did not get that far */
		goto out;
	if (steer->lock < 0)
		steer->lock = xs_pins_lock_for(steer->cli->ctx, steer->opts->ifname, false);
	if (steer->lock >= 0)
		err = leave_locked(steer);
	else if (steer->map_fd >= 0 && steer->pins.meta.flags & XS_META_AUTO)
		err = say_stays(steer, steer->lock);
out:
	let_go_of_lock(steer);
	xs_pins_close(&steer->pins);
	return err;
}

int xs_steer_close(struct xs_steer *steer)
{
	int err = xs_steer_remove(steer), left = 0;

	if (steer->kind == XS_STEER_instance) {
		left = leave_instance(steer);
	} else if (steer->kind == XS_STEER_object) {
		xs_object_close(steer);
	} else if (steer->kind == XS_STEER_map && steer->map_fd >= 0) {
		close(steer->map_fd);
	}
	steer->kind = XS_STEER_none;
	steer->map_fd = -1;
	return err ? err : left;
}
