/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON of a command that works on several things and goes on when one fails: a result for
 * each; if it failed, with its error text.
 */
#ifndef XS_RESULTS_H
#define XS_RESULTS_H

#include <jansson.h>

#include "cli.h"

/* Appends {KEY: name, "error": the first error since xs_error_mark()} to the results. Returns err. */
int xs_results_add_failure(struct xs_cli *cli, json_t *results, const char *key, const char *name,
			   int err);

/*
 * Prints the object with the results as KEY and the first error beside them, and frees it.
 * Prints nothing if there is nothing but err: xs_main() prints that. Returns err, or
 * the error of printing.
 */
int xs_results_print(struct xs_cli *cli, json_t *object, const char *key, json_t *results, int err);

#endif
