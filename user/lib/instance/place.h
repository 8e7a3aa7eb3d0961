/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Is an open instance the one of the interface that was asked for? */
#ifndef XS_INSTANCE_PLACE_H
#define XS_INSTANCE_PLACE_H

#include "pins.h"

/*
 * 0; or, logged with what to do: -EXDEV: the instance, or by now its interface, is in
 * another network namespace; -ESTALE: its interface is gone, or another one has the
 * name; other -errno: this could not be found out.
 */
int xs_pins_check_place(const struct xs_pins *pins, const char *word);

/* xs_netif_find() for code that works on instances. 0, -ENODEV, or -errno. Silent. */
int xs_interface_index(const char *word, __u32 *ifindex);

/* Sets pins->ifname from meta and from the interface's current name. */
void xs_pins_name(struct xs_pins *pins);

/*
 * Says that the interface has no instance, and what makes one; or that it can have none. Returns
 * -ENOENT.
 */
int xs_interface_has_none(struct xsteer_ctx *ctx, const char *ifname);

#endif
