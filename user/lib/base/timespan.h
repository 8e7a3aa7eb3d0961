/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Spans of time as nft writes them: 1d2h3m4s500ms. Pure. */
#ifndef XS_TIMESPAN_H
#define XS_TIMESPAN_H

#include <stddef.h>
#include <linux/types.h>

#define XS_TIMESPAN_MAX_NS (100ULL * 365 * 86400 * 1000000000) /* a hundred years */

struct xs_timespan {
	char text[48];
};

/* `len` bytes, which need no NUL. 0; -EINVAL, *ns is untouched: no such span, or a longer one. */
int xs_timespan_parse(const char *text, size_t len, __u64 *ns);

/* In whole milliseconds, rounded up; "0s" for none. */
struct xs_timespan xs_timespan_text(__u64 ns);

#endif
