// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds out what is on an interface, and what is pinned in the pin root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/instance/netns.h"
#include "lib/instance/owners.h"
#include "lib/instance/pins.h"
#include "lib/instance/place.h"
#include "lib/instance/set_layout.h"
#include "lib/net/netif.h"
#include "lib/set/sets.h"
#include "maps/rule_set.h"
#include "sized.h"
#include "status.h"

static void add_hook(struct xsteer_status *status, const struct xs_hook *hook)
{
	status->mode = hook->native	? XSTEER_MODE_NATIVE
		       : hook->skb	? XSTEER_MODE_SKB
		       : hook->hardware ? XSTEER_MODE_HARDWARE
					: XSTEER_MODE_AUTO;
	status->by = hook->dispatcher		   ? XSTEER_BY_DISPATCHER
		     : hook->by == XS_HOOK_LINK	   ? XSTEER_BY_LINK
		     : hook->by == XS_HOOK_NETLINK ? XSTEER_BY_NETLINK
						   : XSTEER_BY_UNKNOWN;
	status->prog_id = hook->prog_id;
	snprintf(status->prog_name, sizeof(status->prog_name), "%s", hook->prog_name);
}

static void add_instance(struct xsteer_status *status, const struct xs_pins *pins)
{
	int alive = xs_owners_alive(pins);
	struct xs_live live;

	if (xs_instance_live(pins, &live) || alive < 0)
		status->state = XSTEER_STATE_UNKNOWN;
	else
		status->state = live.attached ? XSTEER_STATE_ATTACHED : XSTEER_STATE_STALE;
	status->slots = pins->slots;
	status->sockets = alive < 0 ? 0 : alive;
	status->version = pins->meta.version;
	status->flags = pins->meta.flags & XS_META_AUTO ? XSTEER_STATUS_AUTOMATIC : 0;
	if (xs_set_layout_has_limits(pins->meta.set_layout))
		status->flags |= XSTEER_STATUS_LIMITS;
	status->generation = xs_rule_sets_generation(pins);
}

void xs_status_get(struct xsteer_ctx *ctx, __u32 ifindex, const char *ifname, bool look,
		   struct xsteer_status *status)
{
	struct xs_hook hook = {};
	struct xs_pins pins;
	bool held;
	int err;

	memset(status, 0, sizeof(*status));
	status->sz = sizeof(*status);
	status->ifindex = ifindex;
	snprintf(status->ifname, sizeof(status->ifname), "%s", ifname);
	held = xs_netif_hook(ifindex, &hook) == 1;
	if (held)
		add_hook(status, &hook);
	err = look ? xs_pins_open(ctx, &pins, ifname, XS_PINS_READ) : -EACCES;
	if (!err) {
		add_instance(status, &pins);
		xs_pins_close(&pins);
	} else {
		status->state = err != -ENOENT ? XSTEER_STATE_UNUSABLE
				: held	       ? XSTEER_STATE_FOREIGN
					       : XSTEER_STATE_NONE;
	}
}

int xs_status_find(struct xsteer_ctx *ctx, const char *name, __u32 *ifindex, char *ifname)
{
	int err = xs_interface_find(ctx, name, ifindex, ifname);

	if (err == -ENODEV)
		xs_err(ctx, "no interface %s in this network namespace: 'ip link' lists them",
		       name);
	else if (err)
		xs_err(ctx, "cannot ask for interface %s: %s", name, strerror(-err));
	return err;
}

int xsteer_status(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_status *status)
{
	int err = xs_sized_check(ctx, status, "xsteer_status");
	struct xsteer_status own;
	char name[16];
	__u32 ifindex;

	if (!err)
		err = xs_status_find(ctx, ifname, &ifindex, name);
	if (err)
		return err;
	xs_status_get(ctx, ifindex, name, true, &own);
	xs_sized_give(status, &own, sizeof(own));
	return 0;
}

struct walk {
	xsteer_instance_fn each;
	void *arg;
	int result; /* of the last call */
};

static int show_dir(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xsteer_instance own = { .sz = sizeof(own), .dir = dir };
	struct walk *walk = arg;
	struct xs_pins pins;
	char ifname[16];

	own.error = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (own.error) {
		xs_pin_ifname(ifname, strrchr(dir, '/') + 1);
	} else {
		memcpy(ifname, pins.ifname, sizeof(ifname));
		own.ifindex = pins.meta.ifindex;
		own.slots = pins.slots;
		own.netns_inode = pins.meta.netns_inode;
		own.flags = xs_netns_of(&pins.meta) == XS_NETNS_OURS ? 0
								     : XSTEER_INSTANCE_ELSEWHERE;
	}
	own.ifname = ifname;
	walk->result = walk->each(walk->arg, &own);
	xs_pins_close(&pins);
	return walk->result ? 1 : 0;
}

int xsteer_each_instance(struct xsteer_ctx *ctx, xsteer_instance_fn each, void *arg)
{
	struct walk walk = { .each = each, .arg = arg };
	int err = xs_pins_each(ctx, show_dir, &walk);

	return err < 0 ? err : walk.result;
}
