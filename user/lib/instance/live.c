// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds out whether an instance is alive; see live.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "dispatcher.h"
#include "link.h"
#include "live.h"
#include "netns.h"
#include "program.h"
#include "trace.h"

static int not_known(struct xs_live *live, const char *asked, int err)
{
	live->life = XS_LIFE_unknown;
	snprintf(live->why, sizeof(live->why), "cannot ask %s: %s", asked, strerror(-err));
	return err;
}

static int is_gone(struct xs_live *live, const char *why)
{
	live->life = XS_LIFE_gone;
	snprintf(live->why, sizeof(live->why), "%s", why);
	return 0;
}

/* Nothing of it is on the hook, or its interface is gone together with the hook. */
static int is_off(const struct xs_pins *pins, struct xs_live *live, enum xs_netns netns)
{
	char name[16];

	if (netns == XS_NETNS_GONE)
		return is_gone(live, "network namespace is gone");
	if (netns == XS_NETNS_OTHER)
		return is_gone(live, "program is no longer attached, in another network namespace");
	return is_gone(live, xs_netif_name(pins->meta.ifindex, name) == -ENODEV
				     ? "interface is gone"
				     : "program is no longer attached");
}

/* The id of the pinned program; 0: none is pinned; -errno. */
static int pinned_prog(const struct xs_pins *pins, __u32 *id)
{
	int fd = xs_pinned_prog_open(pins->dir), err;

	*id = 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = xs_prog_id(fd, id);
	close(fd);
	return err;
}

/*
 * Whether the program on the hook is another one of this instance. An upgrade that was
 * killed, or is under way, leaves the pin of an older program.
 */
static bool is_of_instance(const struct xs_pins *pins, __u32 prog_id)
{
	__u32 xsks_map = xs_map_id(pins->map_fds[XS_MAP_xsks_map]);

	return xsks_map && xs_prog_uses_map(prog_id, xsks_map);
}

/*
 * Its link is not pinned, or may not be opened. An empty hook is still proof. So is our
 * program on it, which another reference may hold there. Another program is proof only if
 * there is no link that could tell more.
 */
static int ask_hook(const struct xs_pins *pins, struct xs_live *live, enum xs_netns netns,
		    int link_err)
{
	struct xs_hook hook;
	__u32 id;
	int held, err;

	if (netns == XS_NETNS_GONE)
		return is_off(pins, live, netns);
	if (netns != XS_NETNS_OURS)
		return not_known(live, "its link", link_err);
	held = xs_netif_hook(pins->meta.ifindex, &hook);
	if (!held || held == -ENODEV)
		return is_off(pins, live, netns);
	if (held < 0)
		return not_known(live, "the XDP hook", held);
	err = pinned_prog(pins, &id);
	if (err)
		return not_known(live, link_err == -ENOENT ? "its program" : "its link",
				 link_err == -ENOENT ? err : link_err);
	if (id != xs_trace_plain_id(pins, hook.prog_id) && !is_of_instance(pins, hook.prog_id))
		return link_err == -ENOENT ? is_off(pins, live, netns)
					   : not_known(live, "its link", link_err);
	live->life = XS_LIFE_alive;
	live->prog_id = hook.prog_id;
	live->ifindex = pins->meta.ifindex;
	live->attached = true;
	return 0;
}

/*
 * The interface may have moved to another network namespace, and another one may have
 * its index here.
 */
static bool is_on_hook_here(const struct xs_live *live, __u32 ifindex)
{
	struct xs_hook hook;
	int held;

	if (live->ifindex != ifindex)
		return false;
	held = xs_netif_hook(ifindex, &hook);
	return held == 1 ? hook.prog_id == live->prog_id : held < 0 && held != -ENODEV;
}

/*
 * The link knows best: a killed upgrade leaves the pin of an older program. Link and hook are
 * asked one after the other, and the program may be replaced in between: it is off the hook
 * only if the link twice names the program that is not there.
 */
