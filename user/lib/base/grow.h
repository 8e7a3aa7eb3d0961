/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arrays from malloc() that grow at their end. */
#ifndef XS_GROW_H
#define XS_GROW_H

#include <stddef.h>
#include <linux/types.h>

/*
 * Makes room for one more member of `size` bytes after the `cnt` that are there. *room
 * counts members and doubles. Returns the array, perhaps at a new address. NULL: out of
 * memory; the old array is unchanged.
 */
void *xs_grow(void *array, __u32 cnt, __u32 *room, size_t size);

#endif
