/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rule files on disk, for the pure parser of lib/rules/syntax/text.h: reads them and
 * follows their includes. Prints nothing.
 */
#ifndef XS_RULE_FILE_H
#define XS_RULE_FILE_H

#include "lib/rules/syntax/text.h"

/*
 * Reads and parses a file ("-": standard input) and, with `includes`, what it includes;
 * a relative include is looked up beside the file that includes it. 0, -EINVAL
 * with errs filled, or -errno of reading `path` itself with errs empty.
 * On failure *out is untouched; free errs in either case.
 */
int xs_rules_read(struct xs_ruleset *out, const char *path, bool includes,
		  struct xs_rule_errors *errs);

/* The `load` of struct xs_rule_source for files on disk. */
int xs_rule_file_load(void *arg, const char *including, const char *name, char **path, char **text,
		      size_t *len);

#endif
