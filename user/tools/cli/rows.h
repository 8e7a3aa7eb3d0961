/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON of a command that works on several things and goes on when one fails: a row for
 * each; if it failed, with its error text.
 */
#ifndef XS_ROWS_H
#define XS_ROWS_H

#include <jansson.h>

#include "cli.h"

/* Appends {KEY: name, "error": the first error since xs_error_mark()} to the rows. Returns err. */
int xs_rows_add_failure(struct xs_cli *cli, json_t *rows, const char *key, const char *name,
			int err);

/*
 * Prints the object with the rows as KEY and the first error beside them, and frees it.
 * Prints nothing if there is nothing but err: xs_main() prints that. Returns err, or
 * the error of printing.
 */
int xs_rows_print(struct xs_cli *cli, json_t *object, const char *key, json_t *rows, int err);

#endif
