/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which slots of xsks_map belong to which chain, as `chains` has it: rows by name, taken by
 * rules that send frames there and by brokers that serve them, whoever comes first. Who
 * takes or gives up a row holds the lock of the instance's directory.
 */
#ifndef XS_INSTANCE_CHAIN_SLOTS_H
#define XS_INSTANCE_CHAIN_SLOTS_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/*
 * The slot of the chain's queue 0; a row is taken for a chain that has none. 0; or -errno,
 * logged: -ENOSPC all rows are taken, -EOPNOTSUPP the instance is of a build without chains.
 */
int xs_chain_take(const struct xs_pins *pins, const char *name, __u32 *base);

/* The chain that a slot is of: false for a plain slot, or one of no chain. Silent. */
bool xs_chain_of_slot(const struct xs_pins *pins, __u32 slot, char name[XS_CHAIN_NAME_MAX]);

/* The name of a row; false: it is free, or there is none. Silent. */
bool xs_chain_of_row(const struct xs_pins *pins, __u32 row, char name[XS_CHAIN_NAME_MAX]);

/* Slots of the row whose owner lives, or is about to come. */
__u32 xs_chain_served(const struct xs_pins *pins, __u32 row);

/* Frees the row, if nobody who lives owns a slot of it. Silent. */
void xs_chain_give_up(const struct xs_pins *pins, __u32 row);

#endif
