/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What matching a field says about the rest of the frame: a table, for whoever
 * draws conclusions from the matches of a rule.
 */
#ifndef XS_RULE_NATURE_H
#define XS_RULE_NATURE_H

#include "term.h"

/* Kinds of frames, a bit each. */
enum { XS_KIND_OTHER = 1, XS_KIND_IP4 = 2, XS_KIND_IP6 = 4 };
#define XS_KINDS_IP (XS_KIND_IP4 | XS_KIND_IP6)
#define XS_KINDS_ALL (XS_KIND_OTHER | XS_KINDS_IP)

struct xs_nature {
	__u8 kinds; /* that can have the field */
	bool in_l4; /* not in a later fragment */
	__u8 l4_bytes; /* the least header it lies in */
	struct xs_term protos; /* L4 protocols that have it; ranges NULL: any */
};

/* By enum xs_field. */
extern const struct xs_nature xs_natures[XS_FIELD_MAX];

/* The kinds that can have all fields that the rule matches. */
__u8 xs_kinds_of(const struct xs_rule *rule);

/* ether type */
enum { XS_TYPE_IP = 0x0800, XS_TYPE_IP6 = 0x86dd };
extern const struct xs_term xs_type_ip, xs_type_ip6;
/* meta fragment: a frame that has an L4 header */
extern const struct xs_term xs_not_later;
/* IPv6 next headers that are walked, so are no L4 protocol but behind a later fragment. */
extern const struct xs_term xs_walked;

/* Which port a field is. */
enum xs_port_side { XS_PORT_NONE, XS_PORT_SOURCE, XS_PORT_DESTINATION, XS_PORT_EITHER };

enum xs_port_side xs_port_side(enum xs_field field);

#endif
