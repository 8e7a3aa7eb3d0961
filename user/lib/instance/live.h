/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Does an instance live: is its program on a hook? Every command asks here, and there
 * are three answers. "Not known" is neither of the others: it changes nothing.
 */
#ifndef XS_INSTANCE_LIVE_H
#define XS_INSTANCE_LIVE_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

enum xs_life {
	XS_LIFE_unknown, /* the kernel cannot be asked, or does not say */
	XS_LIFE_alive,
	XS_LIFE_gone, /* provably: no frame meets the program any more */
};

struct xs_live {
	enum xs_life life;
	char why[160]; /* it is gone, or not known */
	__u32 prog_id;
	bool attached; /* alive, on its interface, in this network namespace */
	__u32 ifindex; /* of what its link is on, in whatever network namespace; 0: nothing */
	bool native; /* else skb */
};

/*
 * 0: alive or gone; or -errno, silently: not known. An instance of another network
 * namespace is asked for by its link, which is the same everywhere. Needs read
 * permission on the pin of the link or program; CAP_SYS_ADMIN for one in a dispatcher.
 */
int xs_instance_live(const struct xs_pins *pins, struct xs_live *live);

/*
 * May what is pinned be taken away as left behind? 1: it is gone, *live says why; 0: it
 * lives, said aloud if it does so in another network namespace; or -errno, logged.
 */
int xs_instance_is_gone(const struct xs_pins *pins, struct xs_live *live);

/* For what changes an instance: 0 if it lives; else, logged, -ESTALE or -errno. */
int xs_instance_need_alive(const struct xs_pins *pins, struct xs_live *live);

/* For what only looks: warns if it is gone, since the numbers are its last ones. */
void xs_instance_warn_if_gone(const struct xs_pins *pins);

#endif