static int ask_link(const struct xs_pins *pins, struct xs_live *live, enum xs_netns netns)
{
	struct bpf_link_info info;
	__u32 missing = 0;

	while (true) {
		int fd = xs_link_open(pins->dir, &info);

		if (fd < 0)
			return ask_hook(pins, live, netns, fd);
		close(fd);
		live->prog_id = info.prog_id;
		live->ifindex = info.xdp.ifindex;
		if (!live->ifindex)
			return is_off(pins, live, netns);
		live->life = XS_LIFE_alive;
		live->attached = netns == XS_NETNS_OURS &&
				 is_on_hook_here(live, pins->meta.ifindex);
		if (live->attached || netns != XS_NETNS_OURS || live->prog_id == missing)
			return 0;
		missing = live->prog_id;
	}
}

static int ask_dispatcher(const struct xs_pins *pins, struct xs_live *live, enum xs_netns netns)
{
	int has, err;

	if (netns == XS_NETNS_GONE)
		return is_off(pins, live, netns);
	if (netns != XS_NETNS_OURS)
		return not_known(live, "libxdp of a hook in another network namespace", -EXDEV);
	err = pinned_prog(pins, &live->prog_id);
	if (err)
		return not_known(live, "its program", err);
	has = live->prog_id ? xs_dispatcher_has(pins->meta.ifindex, live->prog_id) : 0;
	if (has < 0)
		return not_known(live, "libxdp", has);
	if (!has)
		return is_off(pins, live, netns);
	live->life = XS_LIFE_alive;
	live->ifindex = pins->meta.ifindex;
	live->attached = true;
	return 0;
}

int xs_instance_live(const struct xs_pins *pins, struct xs_live *live)
{
	enum xs_netns netns = xs_netns_of(&pins->meta);
	struct xs_hook hook;
	int err;

	*live = (struct xs_live){};
	if (netns == XS_NETNS_UNKNOWN)
		return not_known(live, "which network namespace this is", -errno);
	err = pins->meta.attach == XS_ATTACH_DISPATCHER ? ask_dispatcher(pins, live, netns)
							: ask_link(pins, live, netns);
	if (!err && live->attached && xs_netif_hook(pins->meta.ifindex, &hook) == 1)
		live->native = hook.native;
	return err;
}

static int say_not_known(const struct xs_pins *pins, const struct xs_live *live, int err)
{
	xs_err(pins->ctx, "%s: it is not known whether it is in use: %s; nothing was changed",
	       pins->dir, live->why);
	return err;
}

int xs_instance_is_gone(const struct xs_pins *pins, struct xs_live *live)
{
	int err = xs_instance_live(pins, live);

	/* In another network namespace, where it can be asked for: not a failure here. */
	if (err == -EXDEV)
		return 0;
	if (err)
		return say_not_known(pins, live, err);
	if (live->life == XS_LIFE_gone)
		return 1;
	if (!live->attached && xs_netns_of(&pins->meta) == XS_NETNS_OURS)
		xs_note(pins->ctx,
			"%s: its interface is in another network namespace now, "
			"and the program runs there: left alone; 'rm -r %s' detaches it",
			pins->dir, pins->dir);
	return 0;
}

int xs_instance_need_alive(const struct xs_pins *pins, struct xs_live *live)
{
	int err = xs_instance_live(pins, live);

	if (err)
		return say_not_known(pins, live, err);
	if (live->life != XS_LIFE_gone)
		return 0;
	xs_err(pins->ctx,
	       "%s: the %s, so no rules are in force: %s removes its pins, then attach again",
	       pins->ifname, live->why, xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
	return -ESTALE;
}

void xs_instance_warn_if_gone(const struct xs_pins *pins)
{
	struct xs_live live;

	if (!xs_instance_live(pins, &live) && live.life == XS_LIFE_gone)
		xs_warn(pins->ctx,
			"%s: the %s: what is shown is what was there then; %s removes it",
			pins->ifname, live.why, xs_hint(pins->ctx, XSTEER_HINT_CLEAN, NULL).text);
}
