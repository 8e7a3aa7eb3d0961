/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands behind the verdict of the rule that decides: a set of CPUs, of which one gets the
 * frame (spread.h), and a limit, over which its `else` is done (limit.h). Changes nothing about
 * which rule that is.
 */
#ifndef XSTEER_BEHIND_H
#define XSTEER_BEHIND_H

/*
 * What is asked of a packet, as values that the verifier knows nothing of. A copy, because
 * a packet whose address is passed on would lie in memory for all of the program, and not in
 * registers. The length is that of the key: what is known of the packet's own since it was
 * parsed would be followed through all of the search.
 */
struct behind {
	struct xs_limit_key key;
	__u64 length, family, zero, target;
	union {
		__u64 word;
		__u32 half[2];
	} mixed; /* spread.h */
};

/* One of two words, without a branch, which would be two cases for the verifier. */
static __always_inline __u64 pick(__u64 a, __u64 b, __u64 second)
{
	return a ^ ((a ^ b) & second);
}

#include "limit.h"
#include "spread.h"

/* An action as one number: the verifier follows one value rather than five. */
union action_word {
	struct xs_action action;
	__u64 word;
};

#define REFUSED 0x100

/*
 * Chooses the frame's target. Returns 0; if its limit is reached, REFUSED and the verdict of the
 * rule's `else`. These go different ways: what decides over the verdict must not come from fields
 * of the frame, else the verifier tells all their values apart from the beginning on. explain
 * asks no limit, which would spend.
 */
static __noinline __u64 ask_behind(const struct xs_set_header *set, struct behind *frame,
				   __u64 word)
{
	const struct xs_action due = ((union action_word){ .word = word }).action;
	const struct xs_set_limit *limit;

	/* Before the limit, which makes its own key of the frame's fields. */
	if (due.own_slot == XS_SLOT_SPREAD)
		frame->target = member_of(set, frame, due.target);
	if (!due.limit || explaining)
		return 0;
	limit = XS_AT((void *)set, set->limits + due.limit * sizeof(*limit), struct xs_set_limit);
	if (is_refused(set, frame, limit, due.limit))
		return REFUSED | limit->otherwise;
	return 0;
}

/* One test, since each is two cases for the verifier. */
static __always_inline bool has_behind(const struct xs_action *action)
{
	__u32 limit = explaining ? 0 : action->limit;

	return (action->own_slot & XS_SLOT_SPREAD) | limit;
}

static __always_inline void apply_behind(const struct xs_set_header *set,
					 const struct xs_packet *pkt, struct xs_match_result *match)
{
	struct behind frame = {
		.key = { .addr = { pkt->key[0], pkt->key[1], pkt->key[2], pkt->key[3] },
			 .l4 = pkt->key[XS_KEY_l4] },
		.length = XS_KEY_FIELD(pkt, length),
		.family = pkt->family,
		.zero = pkt->zero,
		.target = match->action.target,
	};
	union action_word due = { .action = match->action };
	__u64 answer, refused;

	XS_FORGET(due.word, pkt->zero);
	for (int i = 0; i < 4; i++)
		XS_FORGET(frame.key.addr[i], pkt->zero);
	XS_FORGET(frame.key.l4, pkt->zero);
	XS_FORGET(frame.length, pkt->zero);
	XS_FORGET(frame.family, pkt->zero);
	answer = ask_behind(set, &frame, due.word);
	XS_FORGET(answer, pkt->zero);
	refused = -(answer >> 8 & 1);
	XS_FORGET(frame.target, pkt->zero);
	match->action.target = frame.target;
	match->action.verdict = pick(match->action.verdict, answer & 0xff, refused);
	match->refused = XS_REASON_over_limit & refused;
}

#endif
