// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Divides dropped frames among causes; see loss_drops.h. */
#include "loss_drops.h"

struct dividing {
	const struct xs_loss_rules *rules;
	const struct xs_queue_stats *total; /* with the drops */
	const struct xs_queue_stats *later; /* with reasons for each of them */
	struct xs_queue_stats early; /* came while the first moment was read; whole: nothing */
	__u64 left; /* drops that have no cause yet */
	__u64 *frames; /* by cause */
};

static __u64 least(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 beyond(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

static void allot(struct dividing *drops, enum xs_loss cause, __u64 frames)
{
	frames = least(frames, drops->left);
	drops->left -= frames;
	drops->frames[cause] += frames;
}

/* ---- frames that nobody was there for ---- */

/* The frames that rules and the default send there, by what they say for the case. */
static struct xs_loss_sent sent_to(const struct dividing *drops, enum xs_verdict verdict)
{
	const struct xs_loss_rules *rules = drops->rules;
	struct xs_loss_sent sent = verdict == XS_VERDICT_chain ? rules->to_chains
							       : rules->to_sockets;

	if (rules->by_default.verdict == verdict)
		*(rules->by_default.otherwise == XS_VERDICT_drop
			  ? &sent.else_drop
			  : &sent.else_pass) += drops->later->reason_default;
	return sent;
}

/*
 * The reason does not tell whether such a frame was dropped or passed. But no more were dropped
 * than met a rule that says `else drop`, and no fewer than the other rules' frames leave.
 */
static void allot_least(struct dividing *drops, enum xs_loss cause, enum xs_verdict verdict,
			__u64 reason, __u64 early)
{
	struct xs_loss_sent sent = sent_to(drops, verdict);

	allot(drops, cause, least(beyond(reason, sent.else_pass + early), sent.else_drop));
}

static void allot_most(struct dividing *drops, enum xs_loss cause, enum xs_verdict verdict,
		       __u64 reason)
{
	__u64 most = least(reason, sent_to(drops, verdict).else_drop);

	allot(drops, cause, beyond(most, drops->frames[cause]));
}

/* Only if some were certainly dropped, or none can have passed. */
static void allot_early_of(struct dividing *drops, enum xs_loss cause, enum xs_verdict verdict,
			   __u64 early)
{
	struct xs_loss_sent sent = sent_to(drops, verdict);

	if (sent.else_drop && (!sent.else_pass || drops->frames[cause]))
		allot(drops, cause, early);
}

/* ---- all of them ---- */

static void allot_malformed(struct dividing *drops, const struct xs_queue_stats *counted)
{
	const __u64 *reasons = xs_reason_counters(counted);

	for (int r = XS_REASON_malformed_eth;
	     drops->rules->of_malformed == XS_VERDICT_drop && r <= XS_REASON_malformed_dccp; r++)
		allot(drops, XS_LOSS_malformed_eth + r - XS_REASON_malformed_eth, reasons[r - 1]);
}

static void allot_certain(struct dividing *drops)
{
	const struct xs_queue_stats *total = drops->total, *early = &drops->early;

	allot(drops, XS_LOSS_rule, drops->rules->dropped);
	allot_malformed(drops, drops->later);
	if (drops->rules->by_default.verdict == XS_VERDICT_drop)
		allot(drops, XS_LOSS_default, drops->later->reason_default);
	allot(drops, XS_LOSS_over_limit, drops->rules->over_limit);
	allot_least(drops, XS_LOSS_no_socket, XS_VERDICT_xsk, total->reason_no_socket,
		    early->reason_no_socket);
	allot_least(drops, XS_LOSS_no_chain, XS_VERDICT_chain, total->reason_no_chain,
		    early->reason_no_chain);
}

/* A rule's counter is no part of the queues': its frames are those that nothing else explains. */
static void allot_early(struct dividing *drops)
{
	const struct xs_loss_rules *rules = drops->rules;
	const struct xs_queue_stats *early = &drops->early;

	allot_malformed(drops, early);
	if (rules->by_default.verdict == XS_VERDICT_drop)
		allot(drops, XS_LOSS_default, early->reason_default);
	allot_early_of(drops, XS_LOSS_no_socket, XS_VERDICT_xsk, early->reason_no_socket);
	allot_early_of(drops, XS_LOSS_no_chain, XS_VERDICT_chain, early->reason_no_chain);
	if (rules->any_over_limit)
		allot(drops, XS_LOSS_over_limit, early->reason_over_limit);
	if (rules->any_dropped)
		allot(drops, XS_LOSS_rule, drops->left);
}

/* What may have been so. When rules are replaced, their counters go: what is left is theirs. */
static void allot_rest(struct dividing *drops)
{
	allot_most(drops, XS_LOSS_no_socket, XS_VERDICT_xsk, drops->later->reason_no_socket);
	allot_most(drops, XS_LOSS_no_chain, XS_VERDICT_chain, drops->later->reason_no_chain);
	allot(drops, XS_LOSS_earlier_rules, drops->left);
}

/*
 * After what certainly was so, the frames are left whose cause had been counted before the
 * interval, and their drop within it; and if there are more than these can be, others.
 */
static void divide(struct dividing *drops)
{
	__u64 early;

	allot_certain(drops);
	early = least(drops->left, drops->early.verdict_drop);
	drops->left -= early;
	allot_rest(drops);
	drops->left = early;
	allot_early(drops);
	allot_rest(drops);
}

void xs_loss_divide_drops(const struct xs_loss_sources *sources, bool whole,
			  __u64 frames[XS_LOSS_MAX])
{
	struct dividing drops = { .rules = &sources->rules,
				  .total = &sources->total,
				  .later = &sources->later,
				  .left = sources->total.verdict_drop,
				  .frames = frames };

	if (!whole)
		drops.early = sources->drift;
	for (int cause = 0; cause < XS_LOSS_MAX; cause++)
		if (xs_loss_texts[cause].place == XS_PLACE_program)
			frames[cause] = 0;
	if (sources->rules.known)
		divide(&drops);
	else
		frames[XS_LOSS_drop] = drops.left;
}
