// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads back the rules and strings of a compiled set; see read.h. */
#include <string.h>

#include "lib/rules/model/dynamic_set.h"
#include "read.h"

_Static_assert(sizeof(struct xs_set_header) <= XS_SET_COMPILE_NS_AT_1 + sizeof(__u64),
	       "the header of layout 1 was no shorter");

static bool is_readable(const struct xs_set_header *set, size_t size)
{
	return size >= XS_SET_COMPILE_NS_AT_1 + sizeof(__u64) && set->magic == XS_SET_MAGIC &&
	       set->layout >= XS_SET_LAYOUT_OLDEST && set->layout <= XS_SET_LAYOUT;
}

static bool members_lie_within(const struct xs_set_header *set, size_t size)
{
	return !(set->flags & XS_SET_MEMBERS) ||
	       (set->members <= XS_CHUNK_BYTES - sizeof(struct xs_set_members) &&
		set->members + sizeof(struct xs_set_members) <= size &&
		xs_set_members(set)->set_cnt <= XS_MEMBER_SETS_MAX);
}

const struct xs_declared_set *xs_set_declared(const struct xs_set_header *set, const char *name)
{
	const struct xs_set_members *members = xs_set_members(set);

	for (__u32 i = 0; members && i < members->set_cnt; i++)
		if (!strncmp(members->set[i].name, name, sizeof(members->set[i].name)))
			return &members->set[i];
	return NULL;
}

char *xs_declared_sets_text(const struct xs_set_header *set)
{
	const struct xs_set_members *members = xs_set_members(set);
	struct xs_dynamic_set sets[XS_MEMBER_SETS_MAX] = {};
	__u32 cnt = members ? members->set_cnt : 0;

	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_declared_set *declared = &members->set[i];

		sets[i] = (struct xs_dynamic_set){ .family = declared->family,
						   .size = declared->size,
						   .timeout_ns = declared->timeout_ns };
		memcpy(sets[i].name, declared->name, sizeof(sets[i].name));
	}
	return xs_dynamic_sets_text(sets, cnt, false);
}

bool xs_set_valid(const void *bytes, size_t size)
{
	const struct xs_set_header *set = bytes;
	__u64 rules_end;

	if (!is_readable(set, size) || !members_lie_within(set, size))
		return false;
	if (set->flags & XS_SET_LIMITED &&
	    (set->limit_cnt > XS_LIMITS_MAX ||
	     set->limits > XS_CHUNK_BYTES - (set->limit_cnt + 1) * sizeof(struct xs_set_limit)))
		return false;
	rules_end = set->rules + (__u64)set->rule_cnt * sizeof(struct xs_set_rule);
	return set->bytes <= size && set->rules <= size && rules_end <= size && set->text <= size &&
	       set->text_bytes <= size - set->text && set->text_bytes &&
	       !xs_set_string(set, set->text_bytes - 1)[0];
}

const char *xs_set_file(const struct xs_set_header *set, __u32 number)
{
	const char *name = xs_set_string(set, 1);

	if (number >= set->file_cnt)
		return NULL;
	while (number--)
		name += strlen(name) + 1;
	return name;
}

__u64 xs_set_compile_ns(const struct xs_set_header *set)
{
	__u64 ns = set->compile_ns;

	if (set->layout == 1)
		memcpy(&ns, (const char *)set + XS_SET_COMPILE_NS_AT_1, sizeof(ns));
	return ns;
}
