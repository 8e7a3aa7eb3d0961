/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What was seen of the sockets in a slot, as the map xsk_stats_map has it: a process that is
 * killed takes its socket's counters along, but for what is written here.
 *
 * An instance of an older build has no such map, and a process that may not write it keeps
 * none: then nothing is kept.
 */
#ifndef XS_INSTANCE_SOCKET_STATS_H
#define XS_INSTANCE_SOCKET_STATS_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/* What is counted from now on is of another socket, of the owner since `since_ns`. Silent. */
void xs_socket_stats_begin(const struct xs_pins *pins, __u32 slot, __u32 queue, __u64 since_ns);

/*
 * What the socket in the slot has counted by now: once a second or so, and when it has come
 * to an end. By its owner, whose row it is; another's is left alone. Silent.
 */
void xs_socket_stats_keep(const struct xs_pins *pins, __u32 slot, __u64 since_ns,
			  const struct xs_socket_counts *counts);

/* False: there is no such map, or it may not be read. Silent. */
bool xs_socket_stats_read(const struct xs_pins *pins, __u32 slot, struct xs_socket_stats *row);

void xs_socket_counts_add(struct xs_socket_counts *sum, const struct xs_socket_counts *part);
/* Is any of them not 0? */
bool xs_socket_counts_any(const struct xs_socket_counts *counts);

#endif
