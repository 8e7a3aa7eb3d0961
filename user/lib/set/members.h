/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The members of one dynamic set: the rows of its map, which frames are looked up in while they
 * change. Other programs may write the map as well (maps/xsteer.h: struct xs_member_key, struct
 * xs_member), so what is read may be old by the time it is told.
 */
#ifndef XS_SET_MEMBERS_H
#define XS_SET_MEMBERS_H

#include <stddef.h>

#include "lib/base/ranges.h"
#include "lib/instance/pins.h"
#include "maps/rule_set.h"

/* The map of one set that an instance declares. */
struct xs_members {
	struct xsteer_ctx *ctx;
	int fd;
	struct xs_declared_set set;
};

/* One member. On the way in, ns is how long it stays; 0: for good. */
struct xs_member_row {
	xs_u128 addr; /* a number of the family's bits; 0 behind the prefix */
	__u32 prefixlen;
	__u64 ns; /* on the way out: until it is over; 0: it stays; XS_MEMBER_OVER */
};

#define XS_MEMBER_OVER (~0ULL) /* it is no longer a member, though its row is there */

struct xs_member_rows {
	struct xs_member_row *rows; /* from malloc() */
	__u32 cnt, cap;
};

/*
 * Creates the map of a set of `size` members, and puts it in a slot of `member_sets`, a map's
 * descriptor. With BTF; up to Linux 6.1 without, if an older build has attached: there a map with BTF
 * does not equal the object's inner map, which had none. A descriptor or -errno, silently. Needs CAP_BPF.
 */
int xs_members_make(int member_sets, __u32 slot, __u32 size);

/*
 * Opens a set that the rules in force declare. Needs CAP_SYS_ADMIN. 0; or -errno, logged;
 * -ENOENT: there is no such set. The caller calls xs_members_close().
 */
int xs_members_open(const struct xs_pins *pins, const char *name, struct xs_members *members);
void xs_members_close(struct xs_members *members);

/*
 * Adds members, or gives those that are there their new time. What is over makes room if the
 * set is full. *added: how many, also after an error. 0; -ENOSPC, logged: the set is full;
 * other -errno, logged.
 */
int xs_members_add(const struct xs_members *members, const struct xs_member_row *rows, __u32 cnt,
		   __u32 *added);

/*
 * Removes members, exactly those: not what lies within a prefix. *removed: how many were there.
 * 0 or -errno, logged.
 */
int xs_members_remove(const struct xs_members *members, const struct xs_member_row *rows, __u32 cnt,
		      __u32 *removed);

/*
 * Reads all rows, in the order of their addresses, each once. 0 or -errno, logged. The caller
 * frees rows->rows in either case.
 */
int xs_members_read(const struct xs_members *members, struct xs_member_rows *rows);

/* Removes the rows of members that are over. The rest stays in *rows. */
void xs_members_prune(const struct xs_members *members, struct xs_member_rows *rows);

/* "192.0.2.7", "2001:db8::/32" -> addr, prefixlen. 0 or -EINVAL, silently. */
int xs_member_parse(const char *text, enum xs_family family, struct xs_member_row *row);

#endif
