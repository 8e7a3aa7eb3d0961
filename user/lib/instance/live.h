/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Is an instance alive: is its program on a hook? Every command asks here, and there
 * are three answers. "Unknown" is neither of the other two: on it, nothing may be
 * changed.
 */
#ifndef XS_INSTANCE_LIVE_H
#define XS_INSTANCE_LIVE_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

enum xs_life {
	XS_LIFE_unknown, /* the kernel cannot be asked, or does not say */
	XS_LIFE_alive,
	XS_LIFE_gone, /* proven: no frame meets the program any more */
};

struct xs_live {
	enum xs_life life;
	char why[160]; /* why it is gone or unknown */
	__u32 prog_id;
	bool attached; /* alive, on its interface, in this network namespace */
	__u32 ifindex; /* of the link's interface, in any network namespace; 0: none */
	bool native; /* false: skb */
};

/*
 * 0: alive or gone; or -errno, silently: unknown. An instance of another network
 * namespace is asked for by its link, which is the same everywhere. Needs read
 * permission on the pin of the link or program, and CAP_SYS_ADMIN for an instance in a
 * dispatcher.
 */
int xs_instance_live(const struct xs_pins *pins, struct xs_live *live);

/*
 * May the pins be removed as leftovers? 1: the instance is gone, and *live says why; 0:
 * it is alive, which is logged if it is so in another network namespace; or -errno,
 * logged.
 */
int xs_instance_is_gone(const struct xs_pins *pins, struct xs_live *live);

/* For commands that change an instance. 0 if it is alive; else, logged, -ESTALE or -errno. */
int xs_instance_need_alive(const struct xs_pins *pins, struct xs_live *live);

/*
 * For commands that only read. Warns if the instance is gone, since its numbers are the
 * last ones.
 */
void xs_instance_warn_if_gone(const struct xs_pins *pins);

#endif
