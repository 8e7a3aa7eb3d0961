// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The way of single frames; see trace.h. */
#include <string.h>

#include "trace.h"

__u32 xs_trace_begin(struct xs_trace *trace, __u32 chain, const unsigned char *packet, __u32 len,
		     __u32 bytes, __u32 hash, __u64 now_ns)
{
	struct xs_traced *frame;

	if (trace->begun == trace->wanted || (trace->chain >= 0 && (__u32)trace->chain != chain))
		return 0;
	frame = &trace->frames[trace->begun++];
	*frame = (struct xs_traced){
		.entered_ns = now_ns,
		.chain = (__u8)chain,
		.len = (__u16)bytes,
		.head_len = (__u16)(len < XS_TRACE_HEAD ? len : XS_TRACE_HEAD),
		.hash = hash,
	};
	memcpy(frame->head, packet, frame->head_len);
	return trace->begun;
}

void xs_trace_add(struct xs_trace *trace, __u32 traced, enum xs_trace_what what, int value,
		  __u32 service, __u64 now_ns)
{
	struct xs_traced *frame = &trace->frames[traced - 1];

	if (frame->cnt < XS_TRACE_POINTS_MAX)
		frame->points[frame->cnt++] =
			(struct xs_trace_point){ .at_ns = now_ns - frame->entered_ns,
						 .value = (__s16)value,
						 .what = (__u8)what,
						 .service = (__u8)service };
	if (what != XS_TRACE_ended && what != XS_TRACE_lost)
		return;
	frame->done = true;
	trace->done++;
}
