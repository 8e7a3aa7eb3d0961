/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rules in force of one instance, sampled repeatedly, with the rate of each. */
#ifndef XS_MAPS_WATCHED_RULES_H
#define XS_MAPS_WATCHED_RULES_H

#include "lib/set/sets.h"
#include "watched_losses.h"

#define XS_RULES_SHOWN 5000 /* of which a rate is kept: a screen is for the busiest */

struct xs_watched_rules {
	bool begun; /* `set` is a sample */
	struct xs_rules_in_force set;
	__u32 cnt; /* its rules, at most XS_RULES_SHOWN */
	float (*history)[XS_HISTORY]; /* packets a second by rule, the newest last */
	char why[XS_ERROR_MAX]; /* why the last sample failed; "" */
};

/*
 * Takes a sample; `seconds` is the time since the last. Other rules than in the sample
 * before begin with an empty history. 0; or -errno, with the reason in `why`.
 */
int xs_watched_rules_sample(struct xs_watched_rules *rules, const struct xs_pins *pins,
			    double seconds);
void xs_watched_rules_forget(struct xs_watched_rules *rules); /* zeroed: does nothing */

#endif
