/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks the bucket of the rule that decides; maps/limit.h says what a bucket is. Over the
 * limit the rule's `else` is what is done. Changes nothing about which rule that is.
 *
 * A rule with one bucket: a CPU takes more out of it than one frame needs and lives on
 * that, so that mostly it touches memory of its own. The lock of the bucket is held for a
 * few instructions. Atomic operations that return a value would do without, but Linux
 * before 5.12 has none.
 */
#ifndef XSTEER_BPF_LIMIT_H
#define XSTEER_BPF_LIMIT_H

static __always_inline __u64 cost_of(const struct xs_set_limit *limit, __u64 units)
{
	return units * limit->cost >> (limit->shift & 63);
}

/*
 * Takes `more` units out of a bucket; if these are not there, `units`. Returns what it
 * took; 0: the limit is reached. What costs more than all of the burst passes if the bucket
 * is full, and the bucket then owes the rest. Without branches, since each doubles what the
 * verifier walks from here on.
 */
static __always_inline __u64 take(const struct xs_set_limit *limit, struct xs_limit_row *row,
				  __u64 *full_ns, __u64 now, __u64 units, __u64 more)
{
	__u64 latest = now + limit->burst_ns, at = *full_ns;
	__u64 need = cost_of(limit, units), want = cost_of(limit, more), all, some;

	/* Without the lock first: over the limit, CPUs only read. */
	if (at > now && at + need > latest)
		return 0;
	bpf_spin_lock(&row->lock);
	at = *full_ns;
	at += (now - at) & less_mask(at, now);
	all = ~less_mask(latest, at + want);
	some = ~less_mask(latest, at + need) | less_mask(at - 1, now);
	*full_ns = at + (want & all) + (need & some & ~all);
	bpf_spin_unlock(&row->lock);
	return (more & all) | (units & some & ~all);
}

/* The rule's own bucket, through this CPU's lease. */
static __always_inline bool take_lease(const struct xs_set_limit *limit, __u64 units)
{
	struct xs_limit_lease *lease = bpf_map_lookup_elem(&limit_leases, &limit->row);
	struct xs_limit_row *row;
	__u64 now, taken, more;

	if (!lease)
		return true; /* cannot happen */
	if (lease->units >= units) {
		lease->units -= units;
		return true;
	}
	now = bpf_ktime_get_ns();
	if (now < lease->ask_ns)
		return false;
	row = bpf_map_lookup_elem(&limits, &limit->row);
	if (!row)
		return true; /* likewise */
	units -= lease->units;
	more = pick(units, limit->lease, less_mask(units, limit->lease));
	taken = take(limit, row, &row->full_ns, now, units, more);
	if (!taken) {
		lease->ask_ns = now + limit->lease_ns;
		return false;
	}
	lease->units = taken - units;
	return true;
}

/*
 * The fields of the frame become the key of its bucket. A frame that lacks the field has the
 * key of all that lack it. ARP's fields lie where IP has ports and protocol, and are no flow.
 */
static __always_inline void make_key(const struct xs_set_limit *limit, struct behind *frame)
{
	__u64 is_ipv6 = -(__u64)(frame->family >> 1 & 1), family = frame->family;
	__u64 is_ip = -(__u64)((family | family >> 1) & 1);

	for (int i = 0; i < 4; i++)
		frame->key.addr[i] &= is_ip &
				      pick(limit->mask[0].addr[i], limit->mask[1].addr[i], is_ipv6);
	frame->key.l4 = ((frame->key.l4 & ~XS_LIMIT_FAMILY) | family) & is_ip &
			pick(limit->mask[0].l4, limit->mask[1].l4, is_ipv6);
}

/* The bucket of a key; a new one is full. NULL: there was no room. */
static __always_inline struct xs_limit_bucket *bucket_of(const struct xs_set_limit *limit,
							 const struct xs_limit_key *key)
{
	struct xs_limit_bucket full = {}, *bucket;
	void *keys = bpf_map_lookup_elem(&limit_keys, &limit->row);

	if (!keys)
		return NULL;
	bucket = bpf_map_lookup_elem(keys, key);
	if (bucket)
		return bucket;
	bpf_map_update_elem(keys, key, &full, BPF_NOEXIST);
	return bpf_map_lookup_elem(keys, key);
}

/* The lock for a bucket by key: any row does, as long as it is the same for one key. */
static __always_inline struct xs_limit_row *lock_of(const struct xs_limit_key *key)
{
	__u64 mixed =
		(key->addr[0] ^ key->addr[1] ^ key->addr[2] ^ key->addr[3] ^ key->l4) * XS_HASH_A0;
	__u32 at = mixed >> 32 & (XS_LIMIT_ROWS - 1);

	return bpf_map_lookup_elem(&limits, &at);
}

static __always_inline enum xs_limit_counter take_of_key(const struct xs_set_limit *limit,
							 struct behind *frame, __u64 units)
{
	struct xs_limit_bucket *bucket;
	struct xs_limit_row *row;

	make_key(limit, frame);
	row = lock_of(&frame->key);
	bucket = bucket_of(limit, &frame->key);
	if (!bucket || !row)
		return XS_LIMIT_NO_ROOM;
	if (take(limit, row, &bucket->full_ns, bpf_ktime_get_ns(), units, units))
		return XS_LIMIT_COUNTERS;
	return XS_LIMIT_OVER;
}

static __always_inline void count_refused(const struct xs_set_header *set, __u32 number,
					  enum xs_limit_counter counter, __u32 length)
{
	struct xs_rule_stats *row = rule_counter(set, xs_set_limit_counter(set, number, counter));

	if (!row)
		return;
	row->packets++;
	row->bytes += length;
}

/* Whether the limit is reached; counts it then. */
static __always_inline bool is_refused(const struct xs_set_header *set, struct behind *frame,
				       const struct xs_set_limit *limit, __u32 number)
{
	__u64 units = pick(1, frame->length, -(__u64)limit->by_bytes);
	enum xs_limit_counter refused = XS_LIMIT_COUNTERS;

	if (limit->by_key)
		refused = take_of_key(limit, frame, units);
	else if (!take_lease(limit, units))
		refused = XS_LIMIT_OVER;
	if (refused == XS_LIMIT_COUNTERS)
		return false;
	XS_FORGET(refused, frame->zero);
	count_refused(set, number, refused, frame->length);
	return true;
}

#endif
