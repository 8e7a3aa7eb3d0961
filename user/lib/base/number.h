/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Numbers as people write them. Pure. */
#ifndef XS_NUMBER_H
#define XS_NUMBER_H

#include <linux/types.h>

/* The plural "s" after a word that counts things; "" for one thing. */
static inline const char *xs_s(__u64 cnt)
{
	return cnt == 1 ? "" : "s";
}

/*
 * Converts text to a number: decimal or 0x, the whole string, within min..max. 0; or,
 * with *out untouched, -EINVAL (not a number) or -ERANGE.
 */
int xs_parse_u64(const char *text, __u64 min, __u64 max, __u64 *out);

/*
 * Converts seconds such as "2" or "0.5" to nanoseconds. Knows no locale and no
 * exponent. 0, -EINVAL or -ERANGE.
 */
int xs_parse_seconds(const char *text, __u64 *ns);

#endif
