/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Turns text of unknown origin (an interface's name, a path, a peer's answer) into text
 * that is safe on a terminal and valid in JSON and Prometheus: UTF-8 without control
 * codes. Everything that the tools print passes through here once. Pure.
 */
#ifndef XS_ESCAPE_H
#define XS_ESCAPE_H

#include <stddef.h>

/*
 * Length in bytes (1-4) of the UTF-8 character at p < end. 0: this is not a character,
 * or it is a control character other than tab.
 */
size_t xs_utf8_char(const char *p, const char *end);

/*
 * Copies `text`, and writes each byte that is not part of printable UTF-8 as \xHH.
 * Control codes in `keep` stay: "\n\t" for text of several lines, "" for a name. Marks
 * that change the direction of writing are escaped too, because they show a line in
 * another order. A backslash stays as it is. Stops before `room` is exceeded, never
 * inside a character, and adds a NUL. Returns the number of bytes that the whole text
 * needs, without the NUL.
 */
size_t xs_escape(char *out, size_t room, const char *text, const char *keep);

/* The same in memory from malloc(), which the caller frees. NULL: out of memory. */
char *xs_escape_dup(const char *text, const char *keep);

/* For one call of printf: "%s", xs_shown(name).text. Longer text is cut and ends with "...". */
struct xs_shown {
	char text[1024];
};

struct xs_shown xs_shown(const char *text);

/* Columns that escaped text takes on a screen: one for each character. */
size_t xs_columns(const char *text);

#endif
