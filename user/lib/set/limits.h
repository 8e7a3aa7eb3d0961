/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which rows of `limits`, `limit_leases` and `limit_keys` the limits of a set have. A rule
 * that goes on with the same limit keeps its row, and so its buckets as they are; the data
 * path uses them through both sets. Every other limit gets a row that no set in the kernel
 * has, with full buckets.
 */
#ifndef XS_SET_LIMITS_H
#define XS_SET_LIMITS_H

#include "switch.h"

/* Fills in the rows of apply->next, before it is in force. 0 or -errno, logged. */
int xs_limits_place(struct xs_switching *apply);

/* Makes `row` one of a limit with full buckets. Waits for RCU if it has keys. 0 or -errno, silent. */
int xs_limit_row_make(const int *map_fds, const struct xs_set_limit *limit);

/* Frees the keys of rows that neither set has. A set may be NULL. Silent. */
void xs_limits_close_unnamed(const struct xs_pins *pins, const struct xs_set_header *now,
			     const struct xs_set_header *back);

#endif
