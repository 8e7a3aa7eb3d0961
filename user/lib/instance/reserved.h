/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Queues of their own: what of the NIC was changed so that only steered flows reach some queues, as the
 * map `reserved` has it, how it is done and put back. Does not decide what is to be changed.
 *
 * Each change of the NIC is in the record before it is made. So whoever is killed between leaves a
 * record that puts back what was done, and passes over what was not.
 *
 * The caller of what writes holds the lock of the instance's directory. An instance of an older build
 * has no such map, and nothing reserved.
 */
#ifndef XS_INSTANCE_RESERVED_H
#define XS_INSTANCE_RESERVED_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"
#include "queue_stats.h"

/* Is the map there? */
bool xs_reserved_is_recorded(const struct xs_pins *pins);

/* 1: *record is filled; 0: nothing is reserved; or -errno, logged. */
int xs_reserved_read(const struct xs_pins *pins, struct xs_reserved *record);
/* 0 or -errno, logged. */
int xs_reserved_write(const struct xs_pins *pins, const struct xs_reserved *record);

/*
 * Which of a queue's frames no rule sends to a socket. default_leads: frames that no rule matches go to
 * sockets, too, and are not of a rule all the same. Pure.
 */
__u64 xs_reserved_by_no_rule(const struct xs_queue_stats *stats, bool default_leads);

/*
 * Does what *record, which has no since_ns yet, says: makes the rules of the NIC, then sets the table,
 * and reads both back. A rule that the NIC refuses is left out: refused[] gets its -errno, others 0.
 * Needs CAP_NET_ADMIN. 0: *record is as written; or -errno, logged: what was done is undone.
 */
int xs_reserved_make(const struct xs_pins *pins, const char *ifname, struct xs_reserved *record,
		     int refused[XS_RESERVED_FLOWS_MAX]);

struct xs_reserved_undone {
	__u32 queue_cnt; /* that were reserved */
	bool table; /* the table is as it was: if that was the kernel's, for the queues of now */
	bool table_changed; /* somebody has changed it since: it stays as that one wants it */
	__u32 flows; /* rules of the NIC that were removed */
	__u32 flows_changed; /* likewise */
};

/*
 * Puts back what was there before, and clears the record; passes over what somebody has changed
 * since, with a warning. Needs CAP_NET_ADMIN, and to be in the interface's network namespace. 1: it
 * did; 0: nothing was reserved; or -errno, logged: what is not put back is still in the record.
 */
int xs_reserved_undo(const struct xs_pins *pins, struct xs_reserved_undone *undone);

/*
 * The instance goes, and the record with it: the same. -EPERM, -EACCES or -EXDEV, logged: the caller
 * may not, or is in another network namespace, and leaves the instance as it is, for whoever can. What
 * else cannot be put back is warned of. 0.
 */
int xs_reserved_put_back(const struct xs_pins *pins);

#endif
