/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Realistic rule sets of any size, and headers that match them, for measuring. The same
 * seed gives the same set.
 */
#ifndef SELFTESTS_RULEGEN_H
#define SELFTESTS_RULEGEN_H

#include "rng.h"
#include "lib/rules/model/rule.h"

enum rulegen_kind {
	RULEGEN_acl, /* many sources, exact servers and services */
	RULEGEN_fw, /* wide on one side or both, ports in ranges */
	RULEGEN_ipc, /* both sides, in nested nets, and both ports */
	RULEGEN_MAX
};

extern const char *const rulegen_names[RULEGEN_MAX];

/* cnt rules in *out, to be freed with rulegen_free(). 0 or -ENOMEM. */
int rulegen_make(struct xs_ruleset *out, enum rulegen_kind kind, bool ipv6, __u32 cnt, __u64 seed);
void rulegen_free(struct xs_ruleset *rules);

struct rulegen_header {
	xs_u128 saddr, daddr;
	__u16 sport, dport;
	__u8 proto;
};

/* A header that a random rule matches; one in ten is completely random. */
void rulegen_pick(const struct xs_ruleset *rules, bool ipv6, struct rng *rng,
		  struct rulegen_header *header);

#endif
