/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON of a command that works on several things and goes on when one fails: a
 * row for each, of one that failed with what was said of it.
 */
#ifndef XS_ROWS_H
#define XS_ROWS_H

#include <jansson.h>

#include "cli.h"

/*
 * Adds {KEY: name, "error": what was said since xs_error_mark()} to the rows.
 * Returns err.
 */
int xs_rows_add_failure(struct xs_cli *cli, json_t *rows, const char *key, const char *name,
			int err);

/*
 * Prints the object, which it takes, with the rows as KEY and the first error
 * beside them. Nothing if err is all there is to tell: then xs_main() prints it.
 * Returns err, or that of printing.
 */
int xs_rows_print(struct xs_cli *cli, json_t *object, const char *key, json_t *rows, int err);

#endif
