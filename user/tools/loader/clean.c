// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader clean: removes pins whose interface or program is gone. */
#include <stdio.h>

#include <xsteer/xsteer.h>

#include "lib/base/escape.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/results.h"
#include "loader.h"

struct cleaned {
	struct xs_cli *cli;
	json_t *removed, *failed; /* rows */
};

static void show_cleaned(void *arg, const struct xsteer_cleaned *what)
{
	const struct cleaned *cleaned = arg;
	struct xs_cli *cli = cleaned->cli;

	if (what->error) {
		xs_results_add_failure(cli, cleaned->failed, "dir", what->dir, what->error);
		xs_error_mark(cli);
		return;
	}
	if (!cli->json)
		printf("%s%s: %s\n", xs_loader_opts(cli)->dry_run ? "would remove " : "removed ",
		       xs_shown(what->dir).text, what->reason);
	json_array_append_new(
		cleaned->removed,
		json_pack("{s:o, s:s}", "dir", xs_json_text(what->dir), "reason", what->reason));
}

int xs_do_clean(struct xs_cli *cli)
{
	struct cleaned cleaned = { .cli = cli, .removed = json_array(), .failed = json_array() };
	json_t *object;
	int err;

	xs_error_mark(cli);
	err = xsteer_clean(cli->ctx, xs_loader_opts(cli)->dry_run ? XSTEER_CLEAN_DRY_RUN : 0,
			   show_cleaned, &cleaned);
	object = json_pack("{s:b, s:o}", "dry_run", xs_loader_opts(cli)->dry_run, "removed",
			   cleaned.removed);
	if (cli->json)
		return xs_results_print(cli, object, "failed", cleaned.failed, err);
	json_decref(object);
	json_decref(cleaned.failed);
	return err;
}
