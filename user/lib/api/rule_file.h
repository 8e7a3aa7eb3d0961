/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads rule files from disk for the pure parser of lib/rules/syntax/text.h, and
 * follows their includes. Prints nothing.
 */
#ifndef XS_RULE_FILE_H
#define XS_RULE_FILE_H

#include "lib/rules/syntax/text.h"

/*
 * Reads and parses a file ("-" is standard input) and, with `includes`, the files that
 * it includes. A relative include is looked up beside the file that includes it.
 * Returns 0; -EINVAL with *errs filled; or, with *errs empty, the -errno of reading
 * `path` itself. On failure *out is untouched. The caller frees *errs in either case.
 */
int xs_rules_read(struct xs_ruleset *out, const char *path, bool includes,
		  struct xs_rule_errors *errs);

/* The load() function of struct xs_rule_source, for files on disk. */
int xs_rule_file_load(void *arg, const char *including, const char *name, char **path, char **text,
		      size_t *len);

/* Likewise its `expand`: by glob(3), without directories and names that begin with a dot. */
int xs_rule_file_expand(void *arg, const char *including, const char *pattern, char **names);

#endif
