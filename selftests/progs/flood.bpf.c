// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends frames faster than any socket could, and counts what comes back.
 *
 *   flood_send	run by BPF_PROG_TEST_RUN with live frames: paces, numbers and
 *		redirects each to the interface
 *   flood_tc	behind its tc ingress, for frames that come as an skb
 *   flood_xdp	at its XDP hook, for frames that come as XDP frames
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tools/cli/latency.h"
#include "flood.h"

/*
 * A sender that was delayed makes up for no more than this. Otherwise it would send a
 * burst that overflows the veth, which queues 256 frames.
 */
#define LATE_MAX_NS 100000
#define SPINS_MAX (1 << 22)

const volatile __u32 ifindex;
const volatile __u32 run;
const volatile __u32 frame_bytes;
const volatile __u32 flows = 1;
const volatile __u32 senders = 1;
const volatile __u32 burst = 1;
const volatile __u64 burst_ns; /* 0: as fast as possible */
const volatile bool latency;

struct flood_sender sender[FLOOD_CPUS];
struct flood_sink sink[FLOOD_CPUS];
__u32 seen[FLOOD_WINDOW]; /* low half of the number last seen here, plus one */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XS_LATENCY_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} latencies SEC(".maps");

static __u32 this_cpu(void)
{
	return bpf_get_smp_processor_id() & (FLOOD_CPUS - 1);
}

static long is_due(__u32 i __attribute__((unused)), __u64 *due_ns)
{
	return bpf_ktime_get_ns() >= *due_ns;
}

static void pace(struct flood_sender *s)
{
	__u64 due_ns = s->next_ns, now_ns;

	if (s->burst_left) {
		s->burst_left--;
		return;
	}
	bpf_loop(SPINS_MAX, is_due, &due_ns, 0);
	now_ns = bpf_ktime_get_ns();
	if (now_ns > due_ns + LATE_MAX_NS)
		due_ns = now_ns;
	s->next_ns = due_ns + burst_ns;
	s->burst_left = burst - 1;
}

SEC("xdp")
int flood_send(struct xdp_md *ctx)
{
	struct flood_frame *frame = (void *)(long)ctx->data;
	struct flood_sender *s = &sender[this_cpu()];

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (burst_ns)
		pace(s);
	if (flows > 1) {
		frame->udp.source = bpf_htons(FLOOD_FIRST_PORT + s->flow);
		s->flow = s->flow + 1 < flows ? s->flow + 1 : 0;
	}
	frame->stamp.number = s->first + s->sent * senders;
	if (latency)
		frame->stamp.sent_ns = bpf_ktime_get_ns();
	s->sent++;
	return bpf_redirect(ifindex, 0);
}

/* The same buckets as xs_latency_bucket(), which this target cannot compile (clz). */
static __u32 bucket_of(__u64 ns)
{
	__u64 rest = ns;
	__u32 log = 0, shift, bucket;

	if (ns < 1 << XS_LATENCY_SUB_BITS)
		return ns;
#pragma unroll
	for (int step = 32; step; step /= 2) {
		if (rest >> step) {
			rest >>= step;
			log += step;
		}
	}
	shift = log - XS_LATENCY_SUB_BITS;
	bucket = ((shift + 1) << XS_LATENCY_SUB_BITS) +
		 ((ns >> shift) & ((1 << XS_LATENCY_SUB_BITS) - 1));
	return bucket < XS_LATENCY_BUCKETS ? bucket : XS_LATENCY_BUCKETS - 1;
}

static void record_latency(const struct flood_stamp *stamp)
{
	__u32 bucket = bucket_of(bpf_ktime_get_ns() - stamp->sent_ns);
	__u64 *cnt = bpf_map_lookup_elem(&latencies, &bucket);

	if (cnt)
		(*cnt)++;
}

/* Is it ours? `stamp` is NULL for a frame too short to have one. */
static __always_inline bool count(const struct flood_stamp *stamp, __u32 bytes)
{
	struct flood_sink *s = &sink[this_cpu()];
	__u32 *slot;

	if (!stamp || stamp->run != run) {
		s->foreign++;
		return false;
	}
	slot = &seen[stamp->number & (FLOOD_WINDOW - 1)];
	if (*slot == (__u32)stamp->number + 1) {
		s->duplicated++;
		return true;
	}
	*slot = (__u32)stamp->number + 1;
	s->returned++;
	s->returned_bytes += bytes;
	if (bytes != frame_bytes)
		s->resized++;
	if (latency)
		record_latency(stamp);
	return true;
}

SEC("tc")
int flood_tc(struct __sk_buff *skb)
{
	struct flood_stamp stamp;
	int err;

	/* not by pointer, since a forwarder's skb need not be linear */
	err = bpf_skb_load_bytes(skb, offsetof(struct flood_frame, stamp), &stamp, sizeof(stamp));
	return count(err ? NULL : &stamp, skb->len) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("xdp")
int flood_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct flood_frame *frame = data;

	return count((void *)(frame + 1) <= data_end ? &frame->stamp : NULL, data_end - data)
		       ? XDP_DROP
		       : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
