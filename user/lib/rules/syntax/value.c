// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Converts one value of a rule from text to a range of numbers. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum xs_value_result xs_number_parse(const char *p, size_t len, __u64 max, __u64 *out)
{
	int base = 10;
	__u64 v = 0;

	if (len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
		len -= 2;
	} else if (len > 1 && p[0] == '0') {
		base = 8; /* as nft and strtoul() read it */
	}
	if (!len)
		return XS_VALUE_BAD;
	for (size_t i = 0; i < len; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0 || digit >= base)
			return XS_VALUE_BAD;
		/* Once it is larger than any field it stays so, and does not wrap around. */
		if (v <= (1ULL << 56))
			v = v * (__u64)base + (__u64)digit;
	}
	if (v > max)
		return XS_VALUE_BEYOND;
	*out = v;
	return XS_VALUE_OK;
}

/* Six groups of one or two digits. */
static enum xs_value_result parse_mac(const char *p, size_t len, xs_u128 *out)
{
	const char *end = p + len;
	__u64 v = 0;

	for (int group = 0; group < 6; group++) {
		int byte = p < end ? hex_digit(*p++) : -1;

		if (byte >= 0 && p < end && hex_digit(*p) >= 0)
			byte = byte << 4 | hex_digit(*p++);
		if (byte < 0 || (group < 5 ? p == end || *p++ != ':' : p != end))
			return XS_VALUE_BAD;
		v = v << 8 | (__u64)byte;
	}
	*out = v;
	return XS_VALUE_OK;
}

static enum xs_value_result parse_address(int family, const char *p, size_t len, xs_u128 *out)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	xs_u128 v = 0;

	if (len >= sizeof(text))
		return XS_VALUE_BAD;
	memcpy(text, p, len);
	text[len] = '\0';
	if (inet_pton(family, text, bytes) != 1)
		return XS_VALUE_BAD;
	for (int i = 0; i < (family == AF_INET ? 4 : 16); i++)
		v = v << 8 | bytes[i];
	*out = v;
	return XS_VALUE_OK;
}

static enum xs_value_result parse_number(enum xs_field field, const char *p, size_t len,
					 xs_u128 *out)
{
	enum xs_value_result result;
	__u64 number;

	result = xs_number_parse(p, len, (__u64)xs_field_max(field), &number);
	if (result == XS_VALUE_OK)
		*out = number;
	return result;
}

/* "syn|ack": all of the flags. */
static enum xs_value_result parse_flags(enum xs_field field, const char *p, size_t len,
					xs_u128 *out)
{
	const char *bar = memchr(p, '|', len);
	enum xs_value_result result;
	xs_u128 first, rest;

	result = xs_value_parse(field, p, (size_t)(bar - p), &first);
	if (result == XS_VALUE_OK)
		result = xs_value_parse(field, bar + 1, len - (size_t)(bar - p) - 1, &rest);
	if (result == XS_VALUE_OK)
		*out = first | rest;
	return result;
}

enum xs_value_result xs_value_parse(enum xs_field field, const char *p, size_t len, xs_u128 *out)
{
	const struct xs_field_info *info = &xs_fields[field];
	enum xs_value_result result = XS_VALUE_BAD;
	__u32 value;

	switch (info->kind) {
	case XS_VALUE_NONE:
		return XS_VALUE_BAD;
	case XS_VALUE_MAC:
		return parse_mac(p, len, out);
	case XS_VALUE_IPV4:
		return parse_address(AF_INET, p, len, out);
	case XS_VALUE_IPV6:
		return parse_address(AF_INET6, p, len, out);
	case XS_VALUE_FLAGS:
		if (memchr(p, '|', len))
			return parse_flags(field, p, len, out);
		result = parse_number(field, p, len, out);
		break;
	case XS_VALUE_NUMBER:
		result = parse_number(field, p, len, out);
		break;
	case XS_VALUE_NAME:
		break;
	}
	if (result != XS_VALUE_BAD || !xs_name_find(info->names, p, len, &value))
		return result;
	*out = value;
	return XS_VALUE_OK;
}

/*
 * Tries the text as a range with its '-' at `dash`. If only one side is a value of the
 * field, *at is the other side.
 */
static enum xs_value_result try_range(enum xs_field field, const char *p, size_t len, size_t dash,
				      struct xs_range *out, size_t *at, size_t *at_len)
{
	enum xs_value_result low, high;
	struct xs_range range;

	low = xs_value_parse(field, p, dash, &range.lo);
	high = xs_value_parse(field, p + dash + 1, len - dash - 1, &range.hi);
	if (low == XS_VALUE_OK && high == XS_VALUE_OK) {
		*at = 0;
		*at_len = len;
		if (range.lo > range.hi)
			return XS_VALUE_REVERSED;
		*out = range;
		return XS_VALUE_OK;
	}
	if (low == XS_VALUE_BAD && high == XS_VALUE_BAD)
		return XS_VALUE_BAD;
	*at = low == XS_VALUE_OK ? dash + 1 : 0;
	*at_len = low == XS_VALUE_OK ? len - dash - 1 : dash;
	return low == XS_VALUE_OK ? high : low;
}

enum xs_value_result xs_range_parse(enum xs_field field, const char *p, size_t len,
				    struct xs_range *out, size_t *at, size_t *at_len)
{
	enum xs_value_result result;
	const char *dash;
	int tries = 0;
	xs_u128 value;

	*at = 0;
	*at_len = len;
	result = xs_value_parse(field, p, len, &value);
	if (result == XS_VALUE_OK) {
		out->lo = out->hi = value;
		return XS_VALUE_OK;
	}
	if (result == XS_VALUE_BEYOND)
		return result;
	/*
	 * Names have a '-', too, so any '-' may be the range's; a name has at most
	 * four. No value is empty, so the first byte cannot be one: "-5" is not half a
	 * range.
	 */
	for (dash = len ? memchr(p + 1, '-', len - 1) : NULL; dash && tries < 10;
	     dash = memchr(dash + 1, '-', len - (size_t)(dash - p) - 1), tries++) {
		result = try_range(field, p, len, (size_t)(dash - p), out, at, at_len);
		if (result != XS_VALUE_BAD)
			return result;
	}
	return XS_VALUE_BAD;
}

__u32 xs_flags_ranges(__u32 flags, int mask, bool negate, struct xs_range ranges[128])
{
	__u32 cnt = 0;

	for (__u32 v = 0; v < 256; v++) {
		bool holds = mask < 0 ? v & flags : (v & (__u32)mask) == flags;

		if (holds == negate)
			continue;
		if (cnt && ranges[cnt - 1].hi + 1 == v)
			ranges[cnt - 1].hi = v;
		else
			ranges[cnt++] = (struct xs_range){ v, v };
	}
	return cnt;
}
