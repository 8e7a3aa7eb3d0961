/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which dynamic sets hold an address. A set's map is written by tools and by other programs
 * while frames are looked up in it; nothing here writes.
 */
#ifndef XSTEER_MEMBER_H
#define XSTEER_MEMBER_H

#include "packet.h"
#include "../maps/rule_set.h"

/* struct xs_member_key from prefixlen on, with the address where 8 bytes are stored at once. */
struct member_key {
	__u32 pad;
	__u32 prefixlen;
	__be64 upper, lower;
};

/* The number at an offset in chunk 0. */
static __always_inline __u32 listed_at(const void *first, __u32 offset)
{
	return *(const __u32 *)(first + ((__u64)offset & (XS_CHUNK_BYTES - sizeof(__u32))));
}

static __always_inline bool is_over(const struct xs_member *member)
{
	return member->expires_ns && member->expires_ns <= bpf_ktime_get_ns();
}

/*
 * Looks the address up in each set of the list at `list`, a struct xs_set_asked in chunk 0.
 * Returns their bits. IPv4 addresses are at the top of `upper`; `bits` are those of the family.
 *
 * A function of its own, so that the loop's registers and stack are not those of the search.
 */
static __noinline __u64 sets_with(const void *first, __u32 list, __u64 upper, __u64 lower,
				  __u32 bits)
{
	struct member_key key = { .upper = bpf_cpu_to_be64(upper),
				  .lower = bpf_cpu_to_be64(lower) };
	__u64 found = 0, left, len = bits;

	if (!first)
		return 0;
	left = listed_at(first, list);
	list += sizeof(__u32);
	for (int i = 0; i < XS_MEMBER_STEPS; i++) {
		__u64 zero = unknown_zero(list);
		const struct xs_member *member = NULL;
		bool over;
		__u32 slot;
		void *set;

		XS_FORGET(found, zero);
		XS_FORGET(left, zero);
		XS_FORGET(len, zero);
		if (!left)
			break;
		slot = listed_at(first, list) & 0xffff;
		key.prefixlen = len;
		set = bpf_map_lookup_elem(&member_sets, &slot);
		if (set)
			member = bpf_map_lookup_elem(set, &key.prefixlen);
		over = member && is_over(member);
		if (over && member->prefixlen - 1 < len) {
			len = member->prefixlen - 1;
			continue;
		}
		if (member && !over)
			found |= 1ULL << (listed_at(first, list) >> 16 & 63);
		list += sizeof(__u32);
		left--;
		len = bits;
	}
	return found;
}

#endif
