/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The line of a text around an error, as it may go to a terminal. Pure. */
#ifndef XS_EXCERPT_H
#define XS_EXCERPT_H

#include <stddef.h>
#include <linux/types.h>

#define XS_EXCERPT_MAX 161 /* bytes, with the NUL */

/*
 * Puts into source, of `size` bytes, the line that begins at line_start, or the part
 * around `column` (1-based, in bytes) where it is longer; bytes that a terminal might
 * obey are replaced. Returns the index of the column's byte in it, or its length.
 */
__u32 xs_excerpt(const char *line_start, const char *text_end, __u32 column, char *source,
		 size_t size);

#endif
