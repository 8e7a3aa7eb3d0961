/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counters as Prometheus text (exposition format 0.0.4), or as JSON. */
#ifndef XS_MAPS_EXPORT_H
#define XS_MAPS_EXPORT_H

#include "lib/instance/pins.h"
#include "tools/cli/cli.h"

struct xs_export_opts {
	__u32 rules; /* most rules of each instance */
	bool no_chains; /* do not ask brokers */
	const char *textfile; /* NULL: to stdout */
	const char *failure; /* that is already known, for -j; NULL: none */
};

/*
 * Writes the counters of `cnt` instances, of their rules and of the chains that brokers serve on them, to
 * stdout, or atomically to `textfile`: into a file beside it that is renamed. With -j
 * prints an object on stdout. Waits up to two seconds for each broker that does not answer.
 * 0 or -errno, logged; what could be read is written all the same.
 */
int xs_maps_export(struct xs_cli *cli, const struct xs_pins *pins, int cnt,
		   const struct xs_export_opts *opts);

#endif
