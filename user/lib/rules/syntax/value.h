/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One value of a rule: number, name, address, prefix or range as text, to a
 * range of numbers. Pure; says what is wrong by a code, words it nowhere.
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

/* A decimal or 0x number, all of the text. BEYOND if it is above max. */
enum xs_value_result xs_number_parse(const char *p, size_t len, __u64 max, __u64 *out);

/* One value; no prefix, no range. On failure *out is untouched. */
enum xs_value_result xs_value_parse(enum xs_field field, const char *p, size_t len, xs_u128 *out);

/*
 * A value or a range a-b. On failure *out is untouched, and [*at, *at + *at_len)
 * is the part of the text that is wrong.
 */
enum xs_value_result xs_range_parse(enum xs_field field, const char *p, size_t len,
				    struct xs_range *out, size_t *at, size_t *at_len);

/*
 * The flag bytes v for which (v & mask) == flags, or if mask < 0 any of flags is
 * set; with negate the others. Returns how many ranges were written (at most
 * 128; 0 if there is no such byte).
 */
__u32 xs_flags_ranges(__u32 flags, int mask, bool negate, struct xs_range ranges[128]);

#endif
