/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is in the kernel of what the traced commands made, as text: maps, programs
 * and links by id, pins, what stands in the maps of the instance, the hook of rx0
 * and its knobs. Two such texts that are the same mean that nothing was left behind.
 */
#ifndef TORTURE_OBJECTS_H
#define TORTURE_OBJECTS_H

#include <stdbool.h>

#include "calls.h"

/* A traced command made it: remembered until it is gone. */
void objects_add(enum made made, int fd);

/*
 * The state now, a line each, sorted; freed by the caller. What follows a '#' in a
 * line differs from run to run: ids, generations.
 */
char *state_read(void);

/* Are they the same? `exactly`: with what follows a '#'. */
bool state_equal(const char *a, const char *b, bool exactly);

/* Prints the lines that only one of them has. */
void state_print_difference(const char *wanted, const char *got);

/*
 * Do the counters of the instance add up: packets = the sum of the verdicts? True
 * without an instance, too. *packets: how many.
 */
bool counters_add_up(unsigned long long *packets);

#endif
