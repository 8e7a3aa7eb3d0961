/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A frame on one line, with tcpdump's words. */
#ifndef XS_TOOL_RULES_FRAME_TEXT_H
#define XS_TOOL_RULES_FRAME_TEXT_H

#include <stddef.h>
#include <linux/types.h>

#define XS_FRAME_TEXT_MAX 256 /* bytes, with the NUL */

/*
 * `captured` bytes of a frame of `length`. What is cut off or malformed ends the line with
 * "[|ip]", as in tcpdump.
 */
void xs_frame_text(char text[XS_FRAME_TEXT_MAX], const unsigned char *bytes, __u32 captured,
		   __u32 length);

#endif
