/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Options as data: from the tables of a tool to its struct of options, and to --help. */
#ifndef XS_OPTS_H
#define XS_OPTS_H

#include "cli.h"

/*
 * Takes the options of argv, of the command, the tool and all tools, into
 * cli->opts and *cli. Without a command: those before the first operand. 0, with
 * optind at the first operand; -EINVAL, told. --help and --version end the process.
 */
int xs_opts_parse(struct xs_cli *cli, const struct xs_cmd *cmd, int argc, char **argv);

/* Flushes stdout: what did not arrive (a full disk, a closed pipe) is a failure. */
int xs_finish(const struct xs_cli *cli, int status);

#endif
