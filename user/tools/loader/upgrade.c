// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader upgrade: replaces the running program by this build's. */
#include <stdio.h>

#include <xsteer/xsteer.h>

#include "lib/base/escape.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "loader.h"

static int upgrade_one(struct xs_cli *cli, const char *ifname)
{
	XSTEER_STRUCT(xsteer_upgraded, got);
	int err = xsteer_upgrade(cli->ctx, ifname, &got);

	if (err)
		return err;
	json_array_append_new(xs_loader_opts(cli)->results,
			      json_pack("{s:o, s:I, s:I}", "interface", xs_json_text(ifname),
					"old_prog_id", (json_int_t)got.old_prog_id, "prog_id",
					(json_int_t)got.prog_id));
	if (!cli->json)
		printf("%s: program id %u in place of %u; sockets, counters and rules stay\n",
		       xs_shown(ifname).text, got.prog_id, got.old_prog_id);
	return 0;
}

int xs_do_upgrade(struct xs_cli *cli)
{
	xs_loader_opts(cli)->results = json_array();
	return xs_loader_finish(cli,
				xs_each_operand(cli, cli->operand_cnt, cli->operands, upgrade_one));
}
