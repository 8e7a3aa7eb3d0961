/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Structs of the public header that begin with `sz`, so that programs and libraries of
 * different age understand each other: the program's may be shorter or longer than ours.
 */
#ifndef XS_SIZED_H
#define XS_SIZED_H

#include <stddef.h>

#include <xsteer/xsteer.h>

/*
 * Options of the program's, or NULL, into *own of `own_sz` bytes, which was zeroed by the
 * caller. 0; -EINVAL: `sz` is not set; -E2BIG: an option that we do not know is not 0.
 * Logged, with `type` as the struct's name.
 */
int xs_sized_take(struct xsteer_ctx *ctx, void *own, size_t own_sz, const void *theirs,
		  const char *type);

/* Before anything is done: whether a result can be given there. NULL: it is not wanted. */
int xs_sized_check(struct xsteer_ctx *ctx, const void *theirs, const char *type);

/* Our result into the program's struct, or NULL: what it has room for; its rest becomes 0. */
void xs_sized_give(void *theirs, const void *own, size_t own_sz);

#endif
