// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * State by flow: a hash table of fixed size. Its entries are also in a list, sorted by
 * when they were last used, so that finding what has timed out costs nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "xsteer/nf.h"

#define NONE (~0u)

struct entry {
	struct xsnf_flow_key key;
	__u64 met_ns;
	__u32 next; /* in its bucket, or in the list of free ones */
	__u32 older, newer;
	__u32 bucket;
};

struct xsnf_flows {
	struct xsnf_flows_config config;
	struct entry *entries;
	char *values;
	size_t value_bytes; /* rounded up, so that each value is aligned for any type */
	__u32 *buckets;
	__u32 mask;
	__u32 free, oldest, newest;
	__u32 cnt;
	__u64 seed; /* without it a sender could aim at one bucket */
};

static bool alloc(struct xsnf_flows *flows)
{
	const struct xsnf_flows_config *config = &flows->config;
	__u32 buckets = 1;

	while (buckets < config->max && buckets < 1u << 31)
		buckets *= 2;
	flows->mask = buckets - 1;
	flows->value_bytes = ((size_t)config->value_bytes + 15) & ~(size_t)15;
	flows->entries = calloc(config->max, sizeof(*flows->entries));
	flows->values = calloc(config->max, flows->value_bytes ? flows->value_bytes : 1);
	flows->buckets = malloc((size_t)buckets * sizeof(*flows->buckets));
	return flows->entries && flows->values && flows->buckets;
}

struct xsnf_flows *xsnf_flows_new(const struct xsnf_flows_config *config)
{
	struct xsnf_flows *flows;

	if (!config->max || config->max == NONE)
		return NULL;
	flows = calloc(1, sizeof(*flows));
	if (!flows)
		return NULL;
	flows->config = *config;
	if (!alloc(flows)) {
		xsnf_flows_free(flows);
		return NULL;
	}
	memset(flows->buckets, 0xff, ((size_t)flows->mask + 1) * sizeof(*flows->buckets));
	for (__u32 i = 0; i < config->max; i++)
		flows->entries[i].next = i + 1 < config->max ? i + 1 : NONE;
	flows->oldest = flows->newest = NONE;
	/* The table also works without randomness. */
	if (getrandom(&flows->seed, sizeof(flows->seed), GRND_NONBLOCK) < 0)
		flows->seed = 1;
	return flows;
}

void xsnf_flows_free(struct xsnf_flows *flows)
{
	if (!flows)
		return;
	free(flows->entries);
	free(flows->values);
	free(flows->buckets);
	free(flows);
}

static void *value_of(struct xsnf_flows *flows, __u32 i)
{
	return flows->values + i * flows->value_bytes;
}

static struct xsnf_flow_key key_of(const struct xsnf_flows *flows, const struct xsnf_headers *h)
{
	struct xsnf_flow_key key = { .addr = { h->saddr, h->daddr },
				     .port = { h->sport, h->dport },
				     .l4proto = h->l4proto,
				     .version = h->version };
	int order = memcmp(&key.addr[0], &key.addr[1], sizeof(key.addr[0]));

	if (flows->config.symmetric && (order > 0 || (!order && key.port[0] > key.port[1]))) {
		key.addr[0] = h->daddr;
		key.addr[1] = h->saddr;
		key.port[0] = h->dport;
		key.port[1] = h->sport;
	}
	return key;
}

