/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The memory that a set is written into: a growing list of chunks, and room within a chunk. */
#ifndef XS_RULE_CHUNKS_H
#define XS_RULE_CHUNKS_H

#include <stddef.h>
#include <linux/types.h>

#include "maps/rule_set.h"

/*
 * The caller zeroes it before first use. Chunks lie one after the other, XS_CHUNK_BYTES
 * each. Every function that adds or places may move all of them.
 */
struct xs_chunks {
	__u8 *bytes;
	__u32 *used; /* bytes of each chunk that are in use */
	__u32 cnt;
};

/* Adds `cnt` zeroed chunks at the end. 0 or -ENOMEM. */
int xs_chunks_add(struct xs_chunks *chunks, __u32 cnt);

/*
 * Reserves `bytes` within one chunk, a new one if necessary, at an offset that is a
 * multiple of `align` bytes. 0; -ENOMEM; -E2BIG: more than a chunk.
 */
int xs_chunks_place(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *chunk,
		    __u32 *offset);

/* Likewise in chunk 0, for what the data path reads for every frame. -E2BIG: it is full. */
int xs_chunks_place_first(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *offset);

/* The memory at this place. The pointer is valid until the next chunk is added. */
static inline void *xs_chunks_at(const struct xs_chunks *chunks, __u32 chunk, __u64 offset)
{
	return chunks->bytes + (size_t)chunk * XS_CHUNK_BYTES + offset;
}

void xs_chunks_free(struct xs_chunks *chunks);

#endif
