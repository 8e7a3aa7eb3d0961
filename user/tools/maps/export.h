/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counters as Prometheus text (exposition format 0.0.4), or as JSON. */
#ifndef XS_MAPS_EXPORT_H
#define XS_MAPS_EXPORT_H

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

/*
 * Writes the counters of `cnt` instances, and of the first `rules` rules of each, to
 * stdout, or atomically to `textfile`: into a file beside it that is renamed. With -j
 * prints an object on stdout, with `failure` as its error (NULL: none). 0 or -errno,
 * logged.
 */
int xs_maps_export(struct xs_cli *cli, const struct xs_pins *pins, int cnt, __u32 rules,
		   const char *textfile, const char *failure);

#endif
