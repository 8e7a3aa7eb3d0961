// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Structs that begin with their size; see sized.h. */
#include <errno.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "sized.h"

static size_t size_of(const void *sized)
{
	size_t sz;

	memcpy(&sz, sized, sizeof(sz));
	return sz;
}

int xs_sized_check(struct xsteer_ctx *ctx, const void *theirs, const char *type)
{
	if (!theirs || size_of(theirs) > sizeof(size_t))
		return 0;
	xs_err(ctx, "struct %s: its member sz is not set: declare it with XSTEER_STRUCT()", type);
	return -EINVAL;
}

int xs_sized_take(struct xsteer_ctx *ctx, void *own, size_t own_sz, const void *theirs,
		  const char *type)
{
	const unsigned char *bytes = theirs;
	size_t sz;
	int err;

	if (!theirs)
		return 0;
	err = xs_sized_check(ctx, theirs, type);
	if (err)
		return err;
	sz = size_of(theirs);
	for (size_t i = own_sz; i < sz; i++) {
		if (!bytes[i])
			continue;
		xs_err(ctx,
		       "struct %s: this libxsteer (%s) does not know the member at byte %zu: "
		       "use a newer libxsteer, or leave it 0",
		       type, xsteer_version(), i);
		return -E2BIG;
	}
	memcpy(own, theirs, sz < own_sz ? sz : own_sz);
	return 0;
}

void xs_sized_give(void *theirs, const void *own, size_t own_sz)
{
	size_t sz;

	if (!theirs)
		return;
	sz = size_of(theirs);
	memset((char *)theirs + sizeof(sz), 0, sz - sizeof(sz));
	if (sz > own_sz)
		sz = own_sz;
	memcpy((char *)theirs + sizeof(sz), (const char *)own + sizeof(sz), sz - sizeof(sz));
}
