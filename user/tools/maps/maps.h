/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the commands of xsteer-maps share. */
#ifndef XS_TOOL_MAPS_H
#define XS_TOOL_MAPS_H

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

/* Commands that have their own files. 0 or -errno. */
int xs_do_list(struct xs_cli *cli);
int xs_do_sockets(struct xs_cli *cli);

#endif
