/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* --busy-poll: the interface's side of it. */
#ifndef XS_BOUNCER_BUSY_H
#define XS_BOUNCER_BUSY_H

#include <stdbool.h>

#include "maps/xsteer.h"
#include "worker.h"

/* What --busy-poll changed at the interface and must be restored. */
struct xs_busy {
	bool wanted; /* by a socket that may poll, now or when its NAPI is known */
	bool turned; /* the interface's knobs */
	struct xs_knobs own; /* without an instance, that would have a record of it */
};

/*
 * Says for each open socket whether busy-polling has an effect, and if so sets the
 * interface's knobs. Needs CAP_NET_ADMIN, then and when stopping.
 */
void xs_busy_start(struct xs_bouncer *bouncer);
void xs_busy_update(struct xs_bouncer *bouncer);

/*
 * Called by a worker with busy_later once it has received something: some kernels tell
 * the NAPI only then.
 */
void xs_busy_recheck(struct xs_worker *worker);

/* While the bouncer has its slots: puts the knobs back, unless another polls there. */
void xs_busy_stop(struct xs_bouncer *bouncer);

#endif
