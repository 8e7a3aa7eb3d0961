// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader clean: pins whose interface or program is gone. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/instance/instance.h"
#include "lib/instance/live.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rows.h"
#include "loader.h"
#include "lib/instance/lock.h"
#include "lib/instance/leftovers.h"
#include "lib/instance/publish.h"
#include "lib/instance/dir.h"

struct cleaned {
	struct xs_cli *cli;
	json_t *removed, *failed; /* rows */
};

/* err: of removing it, or of finding out whether it lives; why: NULL: it does. */
static int say_cleaned(struct xs_cli *cli, const struct cleaned *cleaned, const char *dir,
		       const char *why, int err)
{
	if (err)
		return xs_rows_add_failure(cli, cleaned->failed, "dir", dir, err);
	if (!why)
		return 0;
	if (!cli->json)
		printf("%s%s: %s\n", xs_loader_opts(cli)->dry_run ? "would remove " : "removed ",
		       xs_shown(dir).text, why);
	json_array_append_new(cleaned->removed,
			      json_pack("{s:o, s:s}", "dir", xs_json_text(dir), "reason", why));
	return 0;
}

/* Frames meet it: the process was killed when only its name was wrong. */
static int complete(struct xs_cli *cli, const char *side)
{
	char dir[PATH_MAX];

	if (!xs_instance_dir(dir, side))
		return -EINVAL;
	if (!xs_loader_opts(cli)->dry_run)
		return xs_leftovers_settle(cli->ctx, dir);
	xs_note(cli->ctx, "%s is in force: an attach that was killed would be completed", side);
	return 0;
}

static int clean_leftover(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = ((struct cleaned *)arg)->cli;
	const char *why = "left by a process that was killed";
	int err;

	xs_error_mark(cli);
	err = xs_leftover_in_force(ctx, dir);
	if (err > 0) {
		why = NULL;
		err = complete(cli, dir);
	} else if (!err && !xs_loader_opts(cli)->dry_run) {
		err = xs_instance_remove_dir(ctx, dir);
	}
	return say_cleaned(cli, arg, dir, why, err < 0 ? err : 0);
}

static int clean_instance(struct xsteer_ctx *ctx, const char *dir, void *arg)
{
	struct xs_cli *cli = ((struct cleaned *)arg)->cli;
	const char *why = NULL;
	struct xs_live live;
	struct xs_pins pins;
	int err;

	xs_error_mark(cli);
	err = xs_pins_open_dir(ctx, &pins, dir, XS_PINS_READ);
	if (!err) { /* else not ours, or of another version: said, and left alone */
		err = xs_instance_is_gone(&pins, &live);
		if (err > 0) {
			why = live.why;
			err = xs_loader_opts(cli)->dry_run ? 0 : xs_instance_take_apart(&pins);
		}
		xs_pins_close(&pins);
	}
	return say_cleaned(cli, arg, dir, why, err);
}

static int clean_all(struct xs_cli *cli, struct cleaned *cleaned)
{
	int first = xs_pins_each_leftover(cli->ctx, clean_leftover, cleaned);
	int err = xs_pins_each(cli->ctx, clean_instance, cleaned);

	return first ? first : err;
}

int xs_do_clean(struct xs_cli *cli)
{
	struct cleaned cleaned = { .cli = cli, .removed = json_array(), .failed = json_array() };
	json_t *object;
	int lock, err;

	lock = xs_pins_lock(cli->ctx, NULL, false);
	err = lock == -ENOENT ? 0 : lock < 0 ? lock : clean_all(cli, &cleaned);
	if (lock >= 0)
		close(lock);
	object = json_pack("{s:b, s:o}", "dry_run", xs_loader_opts(cli)->dry_run, "removed",
			   cleaned.removed);
	if (cli->json)
		return xs_rows_print(cli, object, "failed", cleaned.failed, err);
	json_decref(object);
	json_decref(cleaned.failed);
	return err;
}
