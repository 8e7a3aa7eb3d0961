/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Memory in many small pieces that are freed all at once. */
#ifndef XS_ARENA_H
#define XS_ARENA_H

#include <stddef.h>

/* Zero-initialised by the caller. */
struct xs_arena {
	struct xs_arena_block *blocks;
	size_t left; /* bytes of the first block */
};

/* `bytes` of zeroed memory, for any type; NULL: out of memory. */
void *xs_arena_get(struct xs_arena *arena, size_t bytes);

/* Frees all pieces, but keeps a block, so that what follows costs no malloc(). */
void xs_arena_reset(struct xs_arena *arena);

void xs_arena_free(struct xs_arena *arena);

#endif
