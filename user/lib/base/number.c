// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Numbers as people write them; see number.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "number.h"

#define SECONDS_MAX 1000000000 /* thirty years, and far from where the nanoseconds overflow */

int xs_parse_u64(const char *text, __u64 min, __u64 max, __u64 *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, hex ? 16 : 10);
	if (*end || end == text)
		return -EINVAL;
	if (errno || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int xs_parse_seconds(const char *text, __u64 *ns)
{
	__u64 whole = 0, fraction = 0, unit = 1000000000;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && whole <= SECONDS_MAX; p++)
		whole = whole * 10 + (*p - '0');
	if (p != text && *p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++) {
			unit /= 10;
			fraction += unit * (*p - '0');
		}
	}
	if (whole > SECONDS_MAX)
		return -ERANGE;
	if (*p || p == text || p[-1] == '.')
		return -EINVAL;
	*ns = whole * 1000000000 + fraction;
	return 0;
}
