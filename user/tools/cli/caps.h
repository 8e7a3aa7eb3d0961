/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Capabilities that a tool drops once it is set up. */
#ifndef XS_CLI_CAPS_H
#define XS_CLI_CAPS_H

#include <stdbool.h>

#include "cli.h"

/* Does the kernel demand CAP_BPF even for maps that are open, and does this process have it? */
bool xs_caps_maps_need_bpf(void);

/*
 * Drops every capability but those of `keep` (CAP_...; ended by -1) that the process has, from
 * the calling thread and those that it starts. What cannot be dropped is warned of.
 */
void xs_caps_keep(struct xs_cli *cli, const int *keep);

#endif
