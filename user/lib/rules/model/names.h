/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The fixed words of the rule language: the fields, and the names that nft has
 * for values. Constant tables; nothing is read from /etc/protocols or services,
 * so that a rule file means the same on every machine.
 */
#ifndef XS_RULE_NAMES_H
#define XS_RULE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "rule.h"

struct xs_name {
	const char *name; /* NULL ends a table */
	__u32 value;
};

/* How values of a field are written. */
enum xs_value_kind {
	XS_VALUE_NONE, /* a protocol alone */
	XS_VALUE_NUMBER,
	XS_VALUE_NAME, /* by name only: meta fragment */
	XS_VALUE_MAC,
	XS_VALUE_IPV4,
	XS_VALUE_IPV6,
	XS_VALUE_FLAGS,
};

struct xs_field_info {
	const char *text; /* "ip saddr" */
	__u32 bits; /* of the field; 0: no value */
	enum xs_value_kind kind;
	const struct xs_name *names; /* of its values, or NULL */
	const char *noun; /* for messages: "an IPv4 address"; NULL where it has no value */
};

/* By enum xs_field. */
extern const struct xs_field_info xs_fields[XS_FIELD_MAX];

/* The value that NAME (len bytes, no end mark) has in a table; false: not in it. */
bool xs_name_find(const struct xs_name *names, const char *name, size_t len, __u32 *value);

/*
 * The field "FAMILY WORD", or the protocol alone for wordlen 0.
 * XS_FIELD_MAX: there is none.
 */
enum xs_field xs_field_find(const char *family, size_t family_len, const char *word,
			    size_t word_len);

/* Whether any field begins with this word. */
bool xs_is_family(const char *family, size_t family_len);

/* Largest value of the field as a number; all ones for addresses. */
xs_u128 xs_field_max(enum xs_field field);

#endif
