/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rule files on disk, for the pure parser of lib/rules/syntax/text.h: reads them, follows
 * their includes, and prints what is wrong with them.
 */
#ifndef XS_RULE_FILE_H
#define XS_RULE_FILE_H

#include <stdio.h>

#include "lib/rules/syntax/text.h"
#include "lib/rules/check/warn.h"

/*
 * Reads and parses a file ("-": standard input) and what it includes; a
 * relative include is looked up beside the file that includes it. 0, -EINVAL
 * with errs filled, or -errno of reading `path` itself with errs empty. Prints
 * nothing. On failure *out is untouched; free errs in either case.
 */
int xs_rules_read(struct xs_ruleset *out, const char *path, struct xs_rule_errors *errs);

/*
 * Prints each error as FILE:LINE:COLUMN: message, the source line, and a caret
 * under the column.
 */
void xs_rule_errors_print(FILE *to, const struct xs_rule_errors *errs);

/* Prints each warning as FILE:LINE: warning: message. */
void xs_rule_warnings_print(FILE *to, const struct xs_ruleset *set,
			    const struct xs_rule_warnings *warnings);

/*
 * xs_rules_read() that prints what is wrong to stderr, all of it: the caller
 * need not log again. Returns 0 or -errno.
 */
int xs_rules_load(struct xs_ruleset *out, const char *path);

#endif
