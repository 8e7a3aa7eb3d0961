// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Runs a tool from main() to its exit status, and prints its diagnostics; see cli.h. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli.h"
#include "json.h"
#include "opts.h"
#include "library_log.h"
#include "stop.h"

/* The next steps in the words of the tools. */
static const char *const hints[XSTEER_HINT_MAX] = {
	[XSTEER_HINT_BESIDE] = "'-P PRIO'",
	[XSTEER_HINT_REPLACE] = "'xsteer-loader attach --replace'",
	[XSTEER_HINT_DETACH] = "'xsteer-loader detach {}'",
	[XSTEER_HINT_CLEAN] = "'xsteer-loader clean'",
	[XSTEER_HINT_PIN_ROOT] = "--pin-root",
	[XSTEER_HINT_SKB] = "'-m skb'",
	[XSTEER_HINT_ALONE] = "without -P",
	[XSTEER_HINT_ZERO_COPY] = "-z",
	[XSTEER_HINT_VERBOSE] = "-v",
	[XSTEER_HINT_FRAMES] = "--frames",
	[XSTEER_HINT_RING] = "--ring",
	[XSTEER_HINT_UPGRADE] = "'xsteer-loader upgrade {}'",
	[XSTEER_HINT_ATTACH] = "'xsteer-loader attach {}'",
	[XSTEER_HINT_STATUS] = "'xsteer-loader status'",
	[XSTEER_HINT_SOCKET] = "--socket",
};

/* ---- diagnostics ---- */

static void keep_error(struct xs_cli *cli, const char *text)
{
	pthread_mutex_lock(&cli->lock);
	if (!cli->first_error[0])
		snprintf(cli->first_error, sizeof(cli->first_error), "%s", text);
	if (!cli->marked_error[0])
		snprintf(cli->marked_error, sizeof(cli->marked_error), "%s", text);
	pthread_mutex_unlock(&cli->lock);
}

void xs_error_mark(struct xs_cli *cli)
{
	cli->marked_error[0] = '\0';
}

const char *xs_error_said(const struct xs_cli *cli)
{
	return cli->marked_error;
}

