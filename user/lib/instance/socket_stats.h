/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the sockets in a slot have counted, as xsk_stats_map has it. When a process is killed,
 * the counters of its socket are gone, except for what it wrote into this map.
 *
 * An instance of an older build has no such map, and a process may not have the right to
 * write it. Then nothing is kept.
 */
#ifndef XS_INSTANCE_SOCKET_STATS_H
#define XS_INSTANCE_SOCKET_STATS_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/* Begins the counters of another socket, of the owner since `since_ns`. Silent. */
void xs_socket_stats_begin(const struct xs_pins *pins, __u32 slot, __u32 queue, __u64 since_ns);

/*
 * Writes what the socket in the slot has counted until now. Its owner calls this about once
 * a second, and at the end. The row of another owner is left alone. Silent.
 */
void xs_socket_stats_keep(const struct xs_pins *pins, __u32 slot, __u64 since_ns,
			  const struct xs_socket_counts *counts);

/*
 * The rows of all slots. The caller frees them. seen_ns is 0 where no socket has been yet, and
 * everywhere if there is no such map, or no right to read it: silent. NULL: no memory.
 */
struct xs_socket_stats *xs_socket_stats_get(const struct xs_pins *pins);

void xs_socket_counts_add(struct xs_socket_counts *sum, const struct xs_socket_counts *part);
/* Is one of them not 0? */
bool xs_socket_counts_any(const struct xs_socket_counts *counts);

#endif
