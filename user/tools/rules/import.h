/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rules of other tools as a rule file. A reader for each format hands over what it makes
 * of each line; import.c checks that with the parser, and keeps what could not be said.
 */
#ifndef XS_TOOL_IMPORT_H
#define XS_TOOL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define XS_IMPORT_WORDS 256 /* of a line that a reader splits */

/* What was imported so far, in the order it shall be printed in. */
struct xs_import_line {
	char *text;
	long key; /* smaller ones first; equal ones as they came */
	__u32 at;
};

struct xs_import {
	struct xs_cli *cli;
	const char *file;
	__u32 line; /* of the file, being read: 1-based */
	char *source; /* that line, as read; the reader's copy may be cut up */
	long key; /* of what is said next */
	int depth; /* blocks around it */

	char *rule; /* the rule being made; NULL: nothing of it yet */
	size_t rule_len;
	__u32 changed_here; /* parts of the source that were left out of it, having no effect here */

	struct xs_import_line *lines;
	__u32 line_cnt, line_room;
	char *defines; /* all define statements, for the parser */
	char *family; /* of the table that rules stand in; NULL: they stand in none */
	char *chains; /* the other chains of that table, empty, as they are written */
	__u32 taken, changed, refused;
	void *refusals; /* json_t array of {line, reason, text}; or NULL */
	bool oom;
};

/* Appends to the rule, with a blank before if it has a word already. */
void xs_import_add(struct xs_import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The rules that follow stand in chains of a table of this family, which may jump to the
 * chains that xs_import_chain() names; xs_import_end_table(): in none again.
 */
void xs_import_begin_table(struct xs_import *im, const char *family);
void xs_import_chain(struct xs_import *im, const char *name, size_t len);
void xs_import_end_table(struct xs_import *im);

/* Forgets the rule. */
void xs_import_drop(struct xs_import *im);

/*
 * The rule is whole: taken if the parser takes it, else refused with the parser's reason.
 * xs_import_try() does not put it: true if it was taken.
 */
void xs_import_end(struct xs_import *im);
bool xs_import_try(struct xs_import *im);

/* The line is not taken: says why on stderr, and in a comment in its place. */
void xs_import_refuse(struct xs_import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A line as it shall stand in the output: a comment, a part of a set. */
void xs_import_put(struct xs_import *im, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Cuts `line` up into words, in place: between blanks, or in double quotes, of which the
 * marks go and \" is one. How many, at most XS_IMPORT_WORDS; -1: more, or an open quote.
 */
int xs_import_split(char *line, char **words);

/* A reader: gets the whole text, which it may change, and ends it as it likes. */
typedef void (*xs_import_reader)(struct xs_import *im, char *text);

void xs_import_nft(struct xs_import *im, char *text);
void xs_import_iptables(struct xs_import *im, char *text);
void xs_import_ethtool(struct xs_import *im, char *text);
void xs_import_ovs(struct xs_import *im, char *text);
void xs_import_cidr(struct xs_import *im, char *text);

/*
 * The next line of *text: sets im->line and im->source, returns a copy to cut up, without
 * comment lines and blank ones, which are put. NULL: none is left.
 */
char *xs_import_next(struct xs_import *im, char **text);

#endif
