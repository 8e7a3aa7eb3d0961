/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only writer of counters. Each frame is counted in one row of xdp_stats_map: once
 * in packets, bytes and one verdict. If no rule decided, it is also in a match reason,
 * else in the rule's row. If its verdict fell back, it is also in a fallback reason.
 */
#ifndef XSTEER_COUNT_H
#define XSTEER_COUNT_H

/* Number of rows of xdp_stats_map minus one. Set by the loader, which sizes the maps. */
const volatile __u32 last_queue = XS_SLOTS_MIN - 1;

static __always_inline void bump(struct xs_queue_stats *row, __u32 first, __u32 index, __u32 max)
{
	/*
	 * The counters are one array, whatever their names; the check is for the verifier. Linux
	 * before 6.2 learns from it only about the register that is compared.
	 */
	barrier_var(index);
	if (index < max)
		((__u64 *)row)[first + index]++;
}

#define FIRST_VERDICT (offsetof(struct xs_queue_stats, verdict_pass) / sizeof(__u64))
#define FIRST_REASON (offsetof(struct xs_queue_stats, reason_default) / sizeof(__u64))

static __always_inline void count(const struct xs_packet *pkt, enum xs_reason reason,
				  struct xs_rule_stats *rule, const struct xs_outcome *out)
{
	__u32 queue = pkt->rxqueue < last_queue ? pkt->rxqueue : last_queue;
	__u64 verdict = out->verdict;
	struct xs_queue_stats *row = bpf_map_lookup_elem(&xdp_stats_map, &queue);

	if (!row)
		return; /* cannot happen: queue is within the map */
	row->packets++;
	row->bytes += pkt->length;
	/* Without this clang 19 knows the bounds, and omits the check that the verifier needs. */
	barrier_var(verdict);
	bump(row, FIRST_VERDICT, verdict, XS_VERDICT_MAX);
	if (reason != XS_REASON_none)
		bump(row, FIRST_REASON, reason - 1, XS_REASON_MAX - 1);
	if (out->fallback != XS_REASON_none)
		bump(row, FIRST_REASON, out->fallback - 1, XS_REASON_MAX - 1);
	if (rule) {
		rule->packets++;
		rule->bytes += pkt->length;
	}
}

/* Replaces a person who looks at counters. In an attached program this is dead code. */
struct xs_explained explained;

static __always_inline void explain(const struct xs_match_result *match, enum xs_reason reason,
				    const struct xs_outcome *out)
{
	if (!explaining)
		return;
	explained.rule = match->rule;
	explained.verdict = match->action.verdict;
	explained.target = match->action.target;
	explained.reason = out->fallback ? out->fallback : reason;
}

#endif
