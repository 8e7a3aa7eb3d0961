// SPDX-License-Identifier: GPL-2.0
/*
 * The program of an instance while somebody traces it: the steps of xsteer.bpf.c, then a
 * copy of the frame for the tracer. The tools swap it into the link and back. So the
 * program that runs otherwise has no trace of this, not even a branch.
 *
 * It is never loaded as an extension of a dispatcher, and may have a global function, which
 * the verifier walks once.
 */
#define XS_TRACE

#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../maps/maps.bpf.h"
#include "../maps/trace.h"
#include "packet.h"
#include "match.h"
#include "action.h"
#include "count.h"

/* Filters, and the rate. The tracer sets them before it loads the program. */
const volatile __u32 verdicts = ~0U; /* 1 << enum xs_verdict, as counted */
const volatile __u32 reasons = ~0U; /* 1 << enum xs_reason */
const volatile bool by_rule; /* only rules of `chosen`, and of this set */
const volatile __u64 chosen_generation;
const volatile __u32 snap = XS_TRACE_SNAP_MAX;
const volatile __u64 frame_ns, burst_ns; /* time between two frames; and what may be saved up */

/* A bit for each rule of the set. The tracer sizes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} chosen SEC(".maps");

/* Who traces. A process that finds this program in a link learns from it whether that lives. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_owner);
} tracer SEC(".maps");

/* Rules with a sample. The tracer fills it in for each set that it learns of. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 2 * XS_TRACE_SAMPLES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct xs_trace_sample_key);
	__type(value, struct xs_trace_sample);
} trace_samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20); /* 4 MB: a thousand frames of 1500 bytes are a third of it */
} trace_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_trace_record);
} trace_record SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xs_trace_counts);
} trace_counts SEC(".maps");

struct trace_budget {
	struct bpf_spin_lock lock;
	__u32 pad;
	__u64 next_ns; /* when the next frame is due, if all came at the rate */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_budget);
} trace_budget SEC(".maps");

/* One budget for all CPUs. Over the rate, a CPU only reads: it takes no lock. */
static __always_inline bool take_from_budget(__u64 now)
{
	__u32 zero = 0;
	struct trace_budget *budget = bpf_map_lookup_elem(&trace_budget, &zero);
	bool within;

	if (!budget || budget->next_ns > now + burst_ns)
		return false;
	bpf_spin_lock(&budget->lock);
	if (budget->next_ns < now)
		budget->next_ns = now;
	within = budget->next_ns <= now + burst_ns;
	if (within)
		budget->next_ns += frame_ns;
	bpf_spin_unlock(&budget->lock);
	return within;
}

/*
 * Nearly every frame is over the rate when many come, and to look at the clock costs more
 * than all else that such a frame is asked. So a CPU that has found the budget used up does
 * not look again within the same tick of the kernel (1 to 10 ms). What becomes due meanwhile
 * is saved up in the budget, so the rate is reached all the same.
 */
static __always_inline bool is_within_rate(struct xs_trace_counts *counts, __u64 *now)
{
	__u64 tick = bpf_jiffies64();

	if (counts->spent_tick == tick)
		return false;
	*now = bpf_ktime_get_ns();
	if (take_from_budget(*now))
		return true;
	counts->spent_tick = tick;
	return false;
}

static __always_inline __u32 copy_frame(struct xdp_md *ctx, struct xs_trace_record *record)
{
	__u32 bytes = record->event.length < snap ? record->event.length : snap;
	__u64 last = (__u64)bytes - 1;

	if (!bytes || bytes > XS_TRACE_SNAP_MAX)
		return 0;
	/* The verifier of Linux 6.1 forgets that it is not 0, and sees this. */
	barrier_var(last);
	last &= XS_TRACE_SNAP_MAX - 1;
	return bpf_xdp_load_bytes(ctx, 0, record->bytes, last + 1) ? 0 : last + 1;
}

/* What decided a frame, in one register of a global function. */
#define DECISION(verdict, done, reason, xdp) \
	((verdict) | (done) << 8 | (__u64)(reason) << 16 | (__u64)(xdp) << 24)

static __always_inline bool is_chosen(__u64 generation, __u32 rule)
{
	__u32 word = rule / 64;
	const __u64 *bits;

	if (!by_rule)
		return true;
	if (rule == XS_RULE_NONE || generation != chosen_generation)
		return false;
	bits = bpf_map_lookup_elem(&chosen, &word);
	return bits && *bits >> (rule & 63) & 1;
}

static __always_inline void put_on_ring(struct xdp_md *ctx, struct xs_trace_record *record,
					struct xs_trace_counts *counts)
{
	__u32 captured = copy_frame(ctx, record);

	record->event.captured = captured;
	barrier_var(captured);
	if (captured > XS_TRACE_SNAP_MAX)
		return; /* cannot happen; for the verifier */
	if (bpf_ringbuf_output(&trace_ring, record, sizeof(record->event) + captured, 0))
		counts->no_room++;
}

/* Without a sample every frame is. */
static __always_inline bool is_sampled(__u64 generation, __u32 rule)
{
	struct xs_trace_sample_key key = { .generation = generation, .rule = rule };
	struct xs_trace_sample *sample = bpf_map_lookup_elem(&trace_samples, &key);

	if (!sample)
		return true;
	if (++sample->seen < sample->every)
		return false;
	sample->seen = 0;
	return true;
}

/* Global, so that the verifier walks it once, and not for every way to get there. */
__noinline int offer(struct xdp_md *ctx, __u64 generation, __u32 rule, __u64 decision, __u32 length)
{
	__u8 done = decision >> 8, reason = decision >> 16;
	struct xs_trace_record *record;
	struct xs_trace_counts *counts;
	__u32 zero = 0;
	__u64 now;

	if (!(verdicts >> (done & 31) & reasons >> (reason & 31) & 1) ||
	    !is_chosen(generation, rule))
		return 0;
	counts = bpf_map_lookup_elem(&trace_counts, &zero);
	if (!counts)
		return 0; /* cannot happen */
	if (!is_sampled(generation, rule)) {
		counts->not_sampled++;
		return 0;
	}
	if (!is_within_rate(counts, &now)) {
		counts->over_rate++;
		return 0;
	}
	counts->within_rate++;
	record = bpf_map_lookup_elem(&trace_record, &zero);
	if (!record)
		return 0; /* cannot happen */
	record->event = (struct xs_trace_event){
		.time_ns = now,
		.generation = generation,
		.rule = rule,
		.queue = receive_queue(ctx),
		.length = length,
		.verdict = decision,
		.done = done,
		.reason = reason,
		.xdp = decision >> 24,
	};
	put_on_ring(ctx, record, counts);
	return 0;
}

SEC("xdp")
int xsteer_trace(struct xdp_md *ctx)
{
	struct xs_match_result match;
	struct xs_packet packet;
	struct xs_outcome outcome;
	enum xs_reason reason;

	reason = parse_packet(ctx, &packet);
	reason = find_rule(ctx, &packet, reason, &match);
	outcome = apply_action(&packet, &match.action);
	/* A refused frame passes or is dropped, which has no reason of its own. */
	if (XS_REMEMBERING)
		outcome.fallback |= match.refused;
	count(&packet, reason, match.rule_stats, &outcome);
	if (outcome.fallback != XS_REASON_none)
		reason = outcome.fallback;
	offer(ctx, match.generation, match.rule,
	      DECISION(match.action.verdict, outcome.verdict, reason, outcome.xdp), packet.length);
	return outcome.xdp;
}

char _license[] SEC("license") = "GPL";
