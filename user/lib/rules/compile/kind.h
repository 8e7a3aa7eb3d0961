/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kinds of frames, by what their headers say about each other: which values of
 * EtherType, protocol, next header, fragment and length occur together. A rule that
 * matches no kind never matches.
 */
#ifndef XS_RULE_KIND_H
#define XS_RULE_KIND_H

#include "lib/rules/model/meaning.h"

enum xs_kind {
	XS_KIND_ip4,
	XS_KIND_ip6_direct, /* the fixed header names the L4 protocol */
	XS_KIND_ip6_walked, /* it names an extension header, which the program walks */
	XS_KIND_ip6_later, /* likewise, and the walk ends at a fragment header with an offset */
	XS_KIND_other,
	XS_KIND_MAX
};

/* The part of a kind that a rule contradicts. A later value tells more about the mistake. */
enum xs_unmet {
	XS_MET,
	XS_UNMET_FAMILY,
	XS_UNMET_TYPE,
	XS_UNMET_PROTO,
	XS_UNMET_FRAGMENT, /* it asks for an L4 header in later fragments */
	XS_UNMET_LENGTH,
};

/*
 * Leaves in a rule's *meaning what frames of one kind can match; its ports stay
 * unchanged. Returns an enum xs_unmet, and unless it is XS_MET *meaning must not be
 * used; or -ENOMEM.
 */
int xs_kind_meet(struct xs_arena *arena, struct xs_meaning *meaning, enum xs_kind kind);

/* Bytes of the headers before L4, without tags and extension headers. */
__u32 xs_kind_bytes(enum xs_kind kind);

#endif
