// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader detach: detaches from interfaces by name, or from all in this network namespace. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xsteer/xsteer.h>

#include "lib/base/escape.h"
#include "lib/instance/dir.h"
#include "lib/instance/instance.h"
#include "lib/instance/lock.h"
#include "lib/instance/netns.h"
#include "lib/net/identity.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "loader.h"

static int say_detached(struct xs_cli *cli, const char *ifname)
{
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o}", "interface", xs_json_text(ifname)));
	if (!cli->json)
		printf("%s: detached\n", xs_shown(ifname).text);
	return 0;
}

static int detach_one(struct xs_cli *cli, const char *ifname)
{
	int err = xsteer_detach(cli->ctx, ifname);

	return err ? err : say_detached(cli, ifname);
}

struct detaching {
	struct xs_cli *cli;
	int root; /* the lock of the pin root; -1: it could not be taken again after a wait */
};

/*
 * *ifname: what the directory is called, and then what the interface is. -ERESTART: what is there
 * has to be looked at again.
 */
static int look_and_detach(struct detaching *all, const char *dir, char ifname[16])
{
	struct xs_pins pins;
	int err = xs_pins_open_dir(all->cli->ctx, &pins, dir, XS_PINS_TAKE_AWAY);

	if (err)
		return err;
	/*
	 * By its directory, since its interface may have been renamed, and another may
	 * have its name.
	 */
	if (xs_netns_of(&pins.meta) == XS_NETNS_OURS) {
		xs_netif_name(pins.meta.ifindex, ifname); /* gone: the name that it had */
		err = xs_instance_take_apart(&pins, &all->root);
		if (!err)
			say_detached(all->cli, ifname);
	}
	xs_pins_close(&pins);
	return err;
}

static int detach_if_here(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct detaching *all = arg;
	char ifname[16];
	int err = 0;

	xs_error_mark(all->cli);
	xs_pin_ifname(ifname, strrchr(dir, '/') + 1);
	if (all->root < 0)
		all->root = xs_pins_lock(ctx, NULL, false);
	if (all->root < 0)
		err = all->root;
	else
		do
			err = look_and_detach(all, dir, ifname);
		while (err == -ERESTART);
	return err ? xs_results_add_failure(all->cli, xs_loader_opts(all->cli)->results,
					    "interface", ifname, err)
		   : 0;
}

static int detach_all(struct xs_cli *cli)
{
	struct detaching all = { cli, xs_pins_lock(cli->ctx, NULL, false) };
	int err;

	if (all.root == -ENOENT)
		return 0; /* no pin root, so no instance */
	if (all.root < 0)
		return all.root;
	err = xs_pins_each(cli->ctx, detach_if_here, &all);
	if (all.root >= 0)
		close(all.root);
	return err;
}

int xs_do_detach(struct xs_cli *cli)
{
	struct xs_loader_opts *opts = xs_loader_opts(cli);

	if (opts->all == (cli->operand_cnt > 0))
		return xs_usage(cli, "detach: name interfaces, or give --all");
	opts->results = json_array();
	return xs_loader_finish(
		cli, opts->all ? detach_all(cli)
			       : xs_each_operand(cli, cli->operand_cnt, cli->operands, detach_one));
}
