// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Spans of time as text; see timespan.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "timespan.h"

/* In the order in which they stand; "ms" is looked for before "m". */
static const struct {
	const char *text;
	__u64 ns;
} units[] = {
	{ "d", 86400000000000ULL }, { "h", 3600000000000ULL }, { "ms", 1000000ULL },
	{ "m", 60000000000ULL },    { "s", 1000000000ULL },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* The unit that the text begins with; UNITS: none. */
static size_t unit_at(const char *text, size_t len)
{
	size_t i = 0;

	while (i < UNITS &&
	       (strlen(units[i].text) > len || memcmp(text, units[i].text, strlen(units[i].text))))
		i++;
	return i;
}

int xs_timespan_parse(const char *text, size_t len, __u64 *ns)
{
	const char *end = text + len;
	__u64 sum = 0, before = ~0ULL;

	if (!len)
		return -EINVAL;
	while (text < end) {
		__u64 number = 0;
		const char *digits = text;
		size_t unit;

		for (; text < end && *text >= '0' && *text <= '9'; text++) {
			number = number * 10 + (__u64)(*text - '0');
			if (number > XS_TIMESPAN_MAX_NS / 1000000)
				return -EINVAL;
		}
		unit = unit_at(text, (size_t)(end - text));
		if (text == digits || unit == UNITS || units[unit].ns >= before ||
		    number > XS_TIMESPAN_MAX_NS / units[unit].ns)
			return -EINVAL;
		before = units[unit].ns;
		sum += number * units[unit].ns;
		if (sum > XS_TIMESPAN_MAX_NS)
			return -EINVAL;
		text += strlen(units[unit].text);
	}
	*ns = sum;
	return 0;
}

struct xs_timespan xs_timespan_text(__u64 ns)
{
	static const size_t order[] = { 0, 1, 3, 4, 2 };
	struct xs_timespan span = { "0s" };
	size_t at = 0;

	ns = (ns + 999999) / 1000000 * 1000000;
	for (size_t i = 0; i < UNITS; i++) {
		__u64 cnt = ns / units[order[i]].ns;

		ns %= units[order[i]].ns;
		if (cnt)
			at += (size_t)snprintf(span.text + at, sizeof(span.text) - at, "%llu%s",
					       (unsigned long long)cnt, units[order[i]].text);
	}
	return span;
}
