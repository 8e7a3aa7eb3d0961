// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The fastest that the kernel can be: sends every frame back by XDP_TX without reading it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int reflect(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
