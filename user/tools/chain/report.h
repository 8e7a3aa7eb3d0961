/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What happened to the frames of a broker, for people and for programs. */
#ifndef XS_CHAIN_REPORT_H
#define XS_CHAIN_REPORT_H

#include <jansson.h>

#include "nfs.h"

/* Prints tables: hops, taps, and the sum of each chain. Takes the engines' locks. */
void xs_report_print(struct xs_nfs *nfs);

/* The same as an object that the caller adds to and prints. NULL: out of memory. */
json_t *xs_report_json(struct xs_nfs *nfs);

/* Whether every engine's account adds up. If not, logs it. */
bool xs_report_balanced(struct xs_nfs *nfs);

#endif
