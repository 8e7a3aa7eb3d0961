// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Options as data; see opts.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "opts.h"
#include "stop.h"
#include "version.h"

#define HELP_COLUMN 28 /* longer names have their help on the next line */

#define OPTS_MAX 64
#define LONG_ONLY 256 /* getopt value of options without a letter: above any char */

static int show_help(struct xs_cli *cli, void *opts, const char *arg);
static int show_version(struct xs_cli *cli, void *opts, const char *arg);

static int set_pretty(struct xs_cli *cli, void *opts, const char *arg)
{
	(void)opts, (void)arg;
	cli->json = cli->pretty = true;
	return 0;
}

static int set_pin_root(struct xs_cli *cli, void *opts, const char *arg)
{
	(void)opts;
	if (arg[0] != '/')
		return xs_usage(cli, "--pin-root %s: give an absolute path on a bpffs", arg);
	cli->pin_root = arg;
	return 0;
}

/* A tool's own -v and -p come first in its table, and therefore win. */
static const struct xs_opt common_opts[] = {
	{ "json", 'j', NULL, "JSON on stdout", XS_TO_FLAG(struct xs_cli, json) },
	{ "pretty", 'p', NULL, "JSON, indented", XS_TO_CALL(set_pretty) },
	{ "pin-root", 0, "DIR", "instead of " XSTEER_PIN_ROOT " (also XSTEER_PIN_ROOT)",
	  XS_TO_CALL(set_pin_root) },
	{ "verbose", 'v', NULL, "say more; -vv: libbpf and the verifier too", .kind = XS_OPT_COUNT,
	  .offset = offsetof(struct xs_cli, verbose) },
	{ "version", 0, NULL, "print the version", XS_TO_CALL(show_version) },
	{ "help", 'h', NULL, "this text", XS_TO_CALL(show_help) },
	{ NULL },
};

static bool is_common(const struct xs_opt *opt)
{
	return opt >= common_opts && opt < common_opts + sizeof(common_opts) / sizeof(*common_opts);
}

/* All options of a command, in the order of help, as getopt knows them. */
struct opt_list {
	const struct xs_opt *opts[OPTS_MAX];
	int cnt;
};

static bool has_opt(const struct opt_list *list, const struct xs_opt *opt)
{
	for (int i = 0; i < list->cnt; i++)
		if (!strcmp(list->opts[i]->name, opt->name))
			return true;
	return false;
}

static void add_opts(struct opt_list *list, const struct xs_opt *opts)
{
	for (; opts && opts->name && list->cnt < OPTS_MAX; opts++)
		if (!has_opt(list, opts))
			list->opts[list->cnt++] = opts;
}

static struct opt_list command_opts(const struct xs_tool *tool, const struct xs_cmd *cmd)
{
	struct opt_list list = { .cnt = 0 };

	if (cmd)
		add_opts(&list, cmd->opts);
	add_opts(&list, tool->opts);
	add_opts(&list, common_opts);
	return list;
}

static bool letter_taken(const struct opt_list *list, int upto)
{
	for (int i = 0; i < upto; i++)
		if (list->opts[i]->letter == list->opts[upto]->letter)
			return true;
	return false;
}

/* ---- help ---- */

static void print_opt(const struct opt_list *list, int i)
{
	const struct xs_opt *opt = list->opts[i];
	char left[64];

	if (opt->letter && !letter_taken(list, i))
		snprintf(left, sizeof(left), "-%c, --%s%s%s", opt->letter, opt->name,
			 opt->arg ? " " : "", opt->arg ? opt->arg : "");
	else
		snprintf(left, sizeof(left), "    --%s%s%s", opt->name, opt->arg ? " " : "",
			 opt->arg ? opt->arg : "");
	if (strlen(left) > HELP_COLUMN)
		printf("  %s\n  %-*s %s\n", left, HELP_COLUMN, "", opt->help);
	else
		printf("  %-*s %s\n", HELP_COLUMN, left, opt->help);
}

static void print_command(const struct xs_cmd *cmd)
{
	if (strlen(cmd->args) > HELP_COLUMN)
		printf("  %-10s %s\n  %-10s %-*s %s\n", cmd->name, cmd->args, "", HELP_COLUMN, "",
		       cmd->help);
	else
		printf("  %-10s %-*s %s\n", cmd->name, HELP_COLUMN, cmd->args, cmd->help);
}

static void print_help(const struct xs_tool *tool, const struct xs_cmd *cmd)
{
	struct opt_list list = command_opts(tool, cmd);

	if (cmd && cmd->name[0])
		printf("Usage: %s %s [OPTIONS] %s\n\n%s\n", tool->name, cmd->name, cmd->args,
		       cmd->help);
	else if (cmd)
		printf("Usage: %s [OPTIONS] %s\n\n%s\n", tool->name, cmd->args, tool->summary);
	else
		printf("Usage: %s COMMAND [OPTIONS]\n\n%s\n\nCommands:\n", tool->name,
		       tool->summary);
	for (const struct xs_cmd *c = tool->cmds; !cmd && c->name; c++)
		print_command(c);
	printf("\nOptions:\n");
	for (int i = 0; i < list.cnt; i++)
		print_opt(&list, i);
	if (!cmd)
		printf("\n%s COMMAND --help lists a command's own options.\n", tool->name);
}

