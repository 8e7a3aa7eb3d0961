/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A socket for each worker, and into its slot. */
#ifndef XS_BOUNCER_SOCKETS_H
#define XS_BOUNCER_SOCKETS_H

#include "bouncer.h"

/*
 * Opens the workers' sockets, then puts them into their slots. sg: packets may take several
 * frames. Blocks up to some seconds for a queue that is held. Needs CAP_NET_RAW. 0 or
 * -errno, logged; what was opened is the caller's to close.
 */
int xs_bouncer_open_sockets(struct xs_bouncer *b, bool sg);

#endif
