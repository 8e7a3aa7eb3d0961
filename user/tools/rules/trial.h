/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The program loaded once more, to be asked about frames: over a live instance (-d)
 * or over the rules of a file (-f), and the set it searches.
 */
#ifndef XS_TOOL_RULES_TRIAL_H
#define XS_TOOL_RULES_TRIAL_H

#include <stdbool.h>

#include "lib/instance/pins.h"
#include "lib/set/explain.h"
#include "lib/set/sets.h"
#include "tools/cli/cli.h"

/* The program over a live instance (-d) or over a file (-f), and the set it searches. */
struct xs_trial {
	struct xs_pins live;
	struct xs_explain explain;
	struct xs_rules_in_force set;
	struct xs_apply applied; /* -f */
	bool is_live;
};

/* As -d or -f say. Needs CAP_BPF and CAP_NET_ADMIN. 0 or -errno, logged. */
int xs_trial_open(struct xs_cli *cli, struct xs_trial *trial);
void xs_trial_close(struct xs_trial *trial);

#endif
