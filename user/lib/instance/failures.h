/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel did not deliver after the verdict, according to its tracepoints,
 * while somebody watches. It costs time only when a frame is lost, and nothing once it
 * is closed.
 */
#ifndef XS_INSTANCE_FAILURES_H
#define XS_INSTANCE_FAILURES_H

#include "maps/failures.h"
#include "pins.h"

struct failures_bpf;

struct xs_failure {
	struct xs_failure_key key;
	__u64 frames;
};

/* Counts since it was opened. */
struct xs_failures {
	struct xs_failure *rows; /* the caller frees it */
	__u32 cnt;
	__u64 uncounted; /* frames for which there was no row */
};

/*
 * Attaches to the tracepoints, for the interface of *pins only. 0; or -errno, silently,
 * with the reason in `why`: everything else works without tracing. Needs CAP_BPF and
 * CAP_PERFMON, and a kernel with BTF and CONFIG_BPF_EVENTS. Close it with
 * xs_failures_close().
 */
int xs_failures_open(const struct xs_pins *pins, struct failures_bpf **watch, char *why,
		     size_t why_len);
void xs_failures_close(struct failures_bpf *watch); /* NULL: does nothing */

/* Reads the counts so far, summed over CPUs. 0 or -errno, silently. */
int xs_failures_read(const struct failures_bpf *watch, struct xs_failures *failures);

#endif
