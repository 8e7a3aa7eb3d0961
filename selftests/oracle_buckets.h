/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The buckets of limits as docs/rules.md describes them, for frames that come so quickly that
 * nothing comes back into one: a list, and what each holds. Shares no code with the data path.
 */
#ifndef SELFTESTS_ORACLE_BUCKETS_H
#define SELFTESTS_ORACLE_BUCKETS_H

#include <stdbool.h>

#include "lib/rules/model/rule.h"

/* What a frame is counted by. All zero: it has nothing of what the limit names. */
struct oracle_key {
	xs_u128 addr[2]; /* source, destination; those that count */
	__u32 family; /* 4 or 6 */
	__u32 protocol;
	__u32 ports[2]; /* 1 + the port; 0: none */
};

struct oracle_bucket {
	__u32 rule;
	struct oracle_key key;
	long long left; /* units; below 0: it owes them */
};

/* Empty: all buckets are full. */
struct oracle_memory {
	struct oracle_bucket *buckets; /* from malloc() */
	__u32 cnt, cap;
};

/* Takes the units out of the bucket, or not. Returns whether the frame is within the limit. */
bool oracle_take(struct oracle_memory *memory, const struct xs_limit *limit, __u32 rule,
		 const struct oracle_key *key, __u32 units);

/* All buckets are full again. */
void oracle_forget(struct oracle_memory *memory);

#endif
