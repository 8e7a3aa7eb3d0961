/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Turns a chain file into struct xs_chains. Pure: opens nothing, prints nothing. Each
 * line is one statement; the lexer is that of rule files.
 */
#ifndef XS_CHAINS_TEXT_H
#define XS_CHAINS_TEXT_H

#include <stddef.h>

#include "lib/rules/syntax/excerpt.h"
#include "chains.h"

#define XS_CHAINS_TEXT_MAX (1u << 20) /* bytes of a file */
#define XS_CHAIN_FINDINGS_MAX 50 /* reported in one run */

/* An error or a warning at a place in the text. */
struct xs_chain_finding {
	bool warning;
	__u32 line, column; /* 1-based; in bytes */
	char message[256];
	char source[XS_EXCERPT_MAX]; /* the line, or the part of it around the column; printable */
	__u32 caret; /* index into source of the byte at `column`; may be its length */
};

struct xs_chain_findings {
	struct xs_chain_finding findings[XS_CHAIN_FINDINGS_MAX];
	__u32 cnt;
	bool more; /* there were more findings than fit */
};

/*
 * Parses a text. 0: *out holds the chains, and all findings are warnings. -EINVAL: *out
 * must not be used, and at least one finding is an error.
 */
int xs_chains_parse(struct xs_chains *out, const char *text, size_t len,
		    struct xs_chain_findings *findings);

#endif
