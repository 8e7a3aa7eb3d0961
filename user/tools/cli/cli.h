/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the command lines of all tools have in common: the table of commands and
 * options, from which dispatch, --help and --version follow; diagnostics on stderr;
 * errors as JSON with -j; and the exit status.
 */
#ifndef XS_CLI_H
#define XS_CLI_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "lib/base/ctx.h"
#include "lib/base/number.h"

enum xs_exit {
	XS_EXIT_OK = 0,
	XS_EXIT_FAILED = 1,
	XS_EXIT_USAGE = 2,
};

struct xs_cli;

/* What an option does with its argument. The field at `offset` has this type. */
enum xs_opt_kind {
	XS_OPT_FLAG, /* bool: true */
	XS_OPT_COUNT, /* int: one more each time */
	XS_OPT_TEXT, /* const char *: the argument */
	XS_OPT_U32, /* __u32: a number from min to max */
	XS_OPT_U64, /* __u64: likewise */
	XS_OPT_BITS, /* __u32: or-ed with `max` */
	XS_OPT_CALL, /* call(): for anything else */
};

struct xs_opt {
	const char *name; /* long name, without dashes; NULL ends the table */
	char letter; /* or 0 */
	const char *arg; /* name of its argument in help, NULL: takes none */
	const char *help; /* one line */
	enum xs_opt_kind kind;
	size_t offset; /* in the command's options struct; for common options in xs_cli */
	__u64 min, max;
	const char *unit; /* unit of a number, for messages: "seconds"; or NULL */
	/* 0; or -EINVAL after xs_usage(). opts: the options struct. */
	int (*call)(struct xs_cli *cli, void *opts, const char *arg);
};

/* The rest of a row in a table of options, after its help. */
#define XS_TO_FLAG(type, field) .kind = XS_OPT_FLAG, .offset = offsetof(type, field)
#define XS_TO_TEXT(type, field) .kind = XS_OPT_TEXT, .offset = offsetof(type, field)
#define XS_TO_U32(type, field, least, most) \
	.kind = XS_OPT_U32, .offset = offsetof(type, field), .min = (least), .max = (most)
#define XS_TO_U64(type, field, least, most) \
	.kind = XS_OPT_U64, .offset = offsetof(type, field), .min = (least), .max = (most)
#define XS_TO_BITS(type, field, bits) \
	.kind = XS_OPT_BITS, .offset = offsetof(type, field), .max = (bits)
#define XS_TO_CALL(function) .kind = XS_OPT_CALL, .call = (function)

/* One command, or a tool without commands. */
struct xs_cmd {
	const char *name; /* NULL ends the table */
	const char *alias; /* accepted too, but shown only in the manual; or NULL */
	const char *args; /* operands as help shows them: "IF..." */
	const char *help; /* one line */
	const struct xs_opt *opts; /* in addition to the common ones; or NULL */
	int operands_min, operands_max; /* max < 0: any number */
	/* Returns 0 or -errno. -EINVAL after xs_usage() ends with XS_EXIT_USAGE. */
	int (*run)(struct xs_cli *cli);
};

/* What people type who know other tools, and what they meant. */
struct xs_guess {
	const char *word; /* in place of a command, as typed: "list", "-L"; NULL ends the table */
	const char *meant; /* "'xsteer-rules show IF' shows the rules in force" */
};

struct xs_tool {
	const char *name; /* xsteer-loader */
	const char *summary; /* one line */
	const struct xs_cmd *cmds; /* one with the name "": a tool without commands */
	const struct xs_opt *opts; /* of every command, before the common ones; or NULL */
	const struct xs_guess *guesses; /* or NULL */
	const char *const *hints; /* indexed by enum xsteer_hint, the tool's own words; or NULL */
};

/* One call of a tool. Only the main thread uses it, except in xs_cli_log(). */
struct xs_cli {
	const struct xs_tool *tool;
	const struct xs_cmd *cmd; /* NULL until it is known */
	void *opts; /* the tool's own options struct */
	char **operands;
	int operand_cnt;
	struct xsteer_ctx *ctx;
	/* Gets diagnostics instead of stderr, for a tool that must not wait; or NULL. */
	void (*tell)(void *arg, const char *text, size_t len);
	void *tell_arg;

	int verbose; /* -v: 1, -vv: 2 adds libbpf and verifier output */
	bool json; /* -j, --json */
	bool pretty; /* -p, --pretty: implies json, indented */
	const char *pin_root; /* --pin-root, XSTEER_PIN_ROOT, XSTEER_PIN_ROOT's default */

	bool json_done; /* an object has been printed: a failure adds no {"error": ...} */
	bool told; /* the output itself says the failure: print no error line as well */
	bool usage_error;
	pthread_mutex_t lock; /* of the two texts: other threads have their own contexts */
	char first_error[XS_ERROR_MAX]; /* what {"error": ...} says */
	char marked_error[XS_ERROR_MAX]; /* the first since xs_error_mark() */
};

/*
 * The whole main(): parses, dispatches, prints {"error": ...} on stdout if -j is given
 * and the command failed, flushes stdout (a full disk is a failure), and returns the
 * exit status. `opts` is the tool's options struct with its defaults.
 */
int xs_main(const struct xs_tool *tool, void *opts, int argc, char **argv);

/*
 * The log callback of a tool's contexts. `arg` is its struct xs_cli. Prints one line on
 * stderr, after the tool's name; infos only with -v. Any thread may call it.
 */
void xs_cli_log(void *arg, enum xsteer_log_level level, const char *text);

/* For a failure that was already printed in its own form: sets only what {"error": ...} says. */
void xs_fail(struct xs_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The first error since xs_error_mark(), or since the start; "": none. For a command
 * that goes on with its next operand.
 */
const char *xs_error_said(const struct xs_cli *cli);
void xs_error_mark(struct xs_cli *cli);

/* Like xs_err(), and adds a pointer to --help. Returns -EINVAL, marked as wrong usage. */
int xs_usage(struct xs_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
