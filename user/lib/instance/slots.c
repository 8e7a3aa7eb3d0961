// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Takes and gives up slots of an instance; see slots.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/base/names.h"
#include "lib/net/netif.h"
#include "chain_slots.h"
#include "dir.h"
#include "instance.h"
#include "knobs.h"
#include "live.h"
#include "lock.h"
#include "netns.h"
#include "owners.h"
#include "slots.h"
#include "socket_stats.h"

#define LOST_TIMES 2 /* while an instance is replaced, it is missing for a moment */

/*
 * but_us: our own rows may have been impossible to clear. Who cannot be asked for is taken
 * for alive.
 */
static bool anyone_alive(const struct xs_pins *pins, bool but_us)
{
	struct xs_owner *owners = xs_owners_get(pins, 0, pins->all_slots);
	bool alive = !owners;

	for (__u32 slot = 0; !alive && slot < pins->all_slots; slot++)
		alive = !(but_us && xs_owner_is_self(&owners[slot])) &&
			xs_owner_in_use(&owners[slot]);
	free(owners);
	return alive;
}

/*
 * Removes what the last of several automatic owners left when it was killed, if its
 * interface is gone since. Touches nobody else's. 0: removed; -ENOENT: it is not dead;
 * -ERESTART: look again.
 */
static int clear_dead(struct xsteer_ctx *ctx, const char *ifname, int *root)
{
	struct xs_pins pins = {};
	struct xs_live live = {};
	char dir[PATH_MAX];
	int err = -ENOENT;

	if (xs_pins_find(ctx, dir, ifname) || xs_pins_open_dir(ctx, &pins, dir, XS_PINS_SOCKET))
		return -ENOENT;
	/*
	 * A bouncer in a network namespace that is gone cannot be seen from here, but
	 * it serves nobody.
	 */
	if (pins.meta.flags & XS_META_AUTO && !xs_instance_live(&pins, &live) &&
	    live.life == XS_LIFE_gone &&
	    (xs_netns_of(&pins.meta) != XS_NETNS_OURS || !anyone_alive(&pins, false)))
		err = xs_instance_take_apart(&pins, root);
	if (!err)
		xs_note(ctx, "%s was left by bouncers that are gone: removed it", dir);
	xs_pins_close(&pins);
	return err;
}

/* Who joins now is not to be taken for the one who was killed in this slot. */
static int settle_knobs(const struct xs_pins *pins, int *root)
{
	int lock;

	if (!xs_knobs_in_record(pins))
		return 0;
	lock = xs_pins_lock_under(pins->ctx, pins->dir, root);
	if (lock < 0)
		return lock;
	xs_knobs_settle(pins);
	close(lock);
	return 0;
}

/* 0: removed, so that there is none; -ERESTART: look again; else what is said to the user. */
static int none_or(struct xsteer_ctx *ctx, const char *ifname, int *root, int err)
{
	int cleared = clear_dead(ctx, ifname, root);

	return !cleared ? -ENOENT : cleared == -ERESTART ? -ERESTART : err;
}

static void say_detached(struct xsteer_ctx *ctx, const char *ifname)
{
	xs_err(ctx, "%s: its program is no longer attached: %s removes its pins", ifname,
	       xs_hint(ctx, XSTEER_HINT_CLEAN, ifname).text);
}

/* -ERESTART: what is there has to be looked at again. */
static int look_and_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
			 struct xs_live *live, int *root)
{
	int err = xs_pins_open(ctx, pins, ifname, XS_PINS_SOCKET);

	*live = (struct xs_live){};
	if (err)
		return err == -ESTALE ? none_or(ctx, ifname, root, err) : err;
	if (xs_instance_live(pins, live)) {
		*live = (struct xs_live){};
		return 0;
	}
	if (live->life == XS_LIFE_alive) {
		err = settle_knobs(pins, root);
		if (err)
			xs_pins_close(pins);
		return err;
	}
	xs_pins_close(pins);
	err = none_or(ctx, ifname, root, -ESTALE);
	if (err == -ESTALE)
		say_detached(ctx, ifname);
	return err;
}

