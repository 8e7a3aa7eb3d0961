/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rules that two sets have in common, so that their counters are carried over. Pure. */
#ifndef XS_SET_PAIRS_H
#define XS_SET_PAIRS_H

#include "lib/base/ctx.h"
#include "maps/rule_set.h"

/*
 * Rules that two sets have in common: first those with the same name; of the others, those
 * whose text is the same except for name and comment. If a text occurs several times, the
 * n-th is paired with the n-th.
 */
struct xs_rule_pairs {
	struct xs_rule_pair {
		__u32 from, to;
	} * pairs;
	__u32 rule_cnt;
	__u32 cnt; /* behind those of rules: rows of their limits' counters (xs_set_limit_counter()) */
};

/* 0 or -ENOMEM, logged. */
int xs_rule_pairs_find(struct xsteer_ctx *ctx, struct xs_rule_pairs *pairs,
		       const struct xs_set_header *from, const struct xs_set_header *to);
void xs_rule_pairs_free(struct xs_rule_pairs *pairs);

#endif
