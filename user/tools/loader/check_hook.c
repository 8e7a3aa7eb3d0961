// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who holds the XDP hook: xsteer, somebody else, or nobody, and what is in the way then. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "findings.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/live.h"
#include "lib/net/identity.h"

/* The kernel lets nobody attach to a port whose master has a program. */
static void check_free_hook(struct xs_diagnosis *d)
{
	char master[IFNAMSIZ];
	struct xs_hook hook = {};
	int held = d->netif.master ? xs_netif_name(d->netif.master, master) : 0;

	if (!held && d->netif.master)
		held = xs_netif_hook(d->netif.master, &hook);
	if (held < 0 && held != -ENODEV)
		xs_find(d, "hook", XS_LEVEL_WARN, "",
			"the XDP hook is free, but whether a program of its master is in the way "
			"cannot be asked: %s",
			strerror(-held));
	else if (held == 1)
		xs_find(d, "hook", XS_LEVEL_FAIL,
			xs_fix(d, "detach that from %s with the tool that attached it", master),
			"%s has program '%s' (id %u): "
			"Linux 5.15 and newer then take none on its ports",
			master, hook.prog_name, hook.prog_id);
	else
		xs_find(d, "hook", XS_LEVEL_OK, "", "the XDP hook is free");
}

/*
 * The directory of this interface's name is of another one, which had the name before and may
 * be alive; then clean leaves it.
 */
static void find_pins_of_another(struct xs_diagnosis *d)
{
	const char *remedy = "xsteer-loader clean";
	struct xs_pins pins = {};
	char dir[PATH_MAX];
	struct xs_live live;

	if (!xs_pin_dir(d->cli->ctx, dir, d->netif.name) &&
	    !xs_pins_open_dir(d->cli->ctx, &pins, dir, XS_PINS_READ)) {
		if (!xs_instance_live(&pins, &live) && live.attached)
			remedy = xs_fix(d, "xsteer-loader detach %s", pins.ifname);
		xs_pins_close(&pins);
	}
	xs_find(d, "hook", XS_LEVEL_FAIL, remedy,
		"the XDP hook is free, but pins of another interface or program have its name");
}

static void find_pins_in_the_way(struct xs_diagnosis *d, int err)
{
	if (err == -ESTALE)
		find_pins_of_another(d);
	else if (err == -ENODATA || err == -EPROTO)
		xs_find(d, "hook", XS_LEVEL_FAIL,
			xs_fix(d, "xsteer-loader detach %s", d->netif.name),
			"the XDP hook is free, but the pins that are left cannot be used");
	else
		xs_find(d, "hook", XS_LEVEL_WARN,
			err == -EACCES ? "run as the owner of the pins" : "",
			"the XDP hook is free, but whether pins are in the way cannot be seen: %s",
			strerror(-err));
}

/* The hook is free, but attach refuses, or it cannot be seen whether it does. */
static bool find_left_pins(struct xs_diagnosis *d)
{
	struct xs_pins pins = {};
	struct xs_live live = {};
	bool gone;
	int err;

	if (!xs_pins_on_bpffs(d->cli->ctx))
		return false;
	err = xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ);
	if (err == -ENOENT)
		return false;
	if (!err)
		err = xs_instance_live(&pins, &live);
	gone = !err && live.life == XS_LIFE_gone;
	xs_pins_close(&pins);
	if (gone)
		xs_find(d, "hook", XS_LEVEL_FAIL, "xsteer-loader clean",
			"the XDP hook is free, but pins are left: the %s", live.why);
	else if (err)
		find_pins_in_the_way(d, err);
	return gone || err;
}

/* Of xs_pins_open(): what runs on the hook is known not to be the instance of this name. */
static bool is_nobodys(int err)
{
	return err == -ENOENT || err == -ESTALE || err == -ENODATA || err == -EXDEV ||
	       err == -EPROTO;
}

static void find_unseen(struct xs_diagnosis *d, __u32 prog_id, int err)
{
	const char *help = err == -ENOTSUP ? "mount the bpffs, or name its pin root"
			   : err == -EACCES || err == -EPERM
				   ? "run as root, or as the owner of the pins"
				   : "";

	xs_find(d, "hook", XS_LEVEL_WARN, help,
		"program id %u holds the XDP hook; it cannot be seen whether it is xsteer's%s%s",
		prog_id, help[0] ? "" : ": ", help[0] ? "" : strerror(-err));
}

void xs_check_hook(struct xs_diagnosis *d)
{
	struct xs_pins pins;
	struct xs_live live;
	struct xs_hook hook;
	int err = xs_netif_hook(d->netif.ifindex, &hook);

	if (err < 0) {
		xs_find(d, "hook", XS_LEVEL_WARN, "", "who holds the XDP hook cannot be asked: %s",
			strerror(-err));
		return;
	}
	if (!err) {
		if (!find_left_pins(d))
			check_free_hook(d);
		return;
	}
	err = xs_pins_on_bpffs(d->cli->ctx)
		      ? xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ)
		      : -ENOTSUP;
	d->no_pins = err;
	if (!err) {
		err = xs_instance_live(&pins, &live);
		xs_pins_close(&pins);
	}
	if (err && !is_nobodys(err)) {
		find_unseen(d, hook.prog_id, err);
		return;
	}
	if (!err && live.attached) {
		xs_find(d, "hook", XS_LEVEL_OK, "", "xsteer is attached in %s mode",
			live.native ? "native" : "skb");
		return;
	}
	xs_find(d, "hook", hook.dispatcher ? XS_LEVEL_WARN : XS_LEVEL_FAIL,
		hook.dispatcher ? xs_fix(d, "xsteer-loader attach -P 20 %s", d->netif.name)
				: "detach it with the tool that attached it",
		"program '%s' (id %u) holds the XDP hook", hook.prog_name, hook.prog_id);
}
