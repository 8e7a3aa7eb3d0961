/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which interface a word means. The kernel's index is the identity; a name is only what
 * it is called now. Unlike if_nametoindex(3), this distinguishes "there is none" from
 * "cannot ask".
 */
#ifndef XS_IDENTITY_H
#define XS_IDENTITY_H

#include <linux/types.h>

/*
 * Finds the interface of this network namespace that has `word` as its name or as an
 * alternative name (up to 127 characters). Returns its index and its name. Needs no
 * privilege. 0; -ENODEV: there is none; other -errno: this could not be found out.
 * Silent.
 */
int xs_netif_find(const char *word, __u32 *ifindex, char name[16]);

/* The current name of an index. As above. */
int xs_netif_name(__u32 ifindex, char name[16]);

#endif
