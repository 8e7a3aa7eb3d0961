/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel did not deliver after the verdict, as its tracepoints tell while
 * somebody watches. Costs nothing but where a frame is lost, and nothing once closed.
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

/* Since it was opened. */
struct xs_failures {
	struct xs_failure *rows; /* the caller's to free */
	__u32 cnt;
	__u64 uncounted; /* frames for which there was no row */
};

/*
 * Attaches to the tracepoints, for the interface of *pins alone. 0, or -errno with the
 * reason in `why`, silently: without tracing the rest is still to be had. Needs CAP_BPF
 * and CAP_PERFMON, a kernel with BTF and CONFIG_BPF_EVENTS. failures_bpf__destroy() by
 * xs_failures_close().
 */
int xs_failures_open(const struct xs_pins *pins, struct failures_bpf **watch, char *why,
		     size_t why_len);
void xs_failures_close(struct failures_bpf *watch); /* of NULL: nothing */

/* What was counted so far, summed over CPUs. 0 or -errno, silently. */
int xs_failures_read(const struct failures_bpf *watch, struct xs_failures *failures);

#endif
