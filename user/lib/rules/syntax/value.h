/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Converts the text of one value of a rule (number, name, address, prefix or range) to
 * a range of numbers. Pure. Reports an error as a code; other files have the words.
 */
#ifndef XS_RULE_VALUE_H
#define XS_RULE_VALUE_H

#include <stddef.h>

#include "lib/rules/model/field.h"

enum xs_value_result {
	XS_VALUE_OK,
	XS_VALUE_BAD, /* not a value of this field */
	XS_VALUE_BEYOND, /* a number, but larger than the field */
	XS_VALUE_REVERSED, /* a range whose first value is above its last */
};

/*
 * Parses a decimal, 0x or (from 0 on) octal number; it must be all of the text. BEYOND: it is
 * above max.
 */
enum xs_value_result xs_number_parse(const char *p, size_t len, __u64 max, __u64 *out);

/* Parses one value; no prefix, no range. On failure *out is untouched. */
enum xs_value_result xs_value_parse(enum xs_field field, const char *p, size_t len, xs_u128 *out);

/*
 * Parses a value or a range a-b. On failure *out is untouched, and [*at, *at + *at_len)
 * is the part of the text that is wrong.
 */
enum xs_value_result xs_range_parse(enum xs_field field, const char *p, size_t len,
				    struct xs_range *out, size_t *at, size_t *at_len);

/*
 * Finds the flag bytes v with (v & mask) == flags, or, if mask < 0, with any of `flags`
 * set; with `negate` all other bytes. Returns the number of ranges written (at most
 * 128; 0: there is no such byte).
 */
__u32 xs_flags_ranges(__u32 flags, int mask, bool negate, struct xs_range ranges[128]);

#endif
