/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which slots of xsks_map belong to which chain, according to `chains`. Its rows have
 * names. Rules that send frames to a chain and brokers that serve it take a row,
 * whoever comes first. To take or give up a row, hold the lock of the instance's
 * directory.
 */
#ifndef XS_INSTANCE_CHAIN_SLOTS_H
#define XS_INSTANCE_CHAIN_SLOTS_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/*
 * Finds the slot of the chain's queue 0. Takes a row if the chain has none. 0; or
 * -errno, logged. -ENOSPC: all rows are taken; -EOPNOTSUPP: a build without chains made
 * the instance.
 */
int xs_chain_take(const struct xs_pins *pins, const char *name, __u32 *base);

/* The chain that a slot belongs to. False: it is a plain slot, or belongs to no chain. Silent. */
bool xs_chain_of_slot(const struct xs_pins *pins, __u32 slot, char name[XS_CHAIN_NAME_MAX]);

/* The name of a row. False: it is free, or does not exist. Silent. */
bool xs_chain_of_row(const struct xs_pins *pins, __u32 row, char name[XS_CHAIN_NAME_MAX]);

/* Number of the row's slots whose owner is alive, or about to insert a socket; -errno: logged. */
int xs_chain_served(const struct xs_pins *pins, __u32 row);

/* Frees the row, unless a living process owns one of its slots, or that cannot be told. */
void xs_chain_give_up(const struct xs_pins *pins, __u32 row);

#endif
