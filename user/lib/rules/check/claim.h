/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* All frames that a rule can match: the kinds of frames, each with every choice of ports. */
#ifndef XS_RULE_CLAIM_H
#define XS_RULE_CLAIM_H

#include "lib/rules/compile/kind.h"

struct xs_claim {
	struct xs_meaning asked; /* what the rule says */
	struct xs_meaning kind[XS_KIND_MAX]; /* what is left of it in each kind that can match */
	__u32 kind_cnt;
	__u8 families; /* of these kinds */
	struct xs_ranges ports[1 << XS_EITHER_MAX][2]; /* source, destination; NULL: any */
	__u32 port_cnt; /* choices that leave both sides a value */
	bool excluded; /* != before concatenations leaves nothing of any of them */
	enum xs_unmet unmet; /* the most telling reason of all kinds */
};

/* Whether any frame matches the rule. */
static inline bool xs_claim_holds(const struct xs_claim *claim)
{
	return !claim->asked.never && claim->kind_cnt && claim->port_cnt && !claim->excluded;
}

/*
 * Fills *claim, which is valid as long as the rule and the arena. 0; -ENOMEM; -E2BIG:
 * more `port` matches than the compiler accepts.
 */
int xs_claim_find(struct xs_arena *arena, struct xs_claim *claim, const struct xs_rule *rule);

/* Writes why no frame matches, in words without a NUL. 0 or -ENOMEM. */
int xs_claim_why(struct xs_arena *arena, const struct xs_claim *claim, const struct xs_rule *rule,
		 char *words, size_t size);

#endif
