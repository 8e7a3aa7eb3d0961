/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kinds of frames, by what their headers say of each other: which values of
 * EtherType, protocol, next header, fragment and length go together. A rule that
 * meets no kind never holds.
 */
#ifndef XS_RULE_KIND_H
#define XS_RULE_KIND_H

#include "meaning.h"

enum xs_kind {
	XS_KIND_ip4,
	XS_KIND_ip6_direct, /* the fixed header names the L4 protocol */
	XS_KIND_ip6_walked, /* it names an extension header, which is walked */
	XS_KIND_ip6_later, /* likewise, and the walk ends at a fragment header with an offset */
	XS_KIND_other,
	XS_KIND_MAX
};

/* What of a kind a rule does not meet. A later one tells more of the mistake. */
enum xs_unmet {
	XS_MET,
	XS_UNMET_FAMILY,
	XS_UNMET_TYPE,
	XS_UNMET_PROTO,
	XS_UNMET_FRAGMENT, /* it asks later fragments for an L4 header */
	XS_UNMET_LENGTH,
};

/*
 * Leaves in *meaning, a rule's, what frames of one kind can meet; its ports stay as
 * they are. An enum xs_unmet, where *meaning is of no use unless XS_MET; -ENOMEM.
 */
int xs_kind_meet(struct xs_arena *arena, struct xs_meaning *meaning, enum xs_kind kind);

/* Bytes of the headers before L4, without tags and extension headers. */
__u32 xs_kind_bytes(enum xs_kind kind);

#endif
