/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Statistics as text and JSON, and the ledger of frames. */
#ifndef XS_BOUNCER_STATS_H
#define XS_BOUNCER_STATS_H

#include <linux/types.h>
#include <linux/if_xdp.h>

#include "bouncer.h"
#include "lib/xsk/xsk.h"
#include "worker.h"

/* All statistics of one worker, or their sums. */
struct xs_totals {
	struct xs_xsk_counters xsk;
	struct xdp_statistics kernel;
	__u64 rx_other; /* kernel.rx_dropped minus kernel.rx_fill_ring_empty_descs */
	__u64 stalls, late, sleeps;
};

/* All return 0, or -errno if stdout is gone. None blocks. */
int xs_stats_start(struct xs_bouncer *bouncer);
int xs_stats_interval(struct xs_bouncer *bouncer);
int xs_stats_final(struct xs_bouncer *bouncer);

/* Checks the ledger of every worker. 0; or -EUCLEAN, logged: a frame is not where it should be. */
int xs_stats_audit(const struct xs_bouncer *bouncer);

#endif
