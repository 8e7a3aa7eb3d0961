/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What happened to the frames of a broker, for people and for programs. */
#ifndef XS_CHAIN_REPORT_H
#define XS_CHAIN_REPORT_H

#include <jansson.h>

#include "nfs.h"

/*
 * Returns an object that the caller adds to and prints. NULL: out of memory. Takes the
 * engines' locks.
 */
json_t *xs_report_json(struct xs_nfs *nfs);

/* Returns the network functions that are there, as an array. Takes the engines' locks. */
json_t *xs_report_instances(struct xs_nfs *nfs);

/* Whether every engine's account adds up. If not, logs it. */
bool xs_report_balanced(struct xs_nfs *nfs);

/* ---- report_text.c: of such an object, whoever made it ---- */

/* Prints grids: hops, taps, instances if the report has them, and the sum of each chain. */
void xs_report_print(const json_t *report);

#endif
