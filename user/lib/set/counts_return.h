/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A set that was not confirmed may have rules in common with the set before it. That
 * set goes on counting for them, so a rollback must not lose what was counted
 * meanwhile.
 */
#ifndef XS_SET_COUNTS_RETURN_H
#define XS_SET_COUNTS_RETURN_H

#include "lib/instance/pins.h"
#include "maps/rule_set.h"

/*
 * Adds to stats[], the sums of set `to`, what set `from` itself has counted for the
 * rules that both have. 0 or -errno, silently.
 */
int xs_counts_add(const struct xs_pins *pins, const struct xs_set_header *from,
		  const struct xs_set_header *to, struct xs_rule_stats *stats);

/*
 * Moves the same from the counters of `from` into what `to` had carried over. The
 * caller holds the lock. The data path no longer counts in `from`; anything that it
 * still counts is moved by the next call. 0 or -errno, silently.
 */
int xs_counts_return(const struct xs_pins *pins, const struct xs_set_header *from,
		     const struct xs_set_header *to);

#endif
