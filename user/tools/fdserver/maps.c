// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which XSKMAPs may be had; see maps.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/instance/live.h"
#include "lib/instance/pins.h"
#include "maps.h"

static int find_one(struct xs_cli *cli, struct xs_served *served, const char *word)
{
	struct xs_pins pins;
	int err = xs_pins_open(cli->ctx, &pins, word, XS_PINS_SOCKET);

	if (err == -ENOENT)
		xs_err(cli->ctx, "%s has no instance of xsteer: %s makes one", word,
		       xs_hint(cli->ctx, XSTEER_HINT_ATTACH, word).text);
	if (err)
		return err;
	served->word = word;
	snprintf(served->name, sizeof(served->name), "%s", pins.ifname);
	snprintf(served->dir, sizeof(served->dir), "%s", pins.dir);
	xs_pins_close(&pins);
	return 0;
}

int xs_served_find(struct xs_cli *cli, struct xs_served_maps *maps)
{
	int err = 0;

	if (cli->operand_cnt > XS_SERVED_MAX)
		return xs_usage(cli, "at most %d interfaces", XS_SERVED_MAX);
	for (int i = 0; !err && i < cli->operand_cnt; i++)
		err = find_one(cli, &maps->served[maps->cnt++], cli->operands[i]);
	return err;
}

/* ctx: one that nobody listens to. */
static int open_map(struct xsteer_ctx *ctx, const struct xs_served *served)
{
	struct xs_pins pins;
	struct xs_live live;
	int fd = -1, err = xs_pins_open_dir(ctx, &pins, served->dir, XS_PINS_SOCKET);

	if (err == -ENOENT) {
		xs_err(ctx, "%s has no instance of xsteer any more: %s makes one", served->name,
		       xs_hint(ctx, XSTEER_HINT_ATTACH, served->name).text);
		return -ESTALE;
	}
	if (err)
		return err;
	if (!xs_instance_live(&pins, &live) && live.life == XS_LIFE_gone) {
		xs_err(ctx, "%s: no frame meets the instance in %s: %s", served->name, served->dir,
		       live.why);
		err = -ESTALE;
	} else {
		fd = fcntl(pins.map_fds[XS_MAP_xsks_map], F_DUPFD_CLOEXEC, 0);
		err = fd < 0 ? -errno : 0;
	}
	xs_pins_close(&pins);
	return err ? err : fd;
}

/* Peers may ask again and again, so the same text is told once. */
static int open_and_tell(struct xs_cli *cli, struct xs_served *served)
{
	struct xsteer_ctx quiet = *cli->ctx;
	int fd;

	quiet.log = NULL;
	quiet.error[0] = '\0';
	fd = open_map(&quiet, served);
	if (fd >= 0) {
		served->said[0] = '\0';
		return fd;
	}
	if (!quiet.error[0])
		snprintf(quiet.error, sizeof(quiet.error), "%s: cannot open its map: %s",
			 served->name, strerror(-fd));
	if (strcmp(served->said, quiet.error)) {
		memcpy(served->said, quiet.error, sizeof(served->said));
		xs_err(cli->ctx, "%s", served->said);
	}
	return fd;
}

int xs_served_open(struct xs_cli *cli, struct xs_served_maps *maps, const char *name)
{
	for (__u32 i = 0; i < maps->cnt; i++)
		if (!strcmp(maps->served[i].name, name) || !strcmp(maps->served[i].word, name))
			return open_and_tell(cli, &maps->served[i]);
	return -ENOENT;
}
