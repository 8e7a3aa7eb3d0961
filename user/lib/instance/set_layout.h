/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a program and rule sets of different builds go together: what one build
 * has written another's program may not be able to search. Knows of a set only
 * its layout's number (maps/rule_set.h).
 */
#ifndef XS_SET_LAYOUT_H
#define XS_SET_LAYOUT_H

#include "pins.h"

/*
 * Can this build's program search the sets that the instance has? Asked before it
 * takes the place of the one that runs. Needs CAP_SYS_ADMIN. 0; -EPROTO, logged with
 * what to do: it cannot; other -errno, logged: it cannot be told.
 */
int xs_set_layout_check_sets(const struct xs_pins *pins);

/* Can the program that runs search what this build writes? 0; or -EPROTO, logged. */
int xs_set_layout_check_program(const struct xs_pins *pins);

#endif
