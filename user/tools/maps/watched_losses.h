/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The losses of one instance, sampled repeatedly: since the first sample, and since the last. */
#ifndef XS_MAPS_WATCHED_LOSSES_H
#define XS_MAPS_WATCHED_LOSSES_H

#include "loss_causes.h"

#define XS_HISTORY 60 /* samples kept */

struct xs_watched_losses {
	bool begun; /* there is a first sample */
	bool compared; /* there is a second one, and so the rest */
	double since; /* of the first sample, seconds, monotonic */
	struct failures_bpf *trace; /* NULL: not allowed */
	struct xs_loss_sources first, last;
	struct xs_losses sum, recent; /* since the first sample; between the last two */
	float history[XS_LOSS_MAX][XS_HISTORY]; /* frames a second by cause, the newest last */
};

/*
 * Takes a sample. The first one starts to trace, if that is allowed. 0 or -errno, logged to
 * pins->ctx, and the samples before stay.
 */
int xs_watched_losses_sample(struct xs_watched_losses *losses, const struct xs_pins *pins,
			     const char *ifname);
/* Ends tracing and frees what it holds; zeroed: does nothing. */
void xs_watched_losses_forget(struct xs_watched_losses *losses);

#endif
