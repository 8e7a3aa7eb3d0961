/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The program loaded once more, to be asked about frames: over -d, or over -f. */
#ifndef XS_TOOL_RULES_TRIAL_H
#define XS_TOOL_RULES_TRIAL_H

#include "tools/cli/cli.h"

/* xsteer_explain_open() as -d, -f and --queue say. 0 or -errno, logged. */
int xs_trial_open(struct xs_cli *cli, struct xsteer_explain **trial);

#endif
