/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which interface a word means. The kernel's index is the identity; a name is what it
 * is called now. Unlike if_nametoindex(3) this tells "there is none" from "cannot ask".
 */
#ifndef XS_IDENTITY_H
#define XS_IDENTITY_H

#include <linux/types.h>

/*
 * The interface of this network namespace that has `word` as its name or as one of its
 * alternative names, of up to 127 characters: its index and its name. No privilege
 * needed. 0; -ENODEV: there is none; other -errno: that cannot be told. Silent.
 */
int xs_netif_find(const char *word, __u32 *ifindex, char name[16]);

/* The name that an index has now. As above. */
int xs_netif_name(__u32 ifindex, char name[16]);

#endif