static __u32 bucket_of(const struct xsnf_flows *flows, const struct xsnf_flow_key *key)
{
	__u64 hash = flows->seed, word;

	_Static_assert(sizeof(*key) % 8 == 0, "hashed in words of eight bytes");
	for (size_t i = 0; i < sizeof(*key); i += 8) {
		memcpy(&word, (const char *)key + i, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (__u32)hash & flows->mask;
}

/* ---- the list by age ---- */

static void unlink_age(struct xsnf_flows *flows, __u32 i)
{
	const struct entry *e = &flows->entries[i];

	if (e->older == NONE)
		flows->oldest = e->newer;
	else
		flows->entries[e->older].newer = e->newer;
	if (e->newer == NONE)
		flows->newest = e->older;
	else
		flows->entries[e->newer].older = e->older;
}

static void append_age(struct xsnf_flows *flows, __u32 i)
{
	struct entry *e = &flows->entries[i];

	e->older = flows->newest;
	e->newer = NONE;
	if (flows->newest == NONE)
		flows->oldest = i;
	else
		flows->entries[flows->newest].newer = i;
	flows->newest = i;
}

static bool timed_out(const struct xsnf_flows *flows, __u32 i, __u64 now_ns)
{
	__u64 timeout = flows->config.timeout_ns, met = flows->entries[i].met_ns;

	return timeout && now_ns > met && now_ns - met >= timeout;
}

/* ---- entries ---- */

static void remove_entry(struct xsnf_flows *flows, __u32 i)
{
	struct entry *e = &flows->entries[i];
	__u32 *link = &flows->buckets[e->bucket];

	if (flows->config.gone)
		flows->config.gone(flows->config.arg, &e->key, value_of(flows, i));
	while (*link != i)
		link = &flows->entries[*link].next;
	*link = e->next;
	unlink_age(flows, i);
	e->next = flows->free;
	flows->free = i;
	flows->cnt--;
}

__u32 xsnf_flows_expire(struct xsnf_flows *flows, __u64 now_ns, __u32 max)
{
	__u32 cnt = 0;

	while (cnt < max && flows->oldest != NONE && timed_out(flows, flows->oldest, now_ns)) {
		remove_entry(flows, flows->oldest);
		cnt++;
	}
	return cnt;
}

static __u32 find_flow(struct xsnf_flows *flows, const struct xsnf_flow_key *key, __u32 bucket)
{
	__u32 i = flows->buckets[bucket];

	while (i != NONE && memcmp(&flows->entries[i].key, key, sizeof(*key)) != 0)
		i = flows->entries[i].next;
	return i;
}

/* Finds the entry and makes it the newest. An entry that has timed out counts as none. */
static __u32 find_live(struct xsnf_flows *flows, const struct xsnf_flow_key *key, __u32 bucket,
		       __u64 now_ns)
{
	__u32 i = find_flow(flows, key, bucket);

	if (i == NONE || timed_out(flows, i, now_ns))
		return NONE;
	flows->entries[i].met_ns = now_ns;
	unlink_age(flows, i);
	append_age(flows, i);
	return i;
}

void *xsnf_flows_find(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns)
{
	struct xsnf_flow_key key = key_of(flows, h);
	__u32 i = find_live(flows, &key, bucket_of(flows, &key), now_ns);

	return i == NONE ? NULL : value_of(flows, i);
}

static __u32 add_entry(struct xsnf_flows *flows, const struct xsnf_flow_key *key, __u32 bucket,
		       __u64 now_ns)
{
	__u32 i = flows->free;
	struct entry *e;

	if (i == NONE)
		return NONE;
	e = &flows->entries[i];
	flows->free = e->next;
	e->key = *key;
	e->met_ns = now_ns;
	e->bucket = bucket;
	e->next = flows->buckets[bucket];
	flows->buckets[bucket] = i;
	append_age(flows, i);
	memset(value_of(flows, i), 0, flows->value_bytes);
	flows->cnt++;
	return i;
}

void *xsnf_flows_get(struct xsnf_flows *flows, const struct xsnf_headers *h, __u64 now_ns,
		     bool *fresh)
{
	struct xsnf_flow_key key = key_of(flows, h);
	__u32 bucket = bucket_of(flows, &key), i = find_live(flows, &key, bucket, now_ns);

	if (fresh)
		*fresh = i == NONE;
	if (i == NONE) {
		i = find_flow(flows, &key, bucket);
		if (i != NONE)
			remove_entry(flows, i); /* it has timed out */
		if (flows->free == NONE)
			xsnf_flows_expire(flows, now_ns, 1);
		i = add_entry(flows, &key, bucket, now_ns);
	}
	return i == NONE ? NULL : value_of(flows, i);
}

__u32 xsnf_flows_count(const struct xsnf_flows *flows)
{
	return flows->cnt;
}

void xsnf_flows_each(struct xsnf_flows *flows,
		     bool (*fn)(void *arg, const struct xsnf_flow_key *key, void *value), void *arg)
{
	for (__u32 i = flows->oldest; i != NONE; i = flows->entries[i].newer)
		if (!fn(arg, &flows->entries[i].key, value_of(flows, i)))
			return;
}
