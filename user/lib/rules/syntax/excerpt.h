/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The line of a text around an error, made safe for a terminal. Pure. */
#ifndef XS_EXCERPT_H
#define XS_EXCERPT_H

#include <stddef.h>
#include <linux/types.h>

#define XS_EXCERPT_MAX 161 /* bytes, with the NUL */

/*
 * Copies the line that begins at line_start into `source`, of `size` bytes. Of a longer
 * line it copies the part around `column` (1-based, in bytes). Replaces bytes that a
 * terminal might obey. Returns the index of the column's byte in `source`, or its
 * length.
 */
__u32 xs_excerpt(const char *line_start, const char *text_end, __u32 column, char *source,
		 size_t size);

#endif
