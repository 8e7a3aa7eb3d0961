/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How many members each dynamic set of an instance has, for those who show it. */
#ifndef XS_SET_SIZES_H
#define XS_SET_SIZES_H

#include "lib/instance/pins.h"
#include "maps/rule_set.h"

struct xs_set_sizes {
	struct xs_set_size {
		struct xs_declared_set set;
		__u32 members; /* now; without those whose time is over */
	} * sets;
	__u32 cnt;
};

/*
 * Looks at each set that the rules in `header` declare. The kernel keeps no count of a trie, so
 * this reads all members, in about 2 us each. Needs CAP_SYS_ADMIN. 0; or -errno, logged, with
 * the sets before that one. Either way xs_set_sizes_free().
 */
int xs_set_sizes_read(const struct xs_pins *pins, const struct xs_set_header *header,
		      struct xs_set_sizes *sizes);
void xs_set_sizes_free(struct xs_set_sizes *sizes);

#endif
