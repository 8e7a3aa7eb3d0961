// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The chunks of a set, and room in the first chunk that has enough. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunks.h"

int xs_chunks_add(struct xs_chunks *chunks, __u32 cnt)
{
	__u32 all = chunks->cnt + cnt;
	__u8 *bytes = realloc(chunks->bytes, (size_t)all * XS_CHUNK_BYTES);
	__u32 *used;

	if (!bytes)
		return -ENOMEM;
	chunks->bytes = bytes;
	used = realloc(chunks->used, all * sizeof(*used));
	if (!used)
		return -ENOMEM;
	chunks->used = used;
	memset(bytes + (size_t)chunks->cnt * XS_CHUNK_BYTES, 0, (size_t)cnt * XS_CHUNK_BYTES);
	memset(used + chunks->cnt, 0, cnt * sizeof(*used));
	chunks->cnt = all;
	return 0;
}

int xs_chunks_place(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *chunk,
		    __u32 *offset)
{
	int err;

	if (bytes > XS_CHUNK_BYTES)
		return -E2BIG;
	for (__u32 i = 0; i < chunks->cnt; i++) {
		size_t at = ((size_t)chunks->used[i] + align - 1) / align * align;

		if (at + bytes > XS_CHUNK_BYTES)
			continue;
		chunks->used[i] = at + bytes;
		*chunk = i;
		*offset = at;
		return 0;
	}
	err = xs_chunks_add(chunks, 1);
	if (err)
		return err;
	*chunk = chunks->cnt - 1;
	*offset = 0;
	chunks->used[*chunk] = bytes;
	return 0;
}

int xs_chunks_place_first(struct xs_chunks *chunks, size_t bytes, __u32 align, __u32 *offset)
{
	__u32 chunk;
	int err = xs_chunks_place(chunks, bytes, align, &chunk, offset);

	return err ?: chunk ? -E2BIG : 0;
}

void xs_chunks_free(struct xs_chunks *chunks)
{
	free(chunks->bytes);
	free(chunks->used);
	*chunks = (struct xs_chunks){ 0 };
}
