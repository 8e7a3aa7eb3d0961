// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Dynamic sets and their members as text; see dynamic_set.h. */
#include <arpa/inet.h>
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

static void put_elements(FILE *out, const struct xs_dynamic_set *set)
{
	for (__u32 i = 0; i < set->element_cnt; i++) {
		const struct xs_set_element *element = &set->elements[i];

		fprintf(out, "%s%s", i ? ", " : " elements { ",
			xs_member_text(set->family, element->addr, element->prefixlen).text);
		if (element->timeout_ns != set->timeout_ns)
			fprintf(out, " timeout %s", xs_timespan_text(element->timeout_ns).text);
	}
	if (set->element_cnt)
		fputs(" };", out);
}

char *xs_dynamic_set_text(const struct xs_dynamic_set *set, bool elements)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "set %s { type %s;", set->name, set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
	if (set->timeout_ns)
		fprintf(out, " timeout %s;", xs_timespan_text(set->timeout_ns).text);
	fprintf(out, " size %u;", set->size);
	if (elements)
		put_elements(out, set);
	fputs(" }", out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
