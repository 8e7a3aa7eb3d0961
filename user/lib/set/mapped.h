/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One compiled set in the kernel's memory: an inner map of rule_sets, mapped. Its
 * header says whether it waits to be confirmed.
 */
#ifndef XS_SET_MAPPED_H
#define XS_SET_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/instance/pins.h"
#include "lib/rules/compile/compile.h"
#include "maps/rule_set.h"

struct xs_mapped_set {
	int fd; /* of the inner map; -1: none */
	struct xs_set_header *header;
	size_t bytes;
	__u32 id; /* of the inner map; 0: none */
};

#define XS_NO_SET ((struct xs_mapped_set){ .fd = -1 })

/* Releases all of it. Does nothing for an empty one. */
void xs_mapped_close(struct xs_mapped_set *set);

/*
 * Maps the set in a slot of rule_sets (XS_SET_IN_FORCE, XS_SET_FALLBACK) with `prot`.
 * 0, with set->fd -1 if the slot is empty; -EPROTO: another layout; other -errno.
 * Silent: xs_mapped_failed() logs it. Needs CAP_SYS_ADMIN.
 */
int xs_mapped_open(const struct xs_pins *pins, __u32 slot, int prot, struct xs_mapped_set *set);
/* Logs such an error, and returns it. */
int xs_mapped_failed(const struct xs_pins *pins, int err);

/* Creates an inner map with the bytes of `blob`. 0 or -errno, logged. */
int xs_mapped_create(struct xsteer_ctx *ctx, const struct xs_rule_blob *blob,
		     struct xs_mapped_set *set);

/* Puts an inner map into a slot of rule_sets; -1 empties the slot. 0 or -errno, logged. */
int xs_set_slot_put(const struct xs_pins *pins, __u32 slot, int set_fd);

/* The set has a deadline: it waits to be confirmed or rolled back, or the deadline is past. */
bool xs_set_waits(const struct xs_set_header *set);
/* Its deadline is past: frames are classified by the fallback. */
bool xs_set_is_over(const struct xs_set_header *set);

/* Logs that xs_kernel_ns() failed with err, and returns it. */
int xs_set_no_clock(const struct xs_pins *pins, int err);

/* What was found in rule_sets; 0: nothing. */
struct xs_sets_seen {
	__u32 ids[2];
};

/*
 * Maps the set that frames are classified by now, as xs_mapped_open(). *confirm_ns is
 * the time until it is rolled back. 0: no set waits to be confirmed, or, with
 * *rolled_back, its time is over.
 */
int xs_mapped_open_current(const struct xs_pins *pins, struct xs_mapped_set *set,
			   struct xs_sets_seen *seen, bool *rolled_back, __u64 *confirm_ns);

#endif