int xs_slots_open(struct xsteer_ctx *ctx, struct xs_pins *pins, const char *ifname,
		  struct xs_live *live, int *root)
{
	int err;

	do
		err = look_and_open(ctx, pins, ifname, live, root);
	while (err == -ERESTART);
	return err;
}

struct slot_words {
	char text[24 + XS_CHAIN_NAME_MAX];
};

/* "queue 3", or "queue 3, chain web". */
static struct slot_words words_of(const struct xs_pins *pins, __u32 slot)
{
	char chain[XS_CHAIN_NAME_MAX];
	struct slot_words words;

	if (pins && xs_chain_of_slot(pins, slot, chain))
		snprintf(words.text, sizeof(words.text), "queue %u, chain %s", slot % pins->slots,
			 chain);
	else
		snprintf(words.text, sizeof(words.text), "queue %u", slot);
	return words;
}

int xs_slot_check(const struct xs_pins *pins, const char *ifname, __u32 slot)
{
	struct xs_owner owner;
	int err = xs_owner_get(pins, slot, &owner);

	if (err)
		return err;
	if (xs_owner_is_coming(&owner) && !xs_owner_is_elsewhere(&owner)) {
		xs_err(pins->ctx,
		       "%s %s is about to be held by process %u: take another queue, or stop it, "
		       "kill %u",
		       ifname, words_of(pins, slot).text, owner.fd, owner.fd);
		return -EBUSY;
	}
	/* An owner that cannot be seen from here may be dead: the slot itself will tell. */
	if (!xs_owner_alive(&owner) || xs_owner_is_elsewhere(&owner))
		return 0;
	xs_err(pins->ctx,
	       "%s %s is held by process %u (%s mode): take another queue, or stop it, kill %u",
	       ifname, words_of(pins, slot).text, owner.pid, xs_xsk_mode_name(owner.mode),
	       owner.pid);
	return -EBUSY;
}

static void say_taken(struct xsteer_ctx *ctx, int map_fd, const struct xs_pins *pins,
		      const char *ifname, __u32 slot)
{
	struct xs_owner owner = {};

	if (pins && !xs_owner_get(pins, slot, &owner) && xs_owner_is_elsewhere(&owner))
		xs_err(ctx,
		       "%s %s is held by process %u of another PID namespace, a container perhaps: "
		       "stop it there, or take another queue",
		       ifname, words_of(pins, slot).text, owner.pid);
	else
		xs_err(ctx,
		       "%s %s: slot %u of xsks_map (id %u) holds another socket, "
		       "of a process that is not xsteer's: stop it, or take another queue",
		       ifname, words_of(pins, slot).text, slot, xs_map_id(map_fd));
}

int xs_slot_insert(struct xsteer_ctx *ctx, int map_fd, const struct xs_pins *pins,
		   const char *ifname, __u32 slot, int socket_fd)
{
	int err;

	/* BPF_ANY would steal the slot from a living socket. */
	if (!bpf_map_update_elem(map_fd, &slot, &socket_fd, BPF_NOEXIST))
		return 0;
	err = -errno;
	if (err == -EEXIST)
		say_taken(ctx, map_fd, pins, ifname, slot);
	else
		xs_err(ctx, "%s %s: cannot put the socket into xsks_map (id %u): %s", ifname,
		       words_of(pins, slot).text, xs_map_id(map_fd), strerror(-err));
	return err;
}

int xs_slot_announce(const struct xs_pins *pins, __u32 slot)
{
	struct xs_owner owner = { .queue = slot };

	xs_owner_set_coming(&owner);
	return xs_owner_set(pins, slot, &owner);
}

int xs_slot_claim(const struct xs_pins *pins, __u32 slot, struct xs_owner owner, __u64 *since_ns)
{
	struct timespec now;

	xs_owner_set_self(&owner);
	clock_gettime(CLOCK_REALTIME, &now);
	owner.since_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	*since_ns = owner.since_ns;
	xs_socket_stats_begin(pins, slot, owner.queue, owner.since_ns);
	return xs_owner_set(pins, slot, &owner);
}

