// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The line of a text around an error; see excerpt.h. */
#include <string.h>

#include "lib/base/escape.h"
#include "excerpt.h"
#include "lex.h"

#define BEFORE 60 /* bytes of a long line that are shown before the error */

static const char *line_end(const char *line_start, const char *text_end)
{
	const char *nl = memchr(line_start, '\n', (size_t)(text_end - line_start));
	const char *end = nl ? nl : text_end;

	return end > line_start && end[-1] == '\r' ? end - 1 : end;
}

__u32 xs_excerpt(const char *line_start, const char *text_end, __u32 column, char *source,
		 size_t size)
{
	const char *end = line_end(line_start, text_end), *start = line_start;
	size_t n, at = column - 1;

	if ((size_t)(end - start) >= size && at > BEFORE)
		start += at - BEFORE;
	/* Do not start in the middle of a character. */
	while (start < line_start + at && ((unsigned char)*start & 0xc0) == 0x80)
		start++;
	at -= (size_t)(start - line_start);
	if ((size_t)(end - start) >= size)
		end = start + size - 1;
	n = (size_t)(end - start);
	for (size_t i = 0; i < n;) {
		size_t bytes = xs_utf8_char(start + i, end);

		memcpy(source + i, bytes ? start + i : "?", bytes ? bytes : 1);
		i += bytes ? bytes : 1;
	}
	source[n] = '\0';
	return (__u32)(at < n ? at : n);
}
