/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Text of unknown origin (an interface's name, a path, a peer's answer) as text that
 * a terminal does not obey and that JSON and Prometheus take: UTF-8 without control
 * codes. Everything that the tools print goes through here once. Pure.
 */
#ifndef XS_ESCAPE_H
#define XS_ESCAPE_H

#include <stddef.h>

/* Bytes (1-4) of the UTF-8 character at p < end; 0: it is none, or a control character but tab. */
size_t xs_utf8_char(const char *p, const char *end);

/*
 * Copies `text`, each byte that is no part of printable UTF-8 as \xHH. Control codes
 * in `keep` stay: "\n\t" for what has several lines, "" for a name. What marks the
 * direction of writing is escaped too, since it shows a line in another order. A
 * backslash stays itself. Stops before `room` is exceeded, never amid a character, and
 * ends the text. Returns the bytes that the whole needs, without its end mark.
 */
size_t xs_escape(char *out, size_t room, const char *text, const char *keep);

/* The same with memory of its own, for free(). NULL: no memory. */
char *xs_escape_dup(const char *text, const char *keep);

/* For one call of printf: "%s", xs_shown(name).text. What is longer ends with "...". */
struct xs_shown {
	char text[1024];
};

struct xs_shown xs_shown(const char *text);

/* Columns that escaped text takes on a screen: one a character. */
size_t xs_columns(const char *text);

#endif
