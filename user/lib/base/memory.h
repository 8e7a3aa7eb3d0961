/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory that is shared with other processes by a descriptor. */
#ifndef XS_BASE_MEMORY_H
#define XS_BASE_MEMORY_H

#include <linux/types.h>

struct xs_memory {
	int fd; /* a memfd, opened to read and write */
	void *map; /* our mapping, to read and write */
	__u64 bytes; /* whole pages */
};

/*
 * Makes at least `bytes` of zeroed memory. Nobody can shrink or grow it under another's
 * mapping, and another user cannot open it again with more rights. 0 or -errno; on
 * failure nothing is left. Needs no privilege.
 */
int xs_memory_make(struct xs_memory *memory, const char *name, __u64 bytes);
void xs_memory_free(struct xs_memory *memory); /* zeroed: does nothing */

/* Returns a descriptor of the same memory that can only be mapped for reading; or -errno. */
int xs_memory_readonly_fd(const struct xs_memory *memory);

#endif
