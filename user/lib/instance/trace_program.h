/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loads the program that traces, over the maps of an instance. Knows nothing of links. */
#ifndef XS_INSTANCE_TRACE_PROGRAM_H
#define XS_INSTANCE_TRACE_PROGRAM_H

#include "pins.h"
#include "trace.h"

struct trace_bpf;

/*
 * The caller destroys *skel with trace_bpf__destroy(). 0; -EPROTO: the instance's maps or rule sets
 * are of another build; -EOPNOTSUPP: a kernel before 5.18; other -errno. Logged.
 */
int xs_trace_program_load(const struct xs_pins *pins, const struct xs_trace_opts *opts,
			  struct trace_bpf **skel);

/* Lets frames be sampled, as of the rows, from now on. 0 or -errno, silently. */
int xs_trace_program_sample(const struct trace_bpf *skel, const struct xs_trace_samples *samples);

#endif
