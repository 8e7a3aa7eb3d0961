// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is on an interface, and what is pinned in the pin root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/instance/netns.h"
#include "lib/instance/owners.h"
#include "lib/instance/pins.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "lib/set/sets.h"
#include "sized.h"

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
	struct xs_live live;

	if (xs_instance_live(pins, &live))
		status->state = XSTEER_STATE_UNKNOWN;
	else
		status->state = live.attached ? XSTEER_STATE_ATTACHED : XSTEER_STATE_STALE;
	status->slots = pins->slots;
	status->sockets = xs_owners_alive(pins);
	status->version = pins->meta.version;
	status->flags = pins->meta.flags & XS_META_AUTO ? XSTEER_STATUS_AUTOMATIC : 0;
	status->generation = xs_rule_sets_generation(pins);
}

int xsteer_status(struct xsteer_ctx *ctx, const char *ifname, struct xsteer_status *status)
{
	int err = xs_sized_check(ctx, status, "xsteer_status"), held;
	struct xsteer_status own = { .sz = sizeof(own) };
	struct xs_hook hook = {};
	struct xs_pins pins;

	if (err)
		return err;
	err = xs_netif_find(ifname, &own.ifindex, own.ifname);
	if (err == -ENODEV)
		xs_err(ctx, "no interface %s in this network namespace: 'ip link' lists them",
		       ifname);
	else if (err)
		xs_err(ctx, "cannot ask for interface %s: %s", ifname, strerror(-err));
	if (err)
		return err;
	held = xs_netif_hook(own.ifindex, &hook) == 1;
	if (held)
		add_hook(&own, &hook);
	err = xs_pins_open(ctx, &pins, ifname, XS_PINS_READ);
	if (!err) {
		add_instance(&own, &pins);
		xs_pins_close(&pins);
	} else {
		own.state = err != -ENOENT ? XSTEER_STATE_UNUSABLE
			    : held	   ? XSTEER_STATE_FOREIGN
					   : XSTEER_STATE_NONE;
	}
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
