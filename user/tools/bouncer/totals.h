/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What workers and the kernel have counted, summed, and every loss by its name. */
#ifndef XS_BOUNCER_TOTALS_H
#define XS_BOUNCER_TOTALS_H

#include <linux/if_xdp.h>
#include <linux/types.h>

#include "lib/xsk/xsk.h"
#include "worker.h"

struct xs_bouncer;

/* All statistics of one worker, or their sums. */
struct xs_totals {
	struct xs_xsk_counters xsk;
	struct xdp_statistics kernel;
	__u64 rx_other; /* kernel.rx_dropped minus kernel.rx_fill_ring_empty_descs */
	__u64 stalls, sleeps;
};

/* Adds what a worker has counted, which goes on meanwhile. */
void xs_totals_add(struct xs_totals *totals, const struct xs_worker *w);
/* The sum of all workers. */
struct xs_totals xs_totals_of(const struct xs_bouncer *b);

/* One way to lose a frame. */
struct xs_total_loss {
	const char *name;
	const char *text; /* NULL: only in JSON */
	__u64 packets;
};

#define XS_TOTAL_LOSSES 14

/* Every way to lose a frame, the kernel's first. */
void xs_totals_losses(const struct xs_totals *t, struct xs_total_loss losses[XS_TOTAL_LOSSES]);

#endif
