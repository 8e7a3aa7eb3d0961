/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Divides the frames that the program has dropped among the causes. A drop is counted once, and
 * what it was for is counted elsewhere and read later, while frames come. Reads nothing.
 */
#ifndef XS_MAPS_LOSS_DROPS_H
#define XS_MAPS_LOSS_DROPS_H

#include "loss_causes.h"

/*
 * Fills frames[] of the causes in the program; the others are left alone. Their sum is the
 * verdicts `drop` in sources->total. `whole` as for xs_losses_find().
 */
void xs_loss_divide_drops(const struct xs_loss_sources *sources, bool whole,
			  __u64 frames[XS_LOSS_MAX]);

#endif
