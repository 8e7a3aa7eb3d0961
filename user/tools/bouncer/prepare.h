/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a bouncer decides before it opens anything: frames, batches, CPUs, limits. */
#ifndef XS_BOUNCER_PREPARE_H
#define XS_BOUNCER_PREPARE_H

#include "bouncer.h"

/* Checks the options, and looks at the interface and its queues. 0 or -errno, logged. */
int xs_bouncer_look(struct xs_bouncer *b);

/*
 * After that, looks at what this process may do, fills in what the options leave open,
 * and makes the workers. *sg: packets may take several frames. Asks the kernel, and raises
 * RLIMIT_MEMLOCK where it may. 0 or -errno, logged.
 */
int xs_bouncer_prepare(struct xs_bouncer *b, bool *sg);

/*
 * Once the mode is known: in skb mode the kernel hands on frames that it has merged, which are
 * longer than the MTU. Sets *sg for them, and warns that the kernel does not send them.
 */
void xs_bouncer_expect_merged_frames(struct xs_bouncer *b, bool *sg);

/*
 * Once sockets and map are open. The rest needs only the pins' permissions, and CAP_NET_ADMIN to
 * restore the interface's knobs.
 */
void xs_bouncer_drop_capabilities(struct xs_cli *cli, bool keep_net_admin);

#endif
