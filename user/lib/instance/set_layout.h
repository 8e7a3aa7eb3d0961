/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a program and rule sets of different builds work together. The program of one
 * build may not be able to search what another build has written. Knows only a set's
 * layout number (maps/rule_set.h).
 */
#ifndef XS_SET_LAYOUT_H
#define XS_SET_LAYOUT_H

#include "maps/rule_set.h"
#include "pins.h"

/*
 * Can a program of this build, which searches layouts up to `most`, search the sets of the
 * instance? Ask before it replaces the running program. Needs CAP_SYS_ADMIN. 0; -EPROTO,
 * logged with what to do: it cannot; other -errno, logged: this could not be found out.
 */
int xs_set_layout_check_sets(const struct xs_pins *pins, __u32 most);

/*
 * Can the running program search what this build writes, and rules that need this layout?
 * 0; or -EPROTO, logged.
 */
int xs_set_layout_check_program(const struct xs_pins *pins, __u32 layout);

/* Up to which layout the running program searches sets, as far as this build knows them. */
__u32 xs_set_layout_searched(const struct xs_pins *pins);

/* Has a program that searches sets up to this layout limits and dynamic sets? */
static inline bool xs_set_layout_has_limits(__u32 layout)
{
	return layout > XS_SET_LAYOUT_BEFORE_LIMITS || layout == XS_SET_LAYOUT_LIMITS_ALONE;
}

/*
 * Is the running program one without limits and dynamic sets, because this kernel's verifier
 * refuses it with them?
 */
bool xs_set_layout_without_limits(const struct xs_pins *pins);

#endif
