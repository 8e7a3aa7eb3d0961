// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What every tool's command line has in common; see cli.h. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <jansson.h>

#include "cli.h"
#include "table.h"
#include "maps/xsteer.h"

#define HELP_COLUMN 28 /* what is longer has its help on the next line */

#define OPTS_MAX 64
#define LONG_ONLY 256 /* getopt value of options without a letter: above any char */

struct xs_common xs_common = { .pin_root = XS_PIN_ROOT };

static const struct xs_tool *tool;
static bool usage_error;
static char first_error[1024]; /* what {"error": ...} says */
static char marked_error[1024]; /* the first since xs_error_mark() */

static void __attribute__((format(printf, 2, 0)))
say(const char *level, const char *fmt, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s", tool ? tool->name : "xsteer", level);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

static void __attribute__((format(printf, 1, 0))) keep(const char *fmt, va_list args)
{
	char text[sizeof(first_error)];

	vsnprintf(text, sizeof(text), fmt, args);
	if (!first_error[0])
		memcpy(first_error, text, sizeof(text));
	if (!marked_error[0])
		memcpy(marked_error, text, sizeof(text));
}

void xs_error_mark(void)
{
	marked_error[0] = '\0';
}

const char *xs_error_said(void)
{
	return marked_error;
}

void xs_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(fmt, args);
	va_end(args);
}

void xs_err(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(fmt, args);
	va_end(args);
	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
}

void xs_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning: ", fmt, args);
	va_end(args);
}

void xs_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
}

void xs_info(const char *fmt, ...)
{
	va_list args;

	if (!xs_common.verbose)
		return;
	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
}

int xs_usage(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	xs_err("%s (try %s --help)", text, tool->name);
	usage_error = true;
	return -EINVAL;
}

int xs_parse_u64(const char *text, __u64 min, __u64 max, __u64 *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, hex ? 16 : 10);
	if (*end || end == text)
		return -EINVAL;
	if (errno || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

static int set_help(void *opts, const char *arg);
static int set_version(void *opts, const char *arg);

static int set_verbose(void *opts __attribute__((unused)), const char *arg __attribute__((unused)))
{
	xs_common.verbose++;
	return 0;
}

static int set_json(void *opts __attribute__((unused)), const char *arg __attribute__((unused)))
{
	xs_common.json = true;
	return 0;
}

static int set_pretty(void *opts __attribute__((unused)), const char *arg __attribute__((unused)))
{
	xs_common.json = xs_common.pretty = true;
	return 0;
}

static int set_pin_root(void *opts __attribute__((unused)), const char *arg)
{
	if (arg[0] != '/')
		return xs_usage("--pin-root %s: give an absolute path on a bpffs", arg);
	xs_common.pin_root = arg;
	return 0;
}

/* The tool's own -v and -p come first in its table, and so win. */
static const struct xs_opt common_opts[] = {
	{ "json", 'j', NULL, "JSON on stdout", set_json },
	{ "pretty", 'p', NULL, "JSON, indented", set_pretty },
	{ "pin-root", 0, "DIR", "instead of " XS_PIN_ROOT " (also XSTEER_PIN_ROOT)", set_pin_root },
	{ "verbose", 'v', NULL, "say more; -vv: libbpf and the verifier too", set_verbose },
	{ "version", 0, NULL, "print the version", set_version },
	{ "help", 'h', NULL, "this text", set_help },
	{ NULL },
};

static int __attribute__((format(printf, 2, 0)))
print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_DEBUG ? xs_common.verbose < 3 : xs_common.verbose < 2)
		return 0;
	return vfprintf(stderr, fmt, args);
}

/* Every option of a command, in the order that help shows and getopt knows. */
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

static struct opt_list command_opts(const struct xs_cmd *cmd)
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

static void print_help(const struct xs_cmd *cmd)
{
	struct opt_list list = command_opts(cmd);

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

static const struct xs_cmd *current_cmd;

/* Output that did not arrive (a full disk, a closed pipe) is a failure. */
static int finish(int status)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot write to standard output%s%s\n", tool->name, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return XS_EXIT_FAILED;
}

static int set_help(void *opts __attribute__((unused)), const char *arg __attribute__((unused)))
{
	print_help(current_cmd);
	exit(finish(XS_EXIT_OK));
}