int xs_finish(const struct xs_cli *cli, int status)
{
	xs_stop_begin_output();
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write to standard output%s%s\n", cli->tool->name,
			errno ? ": " : "", errno ? strerror(errno) : "");
		status = XS_EXIT_FAILED;
	}
	xs_stop_end_output();
	return status;
}

static int show_help(struct xs_cli *cli, void *opts, const char *arg)
{
	(void)opts, (void)arg;
	print_help(cli->tool, cli->cmd);
	exit(xs_finish(cli, XS_EXIT_OK));
}

static int show_version(struct xs_cli *cli, void *opts, const char *arg)
{
	(void)opts, (void)arg;
	printf("%s %s (libbpf %s)\n", cli->tool->name, XS_VERSION_TEXT, libbpf_version_string());
	exit(xs_finish(cli, XS_EXIT_OK));
}

/* ---- one option ---- */

static int set_number(struct xs_cli *cli, const struct xs_opt *opt, const char *arg, void *field)
{
	const char *of = opt->unit ? " of " : "", *unit = opt->unit ? opt->unit : "";
	__u64 value;

	if (xs_parse_u64(arg, opt->min, opt->max, &value)) {
		if (opt->max == ~0ULL)
			return xs_usage(cli, "--%s '%s': give a number%s%s from %llu on", opt->name,
					arg, of, unit, opt->min);
		return xs_usage(cli, "--%s '%s': give a number%s%s from %llu to %llu", opt->name,
				arg, of, unit, opt->min, opt->max);
	}
	if (opt->kind == XS_OPT_U32)
		*(__u32 *)field = (__u32)value;
	else
		*(__u64 *)field = value;
	return 0;
}

static int set_opt(struct xs_cli *cli, const struct xs_opt *opt, const char *arg)
{
	char *base = is_common(opt) ? (char *)cli : cli->opts;
	void *field = base + opt->offset;

	switch (opt->kind) {
	case XS_OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case XS_OPT_COUNT:
		++*(int *)field;
		return 0;
	case XS_OPT_TEXT:
		*(const char **)field = arg;
		return 0;
	case XS_OPT_U32:
	case XS_OPT_U64:
		return set_number(cli, opt, arg, field);
	case XS_OPT_BITS:
		*(__u32 *)field |= (__u32)opt->max;
		return 0;
	case XS_OPT_CALL:
		break;
	}
	return opt->call(cli, base, arg);
}

/* ---- getopt ---- */

/* Makes getopt's tables from ours. The value of an option is its index + LONG_ONLY. */
static void getopt_tables(const struct opt_list *list, struct option *longs, char *shorts)
{
	int n = 0;

	for (int i = 0; i < list->cnt; i++) {
		const struct xs_opt *opt = list->opts[i];

		longs[i] = (struct option){ .name = opt->name,
					    .has_arg = opt->arg ? required_argument : no_argument,
					    .val = LONG_ONLY + i };
		if (!opt->letter || letter_taken(list, i))
			continue;
		shorts[n++] = opt->letter;
		if (opt->arg)
			shorts[n++] = ':';
	}
	shorts[n] = '\0';
}

static const struct xs_opt *opt_of(const struct opt_list *list, int value)
{
	if (value >= LONG_ONLY)
		return list->opts[value - LONG_ONLY];
	for (int i = 0; i < list->cnt; i++)
		if (list->opts[i]->letter == value)
			return list->opts[i];
	return NULL;
}

/* getopt has stepped past the word, unless the letter is in the middle of a cluster. */
static int refuse_option(struct xs_cli *cli, const struct opt_list *list, char **argv)
{
	const struct xs_opt *opt = optopt ? opt_of(list, optopt) : NULL;
	const char *word = argv[optind > 1 ? optind - 1 : 1];

	if (opt && opt->arg)
		return xs_usage(cli, "%s: option --%s needs its %s", word, opt->name, opt->arg);
	if (optopt && optopt < LONG_ONLY)
		return xs_usage(cli, "unknown option -%c", optopt);
	return xs_usage(cli, "unknown option %s", word);
}

int xs_opts_parse(struct xs_cli *cli, const struct xs_cmd *cmd, int argc, char **argv)
{
	struct opt_list list = command_opts(cli->tool, cmd);
	struct option longs[OPTS_MAX + 1] = {};
	char shorts[2 * OPTS_MAX + 2] = "+";
	int value, err;

	getopt_tables(&list, longs, shorts + 1);
	optind = 0; /* glibc: start again */
	opterr = 0;
	while ((value = getopt_long(argc, argv, cmd ? shorts + 1 : shorts, longs, NULL)) != -1) {
		if (value == '?')
			return refuse_option(cli, &list, argv);
		err = set_opt(cli, opt_of(&list, value), optarg);
		if (err) {
			cli->usage_error = true;
			return err;
		}
	}
	return 0;
}
