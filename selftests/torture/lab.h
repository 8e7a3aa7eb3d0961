/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Runs the commands of a scenario, traced, while frames go by. */
#ifndef TORTURE_LAB_H
#define TORTURE_LAB_H

#include "probe.h"
#include "scenarios.h"
#include "trace.h"

#define STATUS_HANGS (-1)

struct run {
	int status; /* of exit; 128 + signal; STATUS_HANGS */
	bool hit; /* the injection took place */
	struct probe_seen seen; /* what frames met meanwhile */
	enum policy at_last; /* what a frame met once it had ended */
};

/* Where the tools are, and a directory for rule files and output. 0 or -errno. */
int lab_open(const char *tools, const char *dir);

/* What the last command that was run has printed. Valid until the next one. */
const char *lab_output(void);

/*
 * Runs a command line (scenarios.h). `where`, `action`: the injection; NULL: none.
 * `watch`: also called with each numbered call; or NULL.
 */
void lab_run(struct run *run, const struct scenario *scenario, const char *line,
	     const struct call_key *where, enum action action,
	     void (*watch)(const struct call_key *key, const struct call *call));

#endif
