/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads rules that a person wrote, for the tools that take a file of them. */
#ifndef XS_CLI_RULE_TEXT_H
#define XS_CLI_RULE_TEXT_H

#include <stdio.h>

#include "cli.h"

/*
 * Prints an error as FILE:LINE:COLUMN: message, the source line, and a caret under the
 * column; a warning as FILE:LINE: warning: message.
 */
void xs_finding_print(FILE *to, const struct xsteer_finding *finding);

/*
 * Like xsteer_rules_read(), but prints each error to stderr. The first one is also what
 * {"error": ...} says. 0 or -errno, logged.
 */
int xs_cli_read_rules(struct xs_cli *cli, const char *path, struct xsteer_rules **rules);

#endif
