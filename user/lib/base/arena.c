// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An arena gets its memory in blocks, and gives out pieces from the end of each. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* Large enough to make malloc() rare, small enough not to matter for one rule. */
#define BLOCK_BYTES (256 << 10)
#define ALIGN(bytes) (((bytes) + 15) & ~(size_t)15)

struct xs_arena_block {
	struct xs_arena_block *next;
	size_t room;
	_Alignas(16) char bytes[];
};

void *xs_arena_get(struct xs_arena *arena, size_t bytes)
{
	struct xs_arena_block *block;
	size_t room;

	bytes = ALIGN(bytes);
	if (!arena->blocks || arena->left < bytes) {
		room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
		block = calloc(1, sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = arena->blocks;
		block->room = room;
		arena->blocks = block;
		arena->left = room;
	}
	arena->left -= bytes;
	return arena->blocks->bytes + arena->left;
}

void xs_arena_reset(struct xs_arena *arena)
{
	struct xs_arena_block *first = arena->blocks;

	if (!first || first->next || first->room > BLOCK_BYTES) {
		xs_arena_free(arena);
		return;
	}
	memset(first->bytes + arena->left, 0, first->room - arena->left);
	arena->left = first->room;
}

void xs_arena_free(struct xs_arena *arena)
{
	struct xs_arena_block *block;

	while ((block = arena->blocks)) {
		arena->blocks = block->next;
		free(block);
	}
	arena->left = 0;
}
