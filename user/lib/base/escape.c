// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Text of unknown origin as printable UTF-8; see escape.h. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

size_t xs_utf8_char(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p, next = p + 1 < end ? (unsigned char)p[1] : 0;
	size_t n;

	if (c < 0x80)
		return (c >= ' ' && c != 0x7f) || c == '\t';
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if ((size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF, and C1 controls. */
	if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
	    (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f) || (c == 0xc2 && next < 0xa0))
		return 0;
	return n;
}

/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069: line ends and directions. */
static bool reorders(const char *p, size_t bytes)
{
	unsigned char last = (unsigned char)p[bytes - 1];

	if (bytes != 3 || (unsigned char)p[0] != 0xe2)
		return false;
	if ((unsigned char)p[1] == 0x80)
		return last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae);
	return (unsigned char)p[1] == 0x81 && last >= 0xa6 && last <= 0xa9;
}

static bool is_kept(char c, const char *keep)
{
	return c && strchr(keep, c);
}

size_t xs_escape(char *out, size_t room, const char *text, const char *keep)
{
	const char *end = text + strlen(text);
	size_t need = 0, used = 0;
	bool whole = true;

	while (text < end) {
		size_t bytes = xs_utf8_char(text, end);
		char hex[8];
		size_t len;

		if ((*text == '\t' && !is_kept('\t', keep)) || (bytes && reorders(text, bytes)))
			bytes = 0;
		if (!bytes && is_kept(*text, keep))
			bytes = 1;
		len = bytes ? bytes
			    : (size_t)snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)*text);
		whole = whole && need + len < room;
		if (whole) {
			memcpy(out + need, bytes ? text : hex, len);
			used = need + len;
		}
		need += len;
		text += bytes ? bytes : 1;
	}
	if (room)
		out[used] = '\0';
	return need;
}

char *xs_escape_dup(const char *text, const char *keep)
{
	size_t need = xs_escape(NULL, 0, text, keep) + 1;
	char *copy = malloc(need);

	if (copy)
		xs_escape(copy, need, text, keep);
	return copy;
}

struct xs_shown xs_shown(const char *text)
{
	const size_t room = sizeof(struct xs_shown) - 3;
	struct xs_shown shown = {};

	if (xs_escape(shown.text, room, text, "") >= room)
		strcat(shown.text, "...");
	return shown;
}

size_t xs_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}
