/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Structs of the public header that begin with `sz`. With it a program and a library of
 * different age understand each other: the program's struct may be shorter or longer
 * than ours.
 */
#ifndef XS_SIZED_H
#define XS_SIZED_H

#include <stddef.h>

#include <xsteer/xsteer.h>

/*
 * Copies the program's options (NULL: none) into *own, which has `own_sz` bytes and was
 * zeroed by the caller. 0; -EINVAL: `sz` is not set; -E2BIG: an option that we do not
 * know is not 0. Errors are logged; `type` is the struct's name in the message.
 */
int xs_sized_take(struct xsteer_ctx *ctx, void *own, size_t own_sz, const void *theirs,
		  const char *type);

/* Checks, before anything is done, that a result can be stored there. NULL: no result is wanted. */
int xs_sized_check(struct xsteer_ctx *ctx, const void *theirs, const char *type);

/*
 * Copies our result into the program's struct, as much as it has room for. Fills the
 * rest with 0. NULL: does nothing.
 */
void xs_sized_give(void *theirs, const void *own, size_t own_sz);

#endif
