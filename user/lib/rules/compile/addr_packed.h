/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An IPv6 address index with packed groups, in one chunk; see maps/rule_set.h. */
#ifndef XS_ADDR_PACKED_H
#define XS_ADDR_PACKED_H

#include "addr_part.h"
#include "steps.h"

/*
 * With fewer intervals than this the index lies in the caches nearest to the CPU. For 1,500 of them
 * packing cost 3 % of a search, for 15,000 it saved 10 %. Older programs search sets without.
 */
#define XS_PACKED_FROM 8192

/* 0; -ENOMEM; -E2BIG: it does not fit, and *index is of no use. */
int xs_packed_write(struct xs_compiler *c, const struct xs_axis *axis, struct xs_addr_index *index,
		    const struct xs_addr_classes *classes);

#endif
