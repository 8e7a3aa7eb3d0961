/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Settings of the interface that owners of slots have changed for busy-polling, as the map
 * `knobs` has them: counted by owner, put back by the last of them, or, if that one was
 * killed, by whoever changes the instance next.
 *
 * The caller of each function holds the lock of the instance's directory. An instance of
 * an older build has no such map: then nothing is recorded, and nothing put back.
 */
#ifndef XS_INSTANCE_KNOBS_H
#define XS_INSTANCE_KNOBS_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/* Is the map there, and may it be written? */
bool xs_knobs_are_recorded(const struct xs_pins *pins);

/* Is anything recorded, of whomever? A look, for which nobody needs the lock. */
bool xs_knobs_in_record(const struct xs_pins *pins);

/*
 * Sets them for the owner of `slot`. Recorded before they are set: who is killed between
 * leaves a record of something that is not so, which is harmless. Warns of what fails.
 */
void xs_knobs_take(const struct xs_pins *pins, __u32 slot);

/* The owner of `slot` polls no more: puts them back unless another owner who lives does. */
void xs_knobs_give_up(const struct xs_pins *pins, __u32 slot);

/* Puts back what owners who are gone have left, unless one who lives polls. */
void xs_knobs_settle(const struct xs_pins *pins);

/* The instance goes: puts back, whoever still polls. */
void xs_knobs_put_back(const struct xs_pins *pins);

#endif
