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

/*
 * The interface that a user means by `word`: as xs_netif_find(), or else the one whose instance
 * was attached under that name, which no interface has now. Needs the right to read meta for
 * the latter. Silent.
 */
int xs_interface_find(struct xsteer_ctx *ctx, const char *word, __u32 *ifindex, char name[16]);

/*
 * What to call that interface: its current name, written to `name`, or `word` itself if there is
 * none, or this cannot be found out.
 */
const char *xs_interface_called(struct xsteer_ctx *ctx, const char *word, char name[16]);

/* Sets pins->ifname from meta and from the interface's current name. */
void xs_pins_name(struct xs_pins *pins);

/*
 * Says that the interface has no instance, and what makes one; or that it can have none. Returns
 * -ENOENT.
 */
int xs_interface_has_none(struct xsteer_ctx *ctx, const char *ifname);

#endif
