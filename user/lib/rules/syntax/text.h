/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Parses rule text into struct xs_ruleset. Pure: opens nothing, prints nothing, knows
 * no kernel. Included files come from a callback (user/lib/api/rule_file.h has the real
 * one). Needs no privilege and keeps no state between calls.
 */
#ifndef XS_RULE_TEXT_H
#define XS_RULE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "lib/rules/model/ruleset.h"

/*
 * Limits of the text, besides those of model/rule.h. They keep a small input from
 * asking for much memory. To exceed one is an error.
 */
#define XS_RULE_FILE_MAX (256U << 20) /* bytes of all files together, and of all rule texts */
#define XS_RULE_LINE_MAX (64U << 20) /* bytes of one line, and of one rule's text */
#define XS_RULE_SET_MAX (1U << 20) /* members of one set, after its $names are replaced */
#define XS_RULE_DEFINE_MAX 65536
#define XS_RULE_INCLUDE_DEPTH_MAX 16
#define XS_RULE_INCLUDE_MAX 1024 /* files included, in all */
#define XS_RULE_JUMP_DEPTH_MAX 16 /* chains one below the other, as in nft */
#define XS_RULE_INLINE_MAX 32768 /* rules that jumps and returns make, in all */
#define XS_RULE_ERROR_MAX 100 /* errors reported in one run */

/*
 * Replacing $names can make a text larger than it was written. Memory for the result is
 * limited to the first number plus the second times the bytes read, and never exceeds
 * the last.
 */
#define XS_RULE_EXPAND_BASE (16ULL << 20)
#define XS_RULE_EXPAND_FACTOR 1024ULL
#define XS_RULE_EXPAND_MAX (1ULL << 30)

struct xs_rule_error {
	char *file;
	__u32 line; /* 1-based */
	__u32 column; /* 1-based, in bytes */
	char *message; /* what is wrong and what was expected; one line, without a NUL */
	char *source; /* the line, or the part around the column if it is long; printable */
	__u32 caret; /* index into source of the byte at `column`; may be its length */
};

/* In the order found. The caller zeroes it before first use. */
struct xs_rule_errors {
	struct xs_rule_error *errors;
	__u32 cnt;
	bool more; /* there were more than XS_RULE_ERROR_MAX */
};

struct xs_rule_source {
	const char *name; /* becomes files[0]; "-" for standard input */
	const char *text; /* need not end with NUL */
	size_t len;
	/*
	 * Reads the file that `including` (a name as in xs_ruleset.files) calls `name`.
	 * Returns its text, and in *path the name to use in errors and `files`. (If a
	 * file has two names, a cycle is not seen; the depth limit ends it.) Both come
	 * from malloc(), and the parser takes ownership. Returns 0; 1: the same, but
	 * messages must not show the text, so that nobody can read through us what only
	 * we may read; or -errno. If load is NULL, include is an error.
	 */
	int (*load)(void *arg, const char *including, const char *name, char **path, char **text,
		    size_t *len);
	/*
	 * The names that `pattern`, which holds one of "*?[", stands for there: *names has
	 * them one behind the other, each with a NUL, the last with two, in byte order; from
	 * malloc(). That there is none is no error. 0 or -errno. NULL: a pattern is a name.
	 */
	int (*expand)(void *arg, const char *including, const char *pattern, char **names);
	void *arg;
};

/*
 * Parses a text and everything that it includes. 0: *out holds the rules; free it with
 * xs_ruleset_free() of model/ruleset.h. -EINVAL: *errs holds every error; or -ENOMEM.
 * On both *out is untouched. The caller frees *errs with xs_rule_errors_free() in any
 * case.
 */
int xs_rules_parse(struct xs_ruleset *out, const struct xs_rule_source *src,
		   struct xs_rule_errors *errs);

void xs_rule_errors_free(struct xs_rule_errors *errs);

#endif