/* Is the row that of our socket, or does it say that we are about to have one? */
static bool is_ours(const struct xs_owner *owner, __u64 since_ns)
{
	return xs_owner_is_self(owner) && (!owner->pid || owner->since_ns == since_ns);
}

int xs_slot_give_up(const struct xs_pins *pins, __u32 slot, __u64 since_ns)
{
	const struct xs_owner nobody = {};
	struct xs_owner owner;
	int err = xs_owner_get(pins, slot, &owner);

	if (err || !is_ours(&owner, since_ns))
		return err;
	return xs_owner_set(pins, slot, &nobody);
}

int xs_slot_take_over(const struct xs_pins *pins, __u32 slot, struct xs_owner owner)
{
	struct xs_owner there;
	int err = xs_owner_get(pins, slot, &there);

	if (err)
		return err;
	if (there.since_ns == owner.since_ns) {
		owner.asked = there.asked;
	} else if (xs_owner_alive(&there)) {
		xs_err(pins->ctx, "slot %u of %s/owners has another owner", slot, pins->dir);
		return -ESTALE;
	}
	return xs_slot_take_back(pins, slot, owner);
}

int xs_slot_take_back(const struct xs_pins *pins, __u32 slot, struct xs_owner owner)
{
	xs_owner_set_self(&owner);
	return xs_owner_set(pins, slot, &owner);
}

void xs_slot_hold_after(int owners_fd, __u32 slot, __u32 pid, __u64 since_ns)
{
	struct xs_owner owner;

	if (bpf_map_lookup_elem(owners_fd, &slot, &owner) || owner.pid != pid ||
	    owner.since_ns != since_ns)
		return;
	xs_owner_set_coming(&owner);
	bpf_map_update_elem(owners_fd, &slot, &owner, BPF_ANY);
}

int xs_slot_stay(const struct xs_pins *pins, __u32 slot, struct xs_owner owner)
{
	struct xs_owner there;
	int err = xs_owner_get(pins, slot, &there);

	if (err || is_ours(&there, owner.since_ns) || xs_owner_alive(&there))
		return err;
	return xs_slot_take_back(pins, slot, owner);
}

/* Is what is pinned now the same that was opened? What cannot be examined counts as the same. */
static bool still_pinned(const struct xs_pins *pins)
{
	char path[PATH_MAX];
	__u32 id;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", pins->dir, xs_map_names[XS_MAP_xsks_map]) >=
	    (int)sizeof(path))
		return false;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno != ENOENT;
	id = xs_map_id(fd);
	close(fd);
	return id == xs_map_id(pins->map_fds[XS_MAP_xsks_map]);
}

static bool are_lost(const struct xs_pins *pins, __u32 ifindex)
{
	struct xs_hook hook;

	return !still_pinned(pins) || !xs_netif_hook(ifindex, &hook);
}

int xs_slots_check_instance(const struct xs_pins *pins, const struct xs_netif *netif, __u32 *times)
{
	*times = are_lost(pins, netif->ifindex) ? *times + 1 : 0;
	if (*times < LOST_TIMES)
		return 0;
	xs_err(pins->ctx,
	       "%s: the instance that was joined is detached, or replaced by another one: "
	       "no more frames arrive here; start again once %s shows it attached",
	       netif->name, xs_hint(pins->ctx, XSTEER_HINT_STATUS, NULL).text);
	return -ESTALE;
}

/* Reads what is pinned now, since a replaced instance may have another meta there. */
static bool are_unused(const struct xs_pins *pins, bool but_us)
{
	struct xs_meta meta;

	return !xs_pins_look_at_meta(pins->dir, &meta) && meta.flags & XS_META_AUTO &&
	       !anyone_alive(pins, but_us) && still_pinned(pins);
}

int xs_slots_take_apart_unused(const struct xs_pins *pins, bool but_us, int *root)
{
	int err = 0;

	do
		if (are_unused(pins, but_us))
			err = xs_instance_take_apart(pins, root);
		else
			err = 0;
	while (err == -ERESTART);
	return err;
}
