/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the commands of xsteer-loader share: options, and a row for each interface. */
#ifndef XS_TOOL_LOADER_H
#define XS_TOOL_LOADER_H

#include <stdbool.h>

#include <xsteer/xsteer.h>

#include "tools/cli/cli.h"
#include "tools/cli/json.h"

struct xs_loader_opts {
	struct xsteer_attach_opts attach;
	const char *rules; /* file */
	bool all, dry_run, replace;
	json_t *results; /* a row for each interface; if it failed, with "error" */
};

static inline struct xs_loader_opts *xs_loader_opts(const struct xs_cli *cli)
{
	return cli->opts;
}

/*
 * Works on every operand, goes on after a failure, and returns the first one. Each
 * failure becomes a row of options.results.
 */
int xs_each_operand(struct xs_cli *cli, int argc, char **argv,
		    int (*work)(struct xs_cli *cli, const char *ifname));

/* With -j prints options.results; frees them. Returns err, or -errno of printing. */
int xs_loader_finish(struct xs_cli *cli, int err);

/* Commands that have their own files. 0 or -errno. */
int xs_do_attach(struct xs_cli *cli);
int xs_do_detach(struct xs_cli *cli);
int xs_do_status(struct xs_cli *cli);
int xs_do_upgrade(struct xs_cli *cli);
int xs_do_clean(struct xs_cli *cli);
int xs_do_queues(struct xs_cli *cli);
int xs_do_reserve(struct xs_cli *cli);
int xs_do_release(struct xs_cli *cli);

#endif
