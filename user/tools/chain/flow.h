/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which frames belong together, as the broker sees them when they enter. */
#ifndef XS_CHAIN_FLOW_H
#define XS_CHAIN_FLOW_H

#include "lib/chains/chains.h"

/*
 * Computes the hashes, indexed by enum xs_sticky. For a frame that is not IP each is 0.
 * Ports are ignored in fragments, so that all fragments of a datagram take the same
 * way. If the frame changes meanwhile, the hashes are arbitrary.
 */
void xs_flow_hashes(const unsigned char *frame, __u32 len, __u32 hashes[XS_STICKY_MAX]);

#endif
