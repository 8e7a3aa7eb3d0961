/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The chains that brokers serve on one instance, sampled repeatedly. */
#ifndef XS_MAPS_WATCHED_CHAINS_H
#define XS_MAPS_WATCHED_CHAINS_H

#include <jansson.h>

#include "lib/instance/pins.h"
#include "watched_losses.h"

/* One step of a chain, or (service "") where frames enter it. */
struct xs_step_row {
	json_int_t pid; /* of its broker */
	char chain[32], service[32];
	__u64 in, lost; /* since the broker started */
	double lost_rate; /* frames a second between the last two samples */
	__u32 held, waiting, nfs; /* now; nfs: that serve */
	bool timed; /* frames have come back, and the next three are known */
	double p50_us, p99_us, max_us;
	float history[XS_HISTORY]; /* frames a second that came in, the newest last */
};

struct xs_watched_chains {
	bool begun;
	struct xs_step_row *rows;
	__u32 cnt;
	char why[XS_ERROR_MAX]; /* why some are missing; "": none is */
};

/* Takes a sample. 0 or -errno, and `why` says what is missing. Waits for brokers that do not answer. */
int xs_watched_chains_sample(struct xs_watched_chains *chains, const struct xs_pins *pins,
			     double seconds);
void xs_watched_chains_forget(struct xs_watched_chains *chains);

#endif
