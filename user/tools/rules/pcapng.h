/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writes frames of one interface as pcapng, each with a comment, its queue and what the
 * program returned. Knows nothing of rules.
 */
#ifndef XS_TOOL_RULES_PCAPNG_H
#define XS_TOOL_RULES_PCAPNG_H

#include <stdio.h>
#include <linux/types.h>

struct xs_pcapng_frame {
	__u64 time_ns; /* CLOCK_REALTIME */
	const unsigned char *bytes;
	__u32 captured, length, queue, xdp;
	const char *comment;
};

/* Errors are those of the stream: the caller asks ferror(). */
void xs_pcapng_begin(FILE *out, const char *ifname, __u32 snap);
void xs_pcapng_frame(FILE *out, const struct xs_pcapng_frame *frame);
/* How many frames there were, and how many of them are not in the file. */
void xs_pcapng_end(FILE *out, __u64 time_ns, __u64 frames, __u64 missing);

#endif
