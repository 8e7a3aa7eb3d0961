// SPDX-License-Identifier: GPL-2.0
/*
 * The verifier refuses it, after so many instructions that its log of the way there is longer
 * than any buffer for it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int refused(struct xdp_md *ctx)
{
	__u32 sum = ctx->rx_queue_index;

	for (int i = 0; i < 10000; i++) {
		sum += i;
		barrier_var(sum);
	}
	return *(volatile int *)(long)sum;
}

char _license[] SEC("license") = "GPL";
