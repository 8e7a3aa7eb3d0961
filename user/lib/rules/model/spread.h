/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What `cpu { 2-7 } by flow` says: members, and what of a frame chooses one. Pure data. */
#ifndef XS_RULE_SPREAD_H
#define XS_RULE_SPREAD_H

#include <linux/types.h>

#include "maps/rule_set.h"

struct xs_spread {
	__u32 by; /* enum xs_spread_by */
	__u32 cnt; /* at least 1 */
	__u16 member[XS_SPREAD_MEMBERS]; /* ascending, all different */
};

#endif
