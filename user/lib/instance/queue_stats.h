/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads the counters of an instance: rows summed over CPUs, and their names. */
#ifndef XS_COUNTERS_H
#define XS_COUNTERS_H

#include "lib/base/names.h"
#include "pins.h"

/* The counters of struct xs_queue_stats as one array, in the struct's order. */
#define XS_COUNTER_CNT (sizeof(struct xs_queue_stats) / sizeof(__u64))

static inline const __u64 *xs_counters(const struct xs_queue_stats *stats)
{
	return (const __u64 *)stats;
}

static inline const __u64 *xs_verdict_counters(const struct xs_queue_stats *stats)
{
	return &stats->verdict_pass;
}

/* Indexed by reason - 1, because the reason "none" is not counted. */
static inline const __u64 *xs_reason_counters(const struct xs_queue_stats *stats)
{
	return &stats->reason_default;
}

/*
 * Copies what the instance has counted, row by row and CPU by CPU, into another
 * xdp_stats_map with as many rows, in this build's layout. Frames counted meanwhile may
 * be in neither. 0 or -errno, logged.
 */
int xs_queue_stats_copy(const struct xs_pins *from, int to_fd);

/*
 * Reads every row of xdp_stats_map, summed over CPUs. Returns an array of *cnt rows
 * from malloc(), which the caller frees; NULL, logged, on failure. A frame that arrives
 * during the read may be in one counter of a row and not yet in another.
 */
struct xs_queue_stats *xs_queue_stats_read(const struct xs_pins *pins, __u32 *cnt);

void xs_queue_stats_add(struct xs_queue_stats *sum, const struct xs_queue_stats *row);
/* Sets *now to now - before, counter by counter. A counter that ran backwards (upgrade) gives 0. */
void xs_queue_stats_sub(struct xs_queue_stats *now, const struct xs_queue_stats *before);

#endif
