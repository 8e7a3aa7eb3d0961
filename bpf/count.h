/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only writer of counters. Each frame is in one row of xdp_stats_map, once
 * in packets, bytes and one verdict; in a match reason if no rule decided it,
 * else in that rule's row; and in a fallback reason if its verdict fell back.
 */
#ifndef XSTEER_COUNT_H
#define XSTEER_COUNT_H

/* Rows of xdp_stats_map less one; set by the loader that sizes the maps. */
const volatile __u32 last_queue = XS_SLOTS_MIN - 1;

static __always_inline void bump(struct xs_queue_stats *row, __u32 first, __u32 index, __u32 max)
{
	/* the counters are one array by name: the check is for the verifier */
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
		return; /* cannot be: queue is within the map */
	row->packets++;
	row->bytes += pkt->length;
	/* else clang 19 knows its bounds, and leaves the verifier's check out */
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

/* Instead of a person who looks at counters; dead code in a program that is attached. */
struct xs_explained explained;

static __always_inline void explain(const struct xs_match_result *match, enum xs_reason reason,
				    const struct xs_outcome *out)
{
	if (!explaining)
		return;
	explained.rule = match->rule;
	explained.verdict = match->action.verdict;
	explained.reason = out->fallback ? out->fallback : reason;
}

#endif
