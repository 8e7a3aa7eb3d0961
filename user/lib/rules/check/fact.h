/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is known of every frame that meets a rule: its matches, and what follows from them. */
#ifndef XS_RULE_FACT_H
#define XS_RULE_FACT_H

#include "lib/rules/model/term.h"

struct xs_fact {
	enum xs_field field;
	struct xs_term term; /* without ranges: of a protocol alone */
};

/* Valid as long as the rule. What has no room is left out: then less is known. */
struct xs_facts {
	struct xs_fact f[8 * XS_RULE_MATCH_MAX];
	__u32 cnt;
	__u64 fields; /* that they are about, a bit each */
	__u8 prefix[XS_FIELD_MAX]; /* of `fields`: longest prefix that all values share, in bits */
	xs_u128 low[XS_FIELD_MAX]; /* a value with that prefix */
};

_Static_assert(XS_FIELD_MAX <= 64, "fields fit a mask");

/* The rule's matches alone. Neither needs *facts to be initialised. */
void xs_facts_stated(struct xs_facts *facts, const struct xs_rule *rule);

/* The matches and all that follows from them. */
void xs_facts_learn(struct xs_facts *facts, const struct xs_rule *rule);

#endif
