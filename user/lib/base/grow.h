/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arrays from malloc() that grow at their end. */
#ifndef XS_GROW_H
#define XS_GROW_H

#include <stddef.h>
#include <linux/types.h>

/*
 * Room for one more of `size` bytes behind `cnt` that are there; *room, in members,
 * doubles. Returns the array, which may lie elsewhere then, or NULL: out of memory, and
 * the old one is as it was.
 */
void *xs_grow(void *array, __u32 cnt, __u32 *room, size_t size);

#endif
