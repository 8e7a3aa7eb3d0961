/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What every tool's command line has in common: the table of commands and
 * options that drives dispatch, --help and --version alike, diagnostics on
 * stderr, errors as JSON under -j, and the exit status.
 */
#ifndef XS_CLI_H
#define XS_CLI_H

#include <stdbool.h>
#include <linux/types.h>

#define XS_VERSION_MAJOR 0
#define XS_VERSION_MINOR 1
#define XS_VERSION_PATCH 0
#define XS_VERSION ((XS_VERSION_MAJOR << 16) | (XS_VERSION_MINOR << 8) | XS_VERSION_PATCH)
#define XS_VERSION_TEXT "0.1.0"

enum xs_exit {
	XS_EXIT_OK = 0,
	XS_EXIT_FAILED = 1,
	XS_EXIT_USAGE = 2,
};

/*
 * One option. `set` gets its argument (NULL where it takes none) and the
 * options struct of the command; it says what is wrong with xs_err() and
 * returns -EINVAL, which ends the tool with XS_EXIT_USAGE.
 */
struct xs_opt {
	const char *name; /* long name, without dashes; NULL ends the table */
	char letter; /* or 0 */
	const char *arg; /* name of its argument in help, NULL: takes none */
	const char *help; /* one line */
	int (*set)(void *opts, const char *arg);
};

/* One command, or a tool without commands. */
struct xs_cmd {
	const char *name; /* NULL ends the table */
	const char *alias; /* accepted too, shown nowhere but in the manual; or NULL */
	const char *args; /* operands as help shows them: "IF..." */
	const char *help; /* one line */
	const struct xs_opt *opts; /* beside the common ones; or NULL */
	int operands_min, operands_max; /* max < 0: any number */
	/* Returns 0 or -errno; -EINVAL after xs_usage() ends with XS_EXIT_USAGE. */
	int (*run)(void *opts, int argc, char **argv);
};

struct xs_tool {
	const char *name; /* xsteer-loader */
	const char *summary; /* one line */
	const struct xs_cmd *cmds; /* one with name "" : a tool without commands */
	const struct xs_opt *opts; /* taken by every command; or NULL */
	void *state; /* handed to set() and run() */
	bool own_verbose; /* -v and -p are the tool's own (bouncer) */
};

/* What the common options set. */
extern struct xs_common {
	int verbose; /* -v: 1, -vv: 2 adds libbpf and verifier output */
	bool json; /* -j, --json */
	bool pretty; /* -p, --pretty: implies json, indented */
	bool json_done; /* an object has been printed: a failure adds no {"error": ...} */
	const char *pin_root; /* --pin-root, XSTEER_PIN_ROOT, XS_PIN_ROOT */
} xs_common;

/*
 * The whole main(): parses, dispatches, prints {"error": ...} on stdout under
 * -j when the command failed, flushes stdout (a full disk is a failure), and
 * returns the exit status. --help and --version exit 0.
 */
int xs_main(const struct xs_tool *tool, int argc, char **argv);

/*
 * Diagnostics, to stderr, one line each, prefixed with the tool's name. Say the
 * object, the reason, and the next step. xs_err() also keeps its text for the
 * JSON error. xs_info() speaks only from -v on.
 */
void xs_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void xs_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void xs_note(const char *fmt, ...)
	__attribute__((format(printf, 1, 2))); /* always: what was done instead */
void xs_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For a failure that has been told in its own form: only what {"error": ...} shall say. */
void xs_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What xs_err() and xs_fail() said first since xs_error_mark() was called, or
 * ever; "": nothing. For a command that goes on to its next operand.
 */
const char *xs_error_said(void);
void xs_error_mark(void);

/* xs_err() plus a pointer to --help; returns -EINVAL marked as wrong usage. */
int xs_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Text to number: decimal or 0x, the whole string, within min..max.
 * 0, or -EINVAL (not a number) or -ERANGE, with *out untouched. Silent.
 */
int xs_parse_u64(const char *text, __u64 min, __u64 max, __u64 *out);

#endif
