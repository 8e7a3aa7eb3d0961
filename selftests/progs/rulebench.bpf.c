// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the data path over many frames in one BPF_PROG_TEST_RUN: writes the next header of a
 * trace into the frame, then runs the same code as bpf/xsteer.bpf.c up to the counter of
 * the rule. base_* only write the header.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../../maps/maps.bpf.h"
#include "../../bpf/packet.h"
#include "../../bpf/match.h"
#include "rulebench.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RULEBENCH_TRACE);
	__type(key, __u32);
	__type(value, struct rulebench_header4);
} trace4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, RULEBENCH_TRACE);
	__type(key, __u32);
	__type(value, struct rulebench_header6);
} trace6 SEC(".maps");

__u32 at;
__u32 flows = RULEBENCH_TRACE; /* of the trace, a power of two */

static __always_inline bool next4(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key = at++ & (flows - 1);
	const struct rulebench_header4 *header = bpf_map_lookup_elem(&trace4, &key);

	if (!header || data + 54 > end)
		return false;
	*(__u64 *)(data + 26) = *(const __u64 *)header->addrs;
	*(__u32 *)(data + 34) = *(const __u32 *)header->ports;
	*(__u8 *)(data + 23) = header->proto;
	return true;
}

static __always_inline bool next6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 key = at++ & (flows - 1);
	const struct rulebench_header6 *header = bpf_map_lookup_elem(&trace6, &key);

	if (!header || data + 74 > end)
		return false;
	*(__u64 *)(data + 22) = *(const __u64 *)header->addrs;
	*(__u64 *)(data + 30) = *(const __u64 *)(header->addrs + 8);
	*(__u64 *)(data + 38) = *(const __u64 *)(header->addrs + 16);
	*(__u64 *)(data + 46) = *(const __u64 *)(header->addrs + 24);
	*(__u32 *)(data + 54) = *(const __u32 *)header->ports;
	*(__u8 *)(data + 20) = header->proto;
	return true;
}

static __always_inline void run(struct xdp_md *ctx)
{
	struct xs_match_result match;
	struct xs_packet packet;
	enum xs_reason reason = parse_packet(ctx, &packet);

	find_rule(ctx, &packet, reason, &match);
	if (!match.rule_stats)
		return;
	match.rule_stats->packets++;
	match.rule_stats->bytes += packet.length;
}

SEC("xdp")
int bare(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp")
int base4(struct xdp_md *ctx)
{
	next4(ctx);
	return XDP_DROP;
}

SEC("xdp")
int base6(struct xdp_md *ctx)
{
	next6(ctx);
	return XDP_DROP;
}

SEC("xdp")
int match4(struct xdp_md *ctx)
{
	if (next4(ctx))
		run(ctx);
	return XDP_DROP;
}

SEC("xdp")
int match6(struct xdp_md *ctx)
{
	if (next6(ctx))
		run(ctx);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
