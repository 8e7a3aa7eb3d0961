/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The commands that are tortured: from which state, and what frames may meet
 * before, during and after them.
 *
 * A command is a line of words. The first says what it is: "loader", "rules",
 * "bouncer", or "sh" with a line for the shell. OLD and NEW are the rule files.
 */
#ifndef TORTURE_SCENARIOS_H
#define TORTURE_SCENARIOS_H

#include <stdbool.h>

#include "probe.h"

#define SETUP_MAX 6

struct scenario {
	const char *name;
	const char *setup[SETUP_MAX]; /* from nothing attached to the state before */
	const char *restore; /* leads back more quickly, if the instance still lives; or NULL */
	const char *command;
	const char *next; /* must work, whatever became of the command */
	const char *next_may_say; /* and that it refuses with this is as good; or NULL */
	enum policy before, after, at_last; /* at_last: after `next` */
	unsigned short port; /* of the frames that are sent */
	bool lives; /* a bouncer: runs until it is told to stop */
	bool gap; /* the hook must be free in between: frames meet none for a moment */
};

extern const struct scenario scenarios[]; /* ended by one without a name */

extern const char old_rules[], new_rules[];

#endif
