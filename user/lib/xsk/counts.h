/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is counted of a socket, by the kernel and by its process, as one account: each
 * packet that was lost is in one counter (XS_SOCKET_LOSSES).
 */
#ifndef XS_XSK_COUNTS_H
#define XS_XSK_COUNTS_H

#include <linux/if_xdp.h>

#include "maps/xsteer.h"
#include "xsk.h"

/*
 * Writes the kernel's share of *counts, and leaves the process's. In copy mode the kernel
 * counts a packet that finds no frame twice: as rx_dropped, and in rx_fill_ring_empty_descs,
 * which in zero-copy mode is no number of packets.
 */
void xs_socket_counts_take_kernel(struct xs_socket_counts *counts,
				  const struct xdp_statistics *stats, enum xs_xsk_mode mode);

/*
 * All of a socket of this process; rx_unread is the caller's to know. Any thread may ask.
 * One whose interface is gone has nothing of the kernel's.
 */
void xs_socket_counts_get(struct xs_socket_counts *counts, const struct xs_xsk *x);

#endif
