/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who sends frames to the bouncer's sockets: xsteer's instance, joined or
 * attached; a program of the user's own; or an XSKMAP that someone hands over.
 * And who owns the slots in it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>

#include <bpf/bpf.h>

#include "steer.h"
#include "uds.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"
#include "lib/base/names.h"
#include "lib/instance/owners.h"
#include "lib/instance/lock.h"
#include "lib/instance/live.h"
#include "lib/instance/dir.h"

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, len);
	return bpf_obj_get_info_by_fd(fd, info, &len) ? -errno : 0;
}

/* Any map descriptor may come in from outside: is it an XSKMAP? */
static int check_xskmap(struct xs_steer *steer, const char *what)
{
	struct bpf_map_info info;
	int err = map_info(steer->map_fd, &info);

	if (err) {
		xs_err(steer->cli->ctx, "%s: not a BPF map: %s", what, strerror(-err));
		return err;
	}
	if (info.type != BPF_MAP_TYPE_XSKMAP) {
		xs_err(steer->cli->ctx,
		       "%s: map '%s' (id %u) is no XSKMAP; give the map that the XDP program "
		       "redirects to",
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

	err = xs_instance_attach(steer->cli->ctx, steer->opts->ifname, &attach, &got);
	if (err) {
		if (err == -EPERM || err == -EACCES)
			xs_note(steer->cli->ctx,
				"attaching needs CAP_NET_ADMIN and CAP_BPF; joining what "
				"'xsteer-loader attach %s' attached does not",
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

static int check_owner(const struct xs_steer *steer, __u32 slot)
{
	struct xs_owner owner;
	int err;

	err = xs_owner_get(&steer->pins, slot, &owner);
	if (err)
		return err;
	/* One that cannot be seen from here may be dead: the slot itself will tell. */
	if (!xs_owner_alive(&owner) || xs_owner_is_elsewhere(&owner))
		return 0;
	xs_err(steer->cli->ctx,
	       "%s queue %u is held by process %u (%s mode): take another queue, or stop it, kill "
	       "%u",
	       steer->opts->ifname, slot, owner.pid, xs_xsk_mode_name(owner.mode), owner.pid);
	return -EBUSY;
}

static int claim_slot(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk)
{
	const __u32 slot = steer->opts->queues[i];
	struct xs_owner owner = {
		.queue = slot,
		.mode = xsk->mode,
		.asked = steer->opts->want,
		.fd = xsk->fd,
	};
	struct timespec now;
	int err;

	xs_owner_set_self(&owner);
	clock_gettime(CLOCK_REALTIME, &now);
	owner.since_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	err = xs_owner_set(&steer->pins, slot, &owner);
	if (err)
		return err;
	steer->claimed[i] = true;
	return xs_fail_step(steer->cli->ctx, "claim");
}

/* Somebody else: our own row may have resisted being cleared. */
static bool anyone_alive(const struct xs_pins *pins)
{
	struct xs_owner owner, self = {};
	__u32 slot;

	xs_owner_set_self(&self);
	for (slot = 0; slot < pins->slots; slot++)
		if (!xs_owner_get(pins, slot, &owner) && xs_owner_alive(&owner) &&
		    (owner.pid != self.pid || owner.pidns != self.pidns))
			return true;
	return false;
}

/* Is what is pinned now still what we joined? */
static bool still_pinned(const struct xs_steer *steer)
{
	struct bpf_map_info info;
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", steer->pins.dir, xs_map_names[XS_MAP_xsks_map]) >=
	    (int)sizeof(path))
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	err = map_info(fd, &info);
	close(fd);
	return !err && info.id == steer->map_id;
}

bool xs_steer_lost(const struct xs_steer *steer, __u32 ifindex)
{
	struct xs_hook hook;

	return steer->kind == XS_STEER_instance &&
	       (!still_pinned(steer) || !xs_netif_hook(ifindex, &hook));
}

/* Is it for bouncers to take away? */
static bool ours_to_detach(const struct xs_steer *steer)
{
	struct xs_meta meta;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(steer->pins.map_fds[XS_MAP_meta], &zero, &meta))
		meta = steer->pins.meta;
	return meta.flags & XS_META_AUTO && !anyone_alive(&steer->pins) && still_pinned(steer);
}

/* A row that stays names a process that is gone, so it holds nothing; but it should not stay. */
static int give_up_slots(struct xs_steer *steer)
{
	const struct xs_owner nobody = {};
	int first = 0, err;
	__u32 i;

	for (i = 0; i < steer->opts->queue_cnt; i++) {
		if (!steer->claimed[i])
			continue;
		steer->claimed[i] = false;
		err = xs_fail_step(steer->cli->ctx, "give up");
		if (!err)
			err = xs_owner_set(&steer->pins, steer->opts->queues[i], &nobody);
		if (err && !first)
			first = err;
	}
	return first;
}

static int say_stays(const struct xs_steer *steer, int err)
{
	xs_err(steer->cli->ctx, "%s stays attached: %s; 'xsteer-loader detach %s' takes it away",
	       steer->opts->ifname, strerror(-err), steer->opts->ifname);
	return err;
}

/* Under the lock. */
static int leave_locked(struct xs_steer *steer)
{
	int first = give_up_slots(steer), err;

	if (steer->map_fd < 0 ? !steer->attached : !ours_to_detach(steer))
		return first;
	/* By its pins: the interface may be gone, and its name another's. */
	err = steer->map_fd < 0 ? xs_instance_detach(steer->cli->ctx, steer->opts->ifname)
				: xs_instance_take_apart(&steer->pins);
	return err && err != -ENOENT ? say_stays(steer, err) : first;
}

/*
 * What the last of some bouncers left when it was killed, and whose interface
 * has gone since. Nobody else's is touched. True: taken away.
 */
static bool clear_dead(struct xs_cli *cli, const char *ifname)
{
	struct xs_pins pins = {};
	struct xs_live live = {};
	char dir[PATH_MAX], name[IF_NAMESIZE];
	bool dead;

	if (xs_pins_find(cli->ctx, dir, ifname) ||
	    xs_pins_open_dir(cli->ctx, &pins, dir, XS_PINS_SOCKET))
		return false;
	dead = pins.meta.flags & XS_META_AUTO && pins.meta.netns_inode == xs_netns_inode() &&
	       !anyone_alive(&pins) &&
	       (!if_indextoname(pins.meta.ifindex, name) ||
		(!xs_instance_live(&pins, &live) && !live.attached));
	if (dead) {
		xs_note(cli->ctx, "%s was left by bouncers that are gone: removing it", dir);
		dead = !xs_instance_take_apart(&pins);
	}
	xs_pins_close(&pins);
	return dead;
}

/* As xs_pins_open(), for a program that is on the hook. */
static int open_live(struct xs_steer *steer)
{
	const char *ifname = steer->opts->ifname;
	struct xs_live live;
	int err;

	err = xs_pins_open(steer->cli->ctx, &steer->pins, ifname, XS_PINS_SOCKET);
	if (err == -ESTALE && clear_dead(steer->cli, ifname))
		return -ENOENT;
	/* Without permission to read the program's pin it is taken to be there. */
	if (err || xs_instance_live(&steer->pins, &live))
		return err;
	if (live.attached) {
		snprintf(steer->mode, sizeof(steer->mode), "%s", live.native ? "native" : "skb");
		return 0;
	}
	xs_pins_close(&steer->pins);
	if (clear_dead(steer->cli, ifname))
		return -ENOENT;
	xs_err(steer->cli->ctx,
	       "%s: its program is not attached any more: 'xsteer-loader clean' removes its pins",
	       ifname);
	return -ESTALE;
}

static int join_locked(struct xs_steer *steer, const struct xs_netif *netif)
{
	__u32 i;
	int err;

	err = open_live(steer);
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
		err = check_owner(steer, steer->opts->queues[i]);
	return err;
}

/*
 * The lock is held until xs_steer_settle(): so that the last to leave does not
 * take away what we join, and of two that want a queue one sees the other.
 */
static int join_instance(struct xs_steer *steer, const struct xs_netif *netif)
{
	int err;

	err = xs_pins_check_bpffs(steer->cli->ctx);
	if (err)
		return err;
	steer->lock = xs_pins_lock(steer->cli->ctx, NULL, true);
	if (steer->lock < 0) {
		if (steer->lock == -ENOENT)
			xs_err(steer->cli->ctx, "%s is not there and cannot be made",
			       steer->cli->pin_root);
		return steer->lock;
	}
	return join_locked(steer, netif);
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

static void say_taken(const struct xs_steer *steer, __u32 slot)
{
	struct xs_owner owner = {};

	if (steer->kind == XS_STEER_instance && !xs_owner_get(&steer->pins, slot, &owner) &&
	    xs_owner_is_elsewhere(&owner))
		xs_err(steer->cli->ctx,
		       "%s queue %u is held by process %u of another PID namespace, a container "
		       "perhaps: stop it there, or take another queue",
		       steer->opts->ifname, slot, owner.pid);
	else
		xs_err(steer->cli->ctx,
		       "%s queue %u: slot %u of xsks_map (id %u) holds another socket, of a "
		       "process that is not xsteer's: stop it, or take another queue",
		       steer->opts->ifname, slot, slot, steer->map_id);
}

int xs_steer_insert(struct xs_steer *steer, __u32 i, const struct xs_xsk *xsk)
{
	__u32 slot = steer->opts->queues[i];
	int err;

	/* BPF_ANY would steal the slot of a socket that lives. */
	if (!bpf_map_update_elem(steer->map_fd, &slot, &xsk->fd, BPF_NOEXIST)) {
		steer->inserted[i] = true;
		err = xs_fail_step(steer->cli->ctx, "slot");
		/* Only now: who reads `owners` takes a row for a socket that is there. */
		if (!err && steer->kind == XS_STEER_instance)
			err = claim_slot(steer, i, xsk);
		return err;
	}
	err = -errno;
	if (err == -EEXIST)
		say_taken(steer, slot);
	else
		xs_err(steer->cli->ctx,
		       "%s queue %u: cannot put the socket into xsks_map (id %u): %s",
		       steer->opts->ifname, slot, steer->map_id, strerror(-err));
	return err;
}

void xs_steer_settle(struct xs_steer *steer)
{
	if (steer->lock >= 0)
		close(steer->lock);
	steer->lock = -1;
}

void xs_steer_remove(struct xs_steer *steer)
{
	__u32 i;

	for (i = 0; i < XS_QUEUES_MAX; i++) {
		if (!steer->inserted[i])
			continue;
		/* ENOENT: the interface went, or someone emptied it; either way it is empty */
		if (bpf_map_delete_elem(steer->map_fd, &steer->opts->queues[i]) && errno != ENOENT)
			xs_warn(steer->cli->ctx, "cannot empty slot %u of xsks_map: %s",
				steer->opts->queues[i], strerror(errno));
		steer->inserted[i] = false;
	}
}

static int leave_instance(struct xs_steer *steer)
{
	int err = 0;

	if (steer->map_fd < 0 && !steer->attached) /* it did not come that far */
		goto out;
	if (steer->lock < 0)
		steer->lock = xs_pins_lock(steer->cli->ctx, NULL, false);
	if (steer->lock >= 0)
		err = leave_locked(steer);
	else if (steer->map_fd >= 0 && steer->pins.meta.flags & XS_META_AUTO)
		err = say_stays(steer, steer->lock);
out:
	xs_steer_settle(steer);
	xs_pins_close(&steer->pins);
	return err;
}

int xs_steer_close(struct xs_steer *steer)
{
	int err = 0;

	xs_steer_remove(steer);
	if (steer->kind == XS_STEER_instance) {
		err = leave_instance(steer);
	} else if (steer->kind == XS_STEER_object) {
		xs_object_close(steer);
	} else if (steer->kind == XS_STEER_map && steer->map_fd >= 0) {
		close(steer->map_fd);
	}
	steer->kind = XS_STEER_none;
	steer->map_fd = -1;
	return err;
}
