/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turns the action for a frame into the XDP verdict; one case for each action. A
 * redirect uses the fallback flag of the map helper (since Linux 5.3, 43e74c0267a3).
 * This saves a lookup and cannot race with a socket that comes or goes.
 */
#ifndef XSTEER_ACTION_H
#define XSTEER_ACTION_H

struct xs_outcome {
	int xdp; /* what the program returns */
	enum xs_verdict verdict; /* what happened to the frame */
	enum xs_reason fallback; /* none, or why `verdict` is not the action's */
};

/* The reason for a redirect that fell back, from its verdict: both lists have the same order. */
#define NOT_TAKEN(verdict) ((verdict)-XS_VERDICT_xsk + XS_REASON_no_socket)
_Static_assert(NOT_TAKEN(XS_VERDICT_cpu) == (int)XS_REASON_no_cpu &&
		       NOT_TAKEN(XS_VERDICT_dev) == (int)XS_REASON_no_dev &&
		       NOT_TAKEN(XS_VERDICT_chain) == (int)XS_REASON_no_chain,
	       "a verdict and its fallback reason");

/* One place for all redirects, so that the verifier walks the code after it less often. */
static __always_inline void redirected(struct xs_outcome *out, enum xs_verdict verdict)
{
	if (out->xdp == XDP_REDIRECT) {
		out->verdict = verdict;
		return;
	}
	out->verdict = out->xdp == XDP_DROP ? XS_VERDICT_drop : XS_VERDICT_pass;
	out->fallback = NOT_TAKEN(verdict);
}

static __always_inline int otherwise(const struct xs_action *due)
{
	return due->otherwise == XS_VERDICT_drop ? XDP_DROP : XDP_PASS;
}

/*
 * A socket accepts only frames of its own queue. The kernel would lose others after the
 * redirect, and none of our counters would show it. For the queue's own slot no check
 * is needed: whoever inserts a socket there has bound it to that queue.
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
		break;
	case XS_VERDICT_cpu:
		out.xdp = bpf_redirect_map(&cpu_map, due->target, XDP_PASS);
		break;
	case XS_VERDICT_dev:
		out.xdp = bpf_redirect_map(&dev_map, due->target, XDP_PASS);
		break;
	case XS_VERDICT_chain:
		out.xdp = bpf_redirect_map(&xsks_map, due->target + pkt->rxqueue, otherwise(due));
		break;
	default:
		out.verdict = XS_VERDICT_pass;
		return out;
	}
	if (due->verdict >= XS_VERDICT_xsk)
		redirected(&out, due->verdict);
	return out;
}

#endif
