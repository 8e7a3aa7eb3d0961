/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One account of what the kernel and the process count for a socket. Each packet that was
 * lost is in one counter (XS_SOCKET_LOSSES).
 */
#ifndef XS_XSK_COUNTS_H
#define XS_XSK_COUNTS_H

#include <linux/if_xdp.h>

#include "maps/xsteer.h"
#include "xsk.h"

/*
 * Writes the kernel's part of *counts and leaves the process's part. In copy mode the kernel
 * counts a packet that finds no frame twice: in rx_dropped and in rx_fill_ring_empty_descs. In
 * zero-copy mode the latter does not count packets.
 */
void xs_socket_counts_take_kernel(struct xs_socket_counts *counts,
				  const struct xdp_statistics *stats, enum xs_xsk_mode mode);

/*
 * Fills *counts for a socket of this process, except rx_unread, which only the caller knows.
 * Any thread may call it. If the interface is gone, the kernel's part is 0.
 */
void xs_socket_counts_get(struct xs_socket_counts *counts, const struct xs_xsk *x);

#endif
