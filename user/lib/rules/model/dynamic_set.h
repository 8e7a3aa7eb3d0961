/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A dynamic set as a rule file declares it: its members live in a map of the instance and
 * change without an apply. The elements are those that an apply puts in.
 */
#ifndef XS_RULE_DYNAMIC_SET_H
#define XS_RULE_DYNAMIC_SET_H

#include <stdbool.h>
#include <linux/types.h>

#include "lib/base/ranges.h"
#include "maps/packet_key.h"
#include "maps/xsteer.h"

#define XS_DYNAMIC_SET_SIZE 65536 /* where the declaration does not say; as nft's default */

struct xs_set_element {
	xs_u128 addr; /* a number of the family's bits; bits behind the prefix are 0 */
	__u32 prefixlen;
	__u64 timeout_ns; /* 0: it stays */
};

struct xs_dynamic_set {
	char name[XS_MEMBER_NAME_MAX];
	enum xs_family family;
	__u32 number; /* among the sets of its family */
	__u32 size; /* members, at most */
	__u64 timeout_ns; /* of members that are added without one; 0: they stay */
	struct xs_set_element *elements; /* from malloc() */
	__u32 element_cnt, element_cap;
	__u32 line, file;
};

/* "192.0.2.7", "2001:db8::/32". */
struct xs_member_text {
	char text[64];
};

struct xs_member_text xs_member_text(enum xs_family family, xs_u128 addr, __u32 prefixlen);

/*
 * The declarations as text, a line each; `elements`: with them. From malloc(); NULL: out of
 * memory.
 */
char *xs_dynamic_sets_text(const struct xs_dynamic_set *sets, __u32 cnt, bool elements);

static inline __u32 xs_family_bits(enum xs_family family)
{
	return family == XS_FAMILY_ipv4 ? 32 : 128;
}

#endif
