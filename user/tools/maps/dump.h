/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A pinned map as JSON, decoded by its own BTF, rows summed over CPUs. */
#ifndef XS_MAP_DUMP_H
#define XS_MAP_DUMP_H

#include <stdbool.h>
#include <jansson.h>
#include "tools/cli/cli.h"

/*
 * [{"key": ..., "value": ...}, ...] of the map behind `fd`, with the field names of the
 * map's BTF. Numbers of a per-CPU map are summed. Rows of zeros are left out unless
 * `all`. Maps whose values the kernel does not give out (XSKMAP) give an empty array.
 * Needs to read the map, and CAP_SYS_ADMIN for its BTF; without BTF the bytes are shown
 * in hex. NULL, logged under `name`, on failure.
 */
json_t *xs_map_dump(struct xs_cli *cli, int fd, const char *name, bool all);

#endif
