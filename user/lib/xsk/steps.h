/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The steps by which a socket is made, for open.c and shared.c. All return 0 or -errno,
 * logged unless they say otherwise.
 */
#ifndef XS_XSK_STEPS_H
#define XS_XSK_STEPS_H

#include <linux/if_xdp.h>

#include "lib/base/ctx.h"
#include "books.h"
#include "xsk.h"

/* Logs why the socket of this configuration cannot be had. */
#define xs_xsk_fail(cfg, fmt, ...) \
	xs_err((cfg)->ctx, "%s queue %u: " fmt, (cfg)->ifname, (cfg)->queue, ##__VA_ARGS__)

/* open.c: a socket without anything. The caller closes *fd. */
int xs_xsk_make_socket(int *fd, const struct xs_xsk_config *cfg);

/* Most packets that one sendto() may send in copy mode; where the kernel has no such option, 32. */
void xs_xsk_set_tx_budget(struct xs_xsk *x, __u32 budget);

/* -1: the size is not a power of two. */
static inline int xs_xsk_frame_shift(__u32 frame_size)
{
	return frame_size & (frame_size - 1) ? -1 : __builtin_ctz(frame_size);
}

/* The account's memory: the books, the frames, the stack of free ones. */
static inline __u64 xs_xsk_account_bytes(__u32 frames)
{
	return sizeof(struct xs_xsk_books) +
	       (__u64)frames * (sizeof(struct xs_umem_frame) + sizeof(__u32));
}
static inline void xs_xsk_find_account(struct xs_xsk *x)
{
	x->books = x->account.map;
	x->frames = (struct xs_umem_frame *)(x->books + 1);
	x->free_stack = (__u32 *)(x->frames + x->frame_cnt);
}

/* rings.c: sizes all four, `size` entries each, except where cfg->rx_ring says otherwise. */
int xs_rings_size(struct xs_xsk *x, const struct xs_xsk_config *cfg, __u32 size);
/*
 * Maps all four, of the same sizes, into x->maps, and lets the rings of *x begin. -EBUSY, not
 * logged: the socket is bound, and this kernel (before Linux 6.4) maps none then.
 */
int xs_rings_map(struct xs_xsk *x, const struct xs_xsk_config *cfg, __u32 size);

/* Lets all four go on where another process has stopped. */
void xs_rings_go_on(struct xs_xsk *x);

/* Sizes one ring; `opt` is XDP_RX_RING or one of its like. */
int xs_ring_size(int fd, const struct xs_xsk_config *cfg, int opt, __u32 size);
/* Asks where in a ring the kernel keeps what. -ENOTSUP: it is older than Linux 5.4. */
int xs_rings_layout(int fd, const struct xs_xsk_config *cfg, struct xdp_mmap_offsets *off);
/* Maps a ring of entries of `entry` bytes. Does not log. The caller unmaps *map. */
int xs_ring_map(struct xs_ring_map *map, int fd, const struct xdp_ring_offset *off, __u32 size,
		size_t entry, off_t pgoff);
/* Lets a ring that the kernel fills begin, over its mapping. */
void xs_ring_init_cons(struct xsk_ring_cons *ring, char *addr, const struct xdp_ring_offset *off,
		       __u32 size);

#endif
