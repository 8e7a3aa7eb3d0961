/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Is an instance that was opened the one of the interface that was asked for? */
#ifndef XS_INSTANCE_PLACE_H
#define XS_INSTANCE_PLACE_H

#include "pins.h"

/*
 * 0; or, logged with what to do, -EXDEV: it is of another network namespace, or its
 * interface is in one now; -ESTALE: its interface is gone, or another has the name;
 * other -errno: that cannot be told.
 */
int xs_pins_check_place(const struct xs_pins *pins, const char *word);

/* xs_netif_find(), for whoever works on instances: 0, -ENODEV, or -errno. Silent. */
int xs_interface_index(const char *word, __u32 *ifindex);

/* Sets pins->ifname from meta and from what the interface is called now. */
void xs_pins_name(struct xs_pins *pins);

#endif
