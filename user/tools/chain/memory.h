/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory that is shared with other processes by descriptor. */
#ifndef XS_CHAIN_MEMORY_H
#define XS_CHAIN_MEMORY_H

#include <linux/types.h>

struct xs_memory {
	int fd; /* a memfd: read and write */
	void *map; /* of ours, read and write */
	__u64 bytes; /* whole pages */
};

/*
 * Zeroed memory of at least `bytes`, which nobody can shrink or grow under the mapping of
 * another, and which another user cannot open again with more rights. 0 or -errno; on
 * failure nothing is left. Needs no privilege.
 */
int xs_memory_make(struct xs_memory *memory, const char *name, __u64 bytes);
void xs_memory_free(struct xs_memory *memory); /* of a zeroed one: nothing */

/* A descriptor of the same memory that can be mapped for reading only; or -errno. */
int xs_memory_readonly_fd(const struct xs_memory *memory);

#endif