void xs_fail(struct xs_cli *cli, const char *fmt, ...)
{
	char text[XS_ERROR_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	keep_error(cli, text);
}

static void tell_line(const struct xs_cli *cli, enum xsteer_log_level level, const char *text)
{
	char line[XS_ERROR_MAX + 64];

	snprintf(line, sizeof(line), "%s: %s%s\n", cli->tool->name,
		 level == XSTEER_LOG_WARNING ? "warning: " : "", text);
	cli->tell(cli->tell_arg, line, strlen(line));
}

static void print_line(const struct xs_cli *cli, enum xsteer_log_level level, const char *text)
{
	fflush(stdout);
	if (level == XSTEER_LOG_KERNEL)
		fputs(text, stderr);
	else
		fprintf(stderr, "%s: %s%s\n", cli->tool->name,
			level == XSTEER_LOG_WARNING ? "warning: " : "", text);
}

void xs_cli_log(void *arg, enum xsteer_log_level level, const char *text)
{
	struct xs_cli *cli = arg;

	if (level == XSTEER_LOG_ERROR)
		keep_error(cli, text);
	if (level == XSTEER_LOG_INFO && !cli->verbose)
		return;
	if (cli->tell && level == XSTEER_LOG_KERNEL) {
		cli->tell(cli->tell_arg, text, strlen(text));
		return;
	}
	if (cli->tell) {
		tell_line(cli, level, text);
		return;
	}
	xs_stop_begin_output();
	print_line(cli, level, text);
	xs_stop_end_output();
}

int xs_usage(struct xs_cli *cli, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	xs_err(cli->ctx, "%s (try %s --help)", text, cli->tool->name);
	cli->usage_error = true;
	return -EINVAL;
}

/* ---- dispatch ---- */

static const struct xs_cmd *find_cmd(const struct xs_tool *tool, const char *name)
{
	for (const struct xs_cmd *cmd = tool->cmds; cmd->name; cmd++)
		if (!strcmp(cmd->name, name) || (cmd->alias && !strcmp(cmd->alias, name)))
			return cmd;
	return NULL;
}

static int check_operands(struct xs_cli *cli)
{
	const struct xs_cmd *cmd = cli->cmd;

	if (cli->operand_cnt < cmd->operands_min)
		return xs_usage(cli, "%s%s%s is missing", cmd->name, cmd->name[0] ? ": " : "",
				cmd->args);
	if (cmd->operands_max >= 0 && cli->operand_cnt > cmd->operands_max)
		return xs_usage(cli, "too many operands: '%s'", cli->operands[cmd->operands_max]);
	return 0;
}

static const char *root_of_environment(void)
{
	const char *root = getenv("XSTEER_PIN_ROOT");

	return root && root[0] ? root : XSTEER_PIN_ROOT;
}

/* The pin root is the environment's until the options are read. */
static int open_ctx(struct xs_cli *cli)
{
	const char *step = secure_getenv("XSTEER_FAIL_STEP");
	__u64 fail_step = 0;

	if (step)
		xs_parse_u64(step, 1, 10000, &fail_step);
	cli->ctx = xsteer_ctx_new(cli->pin_root, xs_cli_log, cli);
	if (!cli->ctx)
		return -ENOMEM;
	cli->ctx->fail_step = (__u32)fail_step;
	for (int i = 0; i < XSTEER_HINT_MAX; i++)
		xsteer_ctx_set_hint(cli->ctx, i,
				    cli->tool->hints && cli->tool->hints[i] ? cli->tool->hints[i]
									    : hints[i]);
	return 0;
}

static int run_cmd(struct xs_cli *cli, int argc, char **argv)
{
	int err;

	err = xs_opts_parse(cli, cli->cmd, argc, argv);
	if (!err && cli->pin_root[0] != '/')
		err = xs_usage(cli, "XSTEER_PIN_ROOT %s: give an absolute path on a bpffs",
			       cli->pin_root);
	cli->operands = argv + optind;
	cli->operand_cnt = argc - optind;
	if (!err)
		err = check_operands(cli);
	if (!err)
		err = xs_ctx_set_pin_root(cli->ctx, cli->pin_root);
	if (!err)
		err = cli->cmd->run(cli);
	return err;
}

/* What was meant by a word that is no command of ours, or NULL. */
static const char *find_meant(const struct xs_tool *tool, const char *word)
{
	for (const struct xs_guess *guess = tool->guesses; guess && guess->word; guess++)
		if (!strcmp(guess->word, word))
			return guess->meant;
	return NULL;
}

static int run_named(struct xs_cli *cli, int argc, char **argv)
{
	const char *meant = argc > 1 ? find_meant(cli->tool, argv[1]) : NULL;
	int err;

	if (meant)
		return xs_usage(cli, "'%s' is no command: %s", argv[1], meant);
	err = xs_opts_parse(cli, NULL, argc, argv);
	if (err)
		return err;
	argc -= optind;
	argv += optind;
	if (!argc)
		return xs_usage(cli, "a command is missing");
	cli->cmd = find_cmd(cli->tool, argv[0]);
	if (!cli->cmd)
		return xs_usage(cli, "unknown command '%s'", argv[0]);
	return run_cmd(cli, argc, argv);
}

static void print_json_error(const struct xs_cli *cli, int err)
{
	const char *text = cli->first_error[0] ? cli->first_error : strerror(-err);
	json_t *object = json_pack("{s:i, s:o}", "schema", 1, "error", xs_json_text(text));

	if (object)
		json_dumpf(object, stdout, cli->pretty ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

int xs_main(const struct xs_tool *tool, void *opts, int argc, char **argv)
{
	struct xs_cli cli = {
		.tool = tool,
		.opts = opts,
		.pin_root = root_of_environment(),
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	int err;

	xs_library_log_init(&cli);
	cli.cmd = find_cmd(tool, "");
	err = open_ctx(&cli);
	if (!err)
		err = cli.cmd ? run_cmd(&cli, argc, argv) : run_named(&cli, argc, argv);
	if (err && cli.ctx && !cli.first_error[0] && cli.cmd && !cli.told)
		xs_err(cli.ctx, "%s%s%s", cli.cmd->name, cli.cmd->name[0] ? ": " : "",
		       strerror(-err));
	if (err && cli.json && !cli.json_done)
		print_json_error(&cli, err);
	xsteer_ctx_free(cli.ctx);
	return xs_finish(&cli, !err		 ? XS_EXIT_OK
			       : cli.usage_error ? XS_EXIT_USAGE
						 : XS_EXIT_FAILED);
}
