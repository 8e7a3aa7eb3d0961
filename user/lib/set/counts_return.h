/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a set that was not confirmed had counted for rules that the set before it has too:
 * it goes on counting for these, so a rollback must not set them back.
 */
#ifndef XS_SET_COUNTS_RETURN_H
#define XS_SET_COUNTS_RETURN_H

#include "lib/instance/pins.h"
#include "maps/rule_set.h"

/*
 * Adds to stats[], the sums of set `to`, what set `from` itself has counted for the rules
 * that both have. 0 or -errno, silently.
 */
int xs_counts_add(const struct xs_pins *pins, const struct xs_set_header *from,
		  const struct xs_set_header *to, struct xs_rule_stats *stats);

/*
 * Moves the same from the counters of `from` into what `to` had carried over. The caller
 * holds the lock; the data path does not count in `from` any more, or what it still counts
 * is moved by the next call. 0 or -errno, silently.
 */
int xs_counts_return(const struct xs_pins *pins, const struct xs_set_header *from,
		     const struct xs_set_header *to);

#endif
