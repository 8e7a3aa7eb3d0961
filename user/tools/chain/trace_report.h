/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Traces of frames, asked of the engines of a broker, and told for people. */
#ifndef XS_CHAIN_TRACE_REPORT_H
#define XS_CHAIN_TRACE_REPORT_H

#include <jansson.h>

#include "nfs.h"

/* Begins to trace the next frames of each queue. 0 or -ENOMEM. Takes the engines' locks. */
int xs_trace_report_begin(struct xs_nfs *nfs, __u32 frames, int chain);
/*
 * {"done": how many have come to their end, "frames": all}. `queues`: of each engine. Takes the
 * locks.
 */
json_t *xs_trace_report_json(struct xs_nfs *nfs, const __u32 *queues);

/* Prints such an array of frames. */
void xs_trace_report_print(const json_t *frames);

#endif
