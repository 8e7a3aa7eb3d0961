// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Buckets as a list; see oracle_buckets.h. */
#include "oracle_buckets.h"

#include <stdlib.h>
#include <string.h>

static bool is_same(const struct oracle_key *a, const struct oracle_key *b)
{
	return a->addr[0] == b->addr[0] && a->addr[1] == b->addr[1] && a->family == b->family &&
	       a->protocol == b->protocol && a->ports[0] == b->ports[0] &&
	       a->ports[1] == b->ports[1];
}

static struct oracle_bucket *bucket_of(struct oracle_memory *memory, const struct xs_limit *limit,
				       __u32 rule, const struct oracle_key *key)
{
	struct oracle_bucket *bucket;

	for (__u32 i = 0; i < memory->cnt; i++)
		if (memory->buckets[i].rule == rule && is_same(&memory->buckets[i].key, key))
			return &memory->buckets[i];
	if (memory->cnt == memory->cap) {
		memory->cap = memory->cap * 2 + 16;
		memory->buckets = realloc(memory->buckets, memory->cap * sizeof(*memory->buckets));
		if (!memory->buckets)
			abort();
	}
	bucket = &memory->buckets[memory->cnt++];
	*bucket = (struct oracle_bucket){ rule, *key, (long long)limit->burst };
	return bucket;
}

bool oracle_take(struct oracle_memory *memory, const struct xs_limit *limit, __u32 rule,
		 const struct oracle_key *key, __u32 units)
{
	struct oracle_bucket *bucket = bucket_of(memory, limit, rule, key);

	if (bucket->left < units && bucket->left < (long long)limit->burst)
		return false;
	bucket->left -= units;
	return true;
}

void oracle_forget(struct oracle_memory *memory)
{
	free(memory->buckets);
	memset(memory, 0, sizeof(*memory));
}
