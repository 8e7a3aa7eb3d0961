/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The memory that a set is written into: chunks, which grow, and room within one. */
#ifndef XS_RULE_CHUNKS_H
#define XS_RULE_CHUNKS_H

#include <stddef.h>
#include <linux/types.h>

#include "maps/rule_set.h"

/*
 * Zero-initialised by the caller. Chunks lie one behind the other, each of
 * XS_CHUNK_BYTES; whatever adds or places may move them all.
 */
struct xs_chunks {
	__u8 *bytes;
	__u32 *used; /* bytes of each chunk that are given away */
	__u32 cnt;
};

/* Adds `cnt` zeroed chunks at the end. 0 or -ENOMEM. */
int xs_chunks_add(struct xs_chunks *chunks, __u32 cnt);

/*
 * Room for `bytes` within one chunk, a new one if need be, at an offset that is
 * a multiple of `align` bytes. 0; -ENOMEM; -E2BIG: more than a chunk.
 */
int xs_chunks_place(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *chunk,
		    __u32 *offset);

/* Likewise in chunk 0, for what the data path reads of every frame; -E2BIG: it is full. */
int xs_chunks_place_first(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *offset);

/* What lies there; until the next chunk is added. */
static inline void *xs_chunks_at(const struct xs_chunks *chunks, __u32 chunk, __u64 offset)
{
	return chunks->bytes + (size_t)chunk * XS_CHUNK_BYTES + offset;
}

void xs_chunks_free(struct xs_chunks *chunks);

#endif
