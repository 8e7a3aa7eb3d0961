/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory in many small pieces that are freed all at once. */
#ifndef XS_ARENA_H
#define XS_ARENA_H

#include <stddef.h>

/* The caller zeroes it before first use. */
struct xs_arena {
	struct xs_arena_block *blocks;
	size_t left; /* bytes of the first block */
};

/* Returns `bytes` of zeroed memory, aligned for any type; NULL: out of memory. */
void *xs_arena_get(struct xs_arena *arena, size_t bytes);

/* Frees all pieces. Keeps one block, so that the next use needs no malloc(). */
void xs_arena_reset(struct xs_arena *arena);

void xs_arena_free(struct xs_arena *arena);

#endif
