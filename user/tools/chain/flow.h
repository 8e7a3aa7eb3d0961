/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Which frames belong together, as the broker sees them when they enter. */
#ifndef XS_CHAIN_FLOW_H
#define XS_CHAIN_FLOW_H

#include "lib/chains/chains.h"

/*
 * By enum xs_sticky. A frame that is not IP has 0 in each. Ports do not count in fragments,
 * so that all of a datagram go the same way. The frame may change meanwhile: then the
 * numbers are some numbers.
 */
void xs_flow_hashes(const unsigned char *frame, __u32 len, __u32 hashes[XS_STICKY_MAX]);

#endif
