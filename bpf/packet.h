/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes of a frame -> struct xs_packet. Touches no map. */
#ifndef XSTEER_PACKET_H
#define XSTEER_PACKET_H

#include <linux/if_ether.h>
#include <bpf/bpf_core_read.h>

struct xs_packet {
	__u32 queue;
	__u32 length;
};

static __always_inline __u32 frame_length(struct xdp_md *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_get_buff_len))
		return bpf_xdp_get_buff_len(ctx);
	return ctx->data_end - ctx->data;
}

static __always_inline enum xs_reason parse_packet(struct xdp_md *ctx, struct xs_packet *pkt)
{
	pkt->queue = ctx->rx_queue_index;
	pkt->length = frame_length(ctx);
	return pkt->length < ETH_HLEN ? XS_REASON_malformed_eth : XS_REASON_none;
}

#endif
