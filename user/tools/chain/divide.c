// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Divides the frames of a queue among the chains that it serves; see broker.h. */
#include <errno.h>

#include "broker.h"

#define RX_RING_MIN 64
#define LIMIT_MIN 64 /* fewest frames of a chain: a batch of the NFs' library */

/* Chains without a limit of their own get equal parts of what is left. */
static void share_frames(struct xs_chains *chains, __u32 frames)
{
	__u32 without = 0;

	for (__u32 c = 0; c < chains->chain_cnt; c++) {
		without += !chains->chains[c].limit;
		frames -= chains->chains[c].limit;
	}
	for (__u32 c = 0; c < chains->chain_cnt; c++)
		if (!chains->chains[c].limit)
			chains->chains[c].limit = frames / without;
}

/*
 * A chain that is not served fast enough keeps frames in its RX ring and inside. All
 * such chains together must leave enough frames for the others to receive: a quarter.
 */
int xs_broker_divide_frames(struct xs_broker *b, struct xs_chains *chains)
{
	__u32 cnt = chains->chain_cnt, frames = b->opts->frames, without = 0;
	__u64 limits = 0, rings;

	if (cnt == 1)
		return 0;
	for (b->rx_ring = RX_RING_MIN; 2ull * 2 * b->rx_ring * cnt <= frames;)
		b->rx_ring *= 2;
	rings = (__u64)b->rx_ring * cnt;
	for (__u32 c = 0; c < cnt; c++) {
		limits += chains->chains[c].limit;
		without += !chains->chains[c].limit;
	}
	if (rings + limits + (__u64)without * LIMIT_MIN > frames - frames / 4) {
		xs_err(b->cli->ctx,
		       "%u frames are too few for %u chains: RX rings of %u each, "
		       "limits of %llu in all and at least %u for each chain without one must "
		       "leave a quarter to receive: give more --frames, or lower limits",
		       frames, cnt, b->rx_ring, limits, LIMIT_MIN);
		return -ENOSPC;
	}
	share_frames(chains, frames - frames / 4 - (__u32)rings);
	return 0;
}
