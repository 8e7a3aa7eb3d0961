/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rules that ask for what no frame is. */
#ifndef XS_RULE_NEVER_H
#define XS_RULE_NEVER_H

#include "lib/rules/model/rule.h"

/* Why a rule never holds; a later one knows better what is wrong. */
enum xs_never {
	XS_NEVER_NOT, /* it can hold */
	XS_NEVER_FIELD, /* no value of one field is left */
	XS_NEVER_IP, /* both IPv4 and IPv6 */
	XS_NEVER_TYPE, /* its ether type contradicts its fields */
	XS_NEVER_TAG_TYPE, /* it is a VLAN tag's and nothing else */
	XS_NEVER_PROTO,
	XS_NEVER_FRAGMENT,
	XS_NEVER_LENGTH, /* too short for what else it asks for */
	XS_NEVER_RUNT, /* too short for any frame that has rules asked */
	XS_NEVER_PORTS,
};

/*
 * Whether a frame can meet the rule, as far as warn.h says it is known.
 * *field: of XS_NEVER_FIELD, else XS_FIELD_MAX.
 */
enum xs_never xs_rule_never(const struct xs_rule *rule, enum xs_field *field);

#endif
