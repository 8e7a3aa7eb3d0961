// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the queue of the socket in a slot of an XSKMAP. User space cannot read such a
 * map. So BPF_PROG_TEST_RUN runs this, and it is never attached: the slot is at the
 * start of the frame, and the return value is the answer.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../maps/slot_sockets.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} xsks_map SEC(".maps");

SEC("xdp")
int queue_of_slot(struct xdp_md *ctx)
{
	const __u32 *slot = (void *)(long)ctx->data;
	const struct bpf_xdp_sock *socket;

	if ((void *)(slot + 1) > (void *)(long)ctx->data_end)
		return XS_SLOT_EMPTY;
	socket = bpf_map_lookup_elem(&xsks_map, slot);
	return socket ? (int)socket->queue_id : XS_SLOT_EMPTY;
}

char _license[] SEC("license") = "GPL";
