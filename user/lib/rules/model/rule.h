/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a rule file means after parsing: the one model that the parser fills, and that
 * printer, compiler and explain read. Pure data: nothing here opens, prints or knows
 * the kernel.
 */
#ifndef XS_RULE_H
#define XS_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "maps/xsteer.h"
#include "dynamic_set.h"
#include "field.h"
#include "limit.h"
#include "spread.h"

/* Limits of a rule set. They allow what a person or a generator can sensibly write. */
#define XS_RULE_CNT_MAX 1000000
#define XS_RULE_MATCH_MAX 64 /* matches of one rule */
#define XS_TUPLE_FIELDS_MAX 5 /* fields of one concatenation; nft has 5 registers' worth */
#define XS_RULE_COMMENT_MAX 255 /* bytes of a comment "..." */
#define XS_RULE_INDEX_MAX 65535 /* largest slot, CPU number */

/*
 * Bytes of the name of an interface or a chain, with its NUL. An alternative name of an
 * interface is as long as that (ALTIFNAMSIZ); chains' names end before it.
 */
#define XS_TARGET_NAME_MAX 128

/*
 * One match. `ranges` are the values named: sorted, disjoint, not adjacent; empty for a
 * protocol alone. `negate`: the frame has the field, and the value is none of them; for
 * a port of either side: neither side is. A prefix, a set, `tcp flags` with or without
 * a mask: all have become ranges. (Flags: ranges of the 8-bit flags byte with !=
 * already applied, so negate is false.)
 *
 * A concatenation with != is a match for each of its fields, all with `negate`. The first of
 * them has `tuple`, the number of fields, and all the ranges, in no order: each `tuple` of them
 * are one element, a range for each field. The frame has all these fields, and is in no element.
 */
struct xs_match {
	enum xs_field field;
	bool negate;
	__u8 set; /* 1 + the number in xs_ruleset.sets of what it asks instead of ranges; 0: none */
	__u8 tuple; /* 0: no concatenation begins here */
	__u8 set_number; /* that set's xs_dynamic_set.number */
	__u32 range_cnt;
	struct xs_range *ranges;
};

struct xs_rule {
	struct xs_match *matches; /* all must hold; in the order written */
	__u32 match_cnt;
	/*
	 * dev, chain: target is 0 until resolved from target_name. cpu with XS_SLOT_SPREAD: the
	 * number in xs_ruleset.spreads. The compiler numbers limits.
	 */
	struct xs_action action;
	char *target_name; /* dev, chain: the name as written; others: "", or NULL */
	struct xs_limit limit;
	__u32 sample; /* a trace is offered each frame of so many; 0: every one */
	__u32 line; /* 1-based, in `file` */
	__u32 file; /* index into xs_ruleset.files */
	bool copied; /* jumps made several of the rule that stands there */
	char *text; /* canonical: tokens joined by one space, $names replaced */
	char *comment; /* or NULL */
};

/* A whole file with everything that it includes. Owns everything that it points to. */
struct xs_ruleset {
	struct xs_rule *rules;
	__u32 rule_cnt;
	struct xs_dynamic_set *sets; /* XS_MEMBER_SETS_MAX at most */
	__u32 set_cnt;
	struct xs_spread *spreads; /* XS_SPREADS_MAX at most, all different */
	__u32 spread_cnt;
	char **files; /* [0]: the file named, or "-" */
	__u32 file_cnt;
	struct xs_action default_action; /* xsk else pass, unless the file says otherwise */
	struct xs_action malformed_action; /* pass, unless the file says otherwise */
	char default_target_name[XS_TARGET_NAME_MAX]; /* default dev NAME, default chain NAME */
	char *default_text; /* e.g. "default xsk else pass"; NULL: the file does not say */
	char *malformed_text;
};

#endif
