// SPDX-License-Identifier: GPL-2.0
/*
 * The XDP program of an instance. Read it top-down:
 *
 *   parse_packet   packet.h   bytes -> struct xs_packet, or why not
 *   find_rule      match.h    struct xs_packet x rule tables -> what to do
 *   apply_action   action.h   what to do -> XDP verdict
 *   count          count.h    the only writer of counters
 *
 * No tail calls and no global functions: libxdp's and bpfman's dispatchers
 * load it as an extension.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../maps/maps.bpf.h"
#include "packet.h"
#include "match.h"
#include "action.h"
#include "count.h"

/*
 * The loader declares that the program takes frames in several buffers, because kernels
 * before 5.18 refuse that declaration.
 */
SEC("xdp")
int xsteer(struct xdp_md *ctx)
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
	explain(&match, reason, &outcome);
	return outcome.xdp;
}

char _license[] SEC("license") = "GPL";
