/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Options as data: fills a tool's struct of options from its tables, and prints --help. */
#ifndef XS_OPTS_H
#define XS_OPTS_H

#include "cli.h"

/*
 * Reads the options in argv (those of the command, of the tool, and of all tools) into
 * cli->opts and *cli. Without a command: only those before the first operand. 0, with
 * optind at the first operand; -EINVAL, logged. --help and --version end the process.
 */
int xs_opts_parse(struct xs_cli *cli, const struct xs_cmd *cmd, int argc, char **argv);

/* Flushes stdout. Output that did not arrive (a full disk, a closed pipe) is a failure. */
int xs_finish(const struct xs_cli *cli, int status);

#endif
