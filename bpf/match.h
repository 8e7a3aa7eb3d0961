/* SPDX-License-Identifier: GPL-2.0 */
/* struct xs_packet x rules -> what to do. Touches no byte of the frame. */
#ifndef XSTEER_MATCH_H
#define XSTEER_MATCH_H

/* What a frame is due, and why; filled by find_rule, finished by apply_action. */
struct xs_match_result {
	struct xs_action action;
	struct xs_rule_stats *rule_stats; /* of the rule that matched, or NULL */
};

static __always_inline enum xs_reason find_rule(const struct xs_packet *pkt, enum xs_reason reason,
						struct xs_match_result *match)
{
	(void)pkt;
	match->rule_stats = NULL;
	if (reason != XS_REASON_none) {
		match->action = (struct xs_action){ .verdict = XS_VERDICT_pass };
		return reason;
	}
	match->action = (struct xs_action){ .verdict = XS_VERDICT_xsk,
					    .otherwise = XS_VERDICT_pass,
					    .own_slot = 1 };
	return XS_REASON_default;
}

#endif
