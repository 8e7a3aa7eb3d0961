/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ethernet frames in memory. */
#ifndef XS_BASE_FRAMES_H
#define XS_BASE_FRAMES_H

#include <linux/types.h>

struct xs_frame {
	__u32 len;
	unsigned char *bytes;
};

/* Owns its frames. The caller zeroes it before first use. */
struct xs_frames {
	struct xs_frame *frames;
	__u32 cnt, max;
	char *broken; /* why the capture cannot be read beyond these; NULL: it could */
};

#endif
