// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The counters of workers, summed; see totals.h. */
#include <string.h>

#include "lib/xsk/counts.h"
#include "bouncer.h"
#include "totals.h"

static __u64 read_counter(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Adds each counter, in the order of the struct: all are __u64. */
static void add_counters(void *sum, const void *part, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes / sizeof(__u64); i++)
		((__u64 *)sum)[i] += read_counter(&((const __u64 *)part)[i]);
}

void xs_totals_add(struct xs_totals *totals, const struct xs_worker *w)
{
	struct xs_socket_counts counts = {};
	struct xdp_statistics kernel = {};

	add_counters(&totals->xsk, &w->xsk.counters, sizeof(totals->xsk));
	if (w->bouncer->given)
		kernel = w->kernel_then;
	else if (xs_xsk_statistics(&w->xsk, &kernel))
		kernel = (struct xdp_statistics){};
	add_counters(&totals->kernel, &kernel, sizeof(kernel));
	xs_socket_counts_take_kernel(&counts, &kernel, w->xsk.mode);
	totals->rx_other += counts.rx_other;
	totals->stalls += read_counter(&w->stalls);
	totals->sleeps += read_counter(&w->sleeps);
}

struct xs_totals xs_totals_of(const struct xs_bouncer *b)
{
	struct xs_totals totals = {};
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++)
		xs_totals_add(&totals, &b->workers[i]);
	return totals;
}

void xs_totals_losses(const struct xs_totals *t, struct xs_total_loss losses[XS_TOTAL_LOSSES])
{
	/* A packet that is too long is counted at once, and as dropped when its end has arrived. */
	__u64 by_action = t->xsk.dropped > t->xsk.tx_too_long ? t->xsk.dropped - t->xsk.tx_too_long
							      : 0;
	const struct xs_total_loss list[XS_TOTAL_LOSSES] = {
		{ "rx_ring_full", "RX ring full", t->kernel.rx_ring_full },
		{ "rx_fill_ring_empty_descs", "fill ring empty",
		  t->kernel.rx_fill_ring_empty_descs },
		{ "rx_dropped", NULL, t->kernel.rx_dropped },
		{ "rx_other", "dropped by the kernel (too long for a frame, or no room)",
		  t->rx_other },
		{ "rx_invalid_descs", "invalid fill descriptors", t->kernel.rx_invalid_descs },
		{ "tx_invalid_descs", "invalid TX descriptors", t->kernel.tx_invalid_descs },
		{ "tx_lost", "refused by the device's queue", t->xsk.tx_lost },
		{ "tx_too_long", "too many frames for a packet", t->xsk.tx_too_long },
		{ "tx_stalls", "TX stalls, forced on", t->stalls },
		{ "rx_unowned", "received frames not ours to get", t->xsk.rx_unowned },
		{ "tx_unowned", "completions of frames not being sent", t->xsk.tx_unowned },
		{ "late", "after the limit or at the end, thrown away", t->xsk.discarded },
		{ "dropped", "dropped by an action", by_action },
		{ "interrupted", "in the hands of a bouncer that was killed", t->xsk.interrupted },
	};

	memcpy(losses, list, sizeof(list));
}
