// SPDX-License-Identifier: GPL-2.0
/* A program that a user could have: it sends every frame to the AF_XDP socket of its queue. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 4);
} xsks_map SEC(".maps");

SEC("xdp_my")
int my_prog(struct xdp_md *ctx)
{
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

/* For -P: not loaded unless it is asked for; then the kernel refuses it. */
SEC("xdp_bad")
int reads_beyond(struct xdp_md *ctx)
{
	return *(volatile char *)(long)ctx->data ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
