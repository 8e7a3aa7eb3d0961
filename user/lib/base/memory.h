/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory that is shared with other processes by a descriptor. */
#ifndef XS_BASE_MEMORY_H
#define XS_BASE_MEMORY_H

#include <stdbool.h>
#include <linux/types.h>

enum {
	XS_MEMORY_huge = 1 << 0, /* of huge pages, or not at all */
	XS_MEMORY_untouched = 1 << 1, /* the caller first says where its pages are to be */
};

struct xs_memory {
	int fd; /* a memfd, opened to read and write */
	void *map; /* our mapping, to read and write */
	__u64 bytes; /* whole pages */
	__u64 blocks; /* for xs_memory_has_lost_pages() */
};

/*
 * Makes at least `bytes` of zeroed memory. Nobody can shrink or grow it under another's
 * mapping, and another user cannot open it again with more rights. 0 or -errno; on
 * failure nothing is left. Needs no privilege.
 */
int xs_memory_make(struct xs_memory *memory, const char *name, __u64 bytes, unsigned int flags);

/*
 * Maps the memory of another process, of at least `bytes` bytes, and owns fd from then on. 0;
 * -EINVAL: there is less; or other -errno. Silent; on failure fd is closed.
 */
int xs_memory_map(struct xs_memory *memory, int fd, __u64 bytes);

void xs_memory_free(struct xs_memory *memory); /* zeroed: does nothing */

/*
 * Best effort: pages that nobody has touched yet come from this node of NUMA. The NIC's spares a
 * packet the way across sockets. -1: any.
 */
void xs_memory_prefer_node(const struct xs_memory *memory, int node);

/*
 * Whether it has fewer pages than at an earlier call. Whoever may write there can take them out
 * (MADV_REMOVE): then each mapping shows zeros, but what the kernel has pinned is no longer what
 * they show. A page that somebody touches comes back, empty: so call it often. Does not block.
 */
bool xs_memory_has_lost_pages(struct xs_memory *memory);

/* Returns a descriptor of the same memory that can only be mapped for reading; or -errno. */
int xs_memory_readonly_fd(const struct xs_memory *memory);

#endif
