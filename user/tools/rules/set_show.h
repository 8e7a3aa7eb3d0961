/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The dynamic sets of an instance, for `show`: each declaration, and how many members it has. */
#ifndef XS_TOOL_SET_SHOW_H
#define XS_TOOL_SET_SHOW_H

#include <jansson.h>

#include "tools/cli/cli.h"

/* Prints them, each as a line that a rule file can have. Says nothing where it may not look. */
void xs_sets_print(struct xs_cli *cli, const char *ifname);

/* A new array of objects. 0 or -errno, logged. */
int xs_sets_json(struct xs_cli *cli, const char *ifname, json_t **sets);

#endif
