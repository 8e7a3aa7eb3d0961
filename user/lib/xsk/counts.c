// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The account of a socket; see counts.h. */
#include "counts.h"

void xs_socket_counts_take_kernel(struct xs_socket_counts *counts,
				  const struct xdp_statistics *stats, enum xs_xsk_mode mode)
{
	counts->rx_ring_full = stats->rx_ring_full;
	counts->tx_invalid = stats->tx_invalid_descs;
	counts->no_frame = 0;
	/* sockets that share a fill ring have the same number here */
	if (mode == XS_XSK_copy)
		counts->no_frame = stats->rx_fill_ring_empty_descs < stats->rx_dropped
					   ? stats->rx_fill_ring_empty_descs
					   : stats->rx_dropped;
	counts->rx_other = stats->rx_dropped - counts->no_frame;
}

static __u64 read_counter(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void xs_socket_counts_get(struct xs_socket_counts *counts, const struct xs_xsk *x)
{
	struct xdp_statistics stats = {};
	/* a packet that is too long is counted at once, and as dropped when its end has arrived */
	__u64 too_long = read_counter(&x->counters.tx_too_long);
	__u64 dropped = read_counter(&x->counters.dropped);

	*counts = (struct xs_socket_counts){
		.rx_packets = read_counter(&x->counters.rx_packets),
		.rx_bytes = read_counter(&x->counters.rx_bytes),
		.tx_packets = read_counter(&x->counters.tx_packets),
		.tx_bytes = read_counter(&x->counters.tx_bytes),
		.dropped = (dropped > too_long ? dropped - too_long : 0) +
			   read_counter(&x->counters.interrupted),
		.tx_too_long = too_long,
		.tx_lost = read_counter(&x->counters.tx_lost),
	};
	xs_xsk_statistics(x, &stats);
	xs_socket_counts_take_kernel(counts, &stats, x->mode);
}
