/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loads the program a second time, to try frames on: with -d or with -f. */
#ifndef XS_TOOL_RULES_TRIAL_H
#define XS_TOOL_RULES_TRIAL_H

#include "tools/cli/cli.h"

/* Calls xsteer_explain_open() with -d, -f and --queue. 0 or -errno, logged. */
int xs_trial_open(struct xs_cli *cli, struct xsteer_explain **trial);

#endif
