// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets and their members as text; see dynamic_set.h. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamic_set.h"
#include "lib/base/timespan.h"

struct xs_member_text xs_member_text(enum xs_family family, xs_u128 addr, __u32 prefixlen)
{
	__u32 bits = xs_family_bits(family);
	struct xs_member_text member;
	unsigned char bytes[16];
	size_t len;

	for (__u32 i = 0; i < bits / 8; i++)
		bytes[i] = (unsigned char)(addr >> (bits - 8 - 8 * i));
	inet_ntop(family == XS_FAMILY_ipv4 ? AF_INET : AF_INET6, bytes, member.text,
		  sizeof(member.text));
	len = strlen(member.text);
	if (prefixlen < bits)
		snprintf(member.text + len, sizeof(member.text) - len, "/%u", prefixlen);
	return member;
}

/* Of a text that has room for all that is put there. */
struct text {
	char *text;
	size_t len, room;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *to, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	to->len += (size_t)vsnprintf(to->text + to->len, to->room - to->len, fmt, args);
	va_end(args);
}

static void put_elements(struct text *to, const struct xs_dynamic_set *set)
{
	for (__u32 i = 0; i < set->element_cnt; i++) {
		const struct xs_set_element *element = &set->elements[i];

		put(to, "%s%s", i ? ", " : " elements { ",
		    xs_member_text(set->family, element->addr, element->prefixlen).text);
		if (element->timeout_ns != set->timeout_ns)
			put(to, " timeout %s", xs_timespan_text(element->timeout_ns).text);
	}
	if (set->element_cnt)
		put(to, " };");
}

#define ELEMENT_TEXT_MAX \
	(sizeof(struct xs_member_text) + sizeof(struct xs_timespan) + sizeof(" elements { ") + \
	 sizeof(" timeout "))

static size_t room_of(const struct xs_dynamic_set *set, bool elements)
{
	return sizeof(set->name) + sizeof(struct xs_timespan) + 64 +
	       (elements ? set->element_cnt * ELEMENT_TEXT_MAX : 0);
}

static void put_set(struct text *to, const struct xs_dynamic_set *set, bool elements)
{
	put(to, "set %s { type %s;", set->name, set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
	if (set->timeout_ns)
		put(to, " timeout %s;", xs_timespan_text(set->timeout_ns).text);
	put(to, " size %u;", set->size);
	if (elements)
		put_elements(to, set);
	put(to, " }\n");
}

char *xs_dynamic_sets_text(const struct xs_dynamic_set *sets, __u32 cnt, bool elements)
{
	struct text to = { .room = 1 };

	for (__u32 i = 0; i < cnt; i++)
		to.room += room_of(&sets[i], elements);
	to.text = malloc(to.room);
	if (!to.text)
		return NULL;
	to.text[0] = '\0';
	for (__u32 i = 0; i < cnt; i++)
		put_set(&to, &sets[i], elements);
	return to.text;
}
