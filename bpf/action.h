/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a frame is due -> the XDP verdict; one case per action. A redirect goes
 * through the map helper's fallback flag (since Linux 5.3, 43e74c0267a3), which
 * saves a lookup and cannot race with a socket that comes or goes.
 */
#ifndef XSTEER_ACTION_H
#define XSTEER_ACTION_H

struct xs_outcome {
	int xdp; /* what the program returns */
	enum xs_verdict verdict; /* what became of the frame */
	enum xs_reason fallback; /* none, or why it is not what was due */
};

static __always_inline void redirected(struct xs_outcome *out, enum xs_verdict verdict,
				       enum xs_reason fallback)
{
	if (out->xdp == XDP_REDIRECT) {
		out->verdict = verdict;
		return;
	}
	out->verdict = out->xdp == XDP_DROP ? XS_VERDICT_drop : XS_VERDICT_pass;
	out->fallback = fallback;
}

static __always_inline int otherwise(const struct xs_action *due)
{
	return due->otherwise == XS_VERDICT_drop ? XDP_DROP : XDP_PASS;
}

/*
 * A socket takes frames of its own queue only: others the kernel would lose behind
 * the redirect, in no counter of ours. The queue's own slot is not asked: whoever
 * puts a socket there has bound it to that queue.
 */
static __always_inline bool slot_is_of_queue(__u32 slot, __u32 queue)
{
	const struct bpf_xdp_sock *socket = bpf_map_lookup_elem(&xsks_map, &slot);

	return socket && socket->queue_id == queue;
}

static __always_inline int to_socket(const struct xs_packet *pkt, const struct xs_action *due)
{
	if (due->own_slot)
		return bpf_redirect_map(&xsks_map, pkt->rxqueue, otherwise(due));
	if (!slot_is_of_queue(due->target, pkt->rxqueue))
		return otherwise(due);
	return bpf_redirect_map(&xsks_map, due->target, otherwise(due));
}

static __always_inline struct xs_outcome apply_action(const struct xs_packet *pkt,
						      const struct xs_action *due)
{
	struct xs_outcome out = { .xdp = XDP_PASS,
				  .verdict = due->verdict,
				  .fallback = XS_REASON_none };

	switch (due->verdict) {
	case XS_VERDICT_drop:
		out.xdp = XDP_DROP;
		break;
	case XS_VERDICT_tx:
		out.xdp = XDP_TX;
		break;
	case XS_VERDICT_xsk:
		out.xdp = to_socket(pkt, due);
		redirected(&out, XS_VERDICT_xsk, XS_REASON_no_socket);
		break;
	case XS_VERDICT_cpu:
		out.xdp = bpf_redirect_map(&cpu_map, due->target, XDP_PASS);
		redirected(&out, XS_VERDICT_cpu, XS_REASON_no_cpu);
		break;
	case XS_VERDICT_dev:
		out.xdp = bpf_redirect_map(&dev_map, due->target, XDP_PASS);
		redirected(&out, XS_VERDICT_dev, XS_REASON_no_dev);
		break;
	default:
		out.verdict = XS_VERDICT_pass;
	}
	return out;
}

#endif