static int set_version(void *opts __attribute__((unused)), const char *arg __attribute__((unused)))
{
	printf("%s %s (libbpf %s)\n", tool->name, XS_VERSION_TEXT, libbpf_version_string());
	exit(finish(XS_EXIT_OK));
}

static const struct xs_cmd *find_cmd(const char *name)
{
	for (const struct xs_cmd *cmd = tool->cmds; cmd->name; cmd++)
		if (!strcmp(cmd->name, name) || (cmd->alias && !strcmp(cmd->alias, name)))
			return cmd;
	return NULL;
}

/* getopt's tables out of ours; the value of an option is its index + LONG_ONLY. */
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

/* Without a command: those that stand before it, up to the first operand. */
static int parse_opts(const struct xs_cmd *cmd, int argc, char **argv)
{
	struct opt_list list = command_opts(cmd);
	struct option longs[OPTS_MAX + 1] = {};
	char shorts[2 * OPTS_MAX + 2] = "+";
	const struct xs_opt *opt;
	int value, err;

	getopt_tables(&list, longs, shorts + 1);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((value = getopt_long(argc, argv, cmd ? shorts + 1 : shorts, longs, NULL)) != -1) {
		if (value == '?') {
			/* getopt has stepped past the word, unless it stands amid a cluster */
			const char *word = argv[optind > 1 ? optind - 1 : 1];

			opt = optopt ? opt_of(&list, optopt) : NULL;
			if (opt && opt->arg)
				return xs_usage("%s: option --%s needs its %s", word, opt->name,
						opt->arg);
			if (optopt && optopt < LONG_ONLY)
				return xs_usage("unknown option -%c", optopt);
			return xs_usage("unknown option %s", word);
		}
		opt = opt_of(&list, value);
		err = opt->set(tool->state, optarg);
		if (err) {
			usage_error = true;
			return err;
		}
	}
	return 0;
}

static int check_operands(const struct xs_cmd *cmd, int cnt, char **operands)
{
	if (cnt < cmd->operands_min)
		return xs_usage("%s%s%s is missing", cmd->name, cmd->name[0] ? ": " : "",
				cmd->args);
	if (cmd->operands_max >= 0 && cnt > cmd->operands_max)
		return xs_usage("too many operands: '%s'", operands[cmd->operands_max]);
	return 0;
}

static int run_cmd(const struct xs_cmd *cmd, int argc, char **argv)
{
	int err;

	err = parse_opts(cmd, argc, argv);
	if (!err && xs_common.pin_root[0] != '/')
		err = xs_usage("XSTEER_PIN_ROOT %s: give an absolute path on a bpffs",
			       xs_common.pin_root);
	if (!err)
		err = check_operands(cmd, argc - optind, argv + optind);
	if (!err)
		err = cmd->run(tool->state, argc - optind, argv + optind);
	return err;
}

static int run_named(int argc, char **argv)
{
	int err = parse_opts(NULL, argc, argv);

	if (err)
		return err;
	argc -= optind;
	argv += optind;
	if (!argc)
		return xs_usage("a command is missing");
	current_cmd = find_cmd(argv[0]);
	if (!current_cmd)
		return xs_usage("unknown command '%s'", argv[0]);
	return run_cmd(current_cmd, argc, argv);
}

static void print_json_error(int err)
{
	json_t *object = json_pack("{s:i, s:o}", "schema", 1, "error",
				   xs_json_text(first_error[0] ? first_error : strerror(-err)));

	if (object)
		json_dumpf(object, stdout, xs_common.pretty ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

int xs_main(const struct xs_tool *this_tool, int argc, char **argv)
{
	const char *root = getenv("XSTEER_PIN_ROOT");
	int err;

	tool = this_tool;
	if (root && root[0])
		xs_common.pin_root = root;
	libbpf_set_print(print_libbpf);

	current_cmd = find_cmd("");
	err = current_cmd ? run_cmd(current_cmd, argc, argv) : run_named(argc, argv);
	if (err && xs_common.json && !xs_common.json_done)
		print_json_error(err);
	return finish(!err ? XS_EXIT_OK : usage_error ? XS_EXIT_USAGE : XS_EXIT_FAILED);
}
