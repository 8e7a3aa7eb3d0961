// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where every frame is when the bouncer ends; see audit.h. */
#include <errno.h>

#include "audit.h"
#include "bouncer.h"

static void say_ledger(const struct xs_bouncer *b, const struct xs_worker *w,
		       const struct xs_ledger *l)
{
	xs_info(b->cli->ctx,
		"queue %u: %u frames: %u free, %u in the fill ring, %u with the kernel, "
		"%u received, %u to send, %u being sent, %u completed",
		w->queue, l->total, l->free, l->fill_ring, l->kernel, l->rx, l->tx_ring,
		l->in_flight, l->completed);
	if (l->tx_ring)
		xs_warn(b->cli->ctx,
			"%s queue %u: %u frames were not sent: the link is down or gone",
			b->netif.name, w->queue, l->tx_ring);
}

static int check_ledger(const struct xs_bouncer *b, const struct xs_worker *w,
			const struct xs_ledger *l)
{
	if (l->balanced && !l->in_flight && !l->rx)
		return 0;
	xs_err(b->cli->ctx,
	       "%s queue %u: leak: of %u frames %u are free, %u in the fill ring, "
	       "%u with the kernel, %u received and kept, %u to send, %u sent but never completed, "
	       "%u completed%s",
	       b->netif.name, w->queue, l->total, l->free, l->fill_ring, l->kernel, l->rx,
	       l->tx_ring, l->in_flight, l->completed,
	       l->balanced ? "" : "; the account does not add up");
	return -EUCLEAN;
}

int xs_bouncer_audit(const struct xs_bouncer *b)
{
	int err = 0;
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		struct xs_ledger ledger;
		int leak;

		xs_xsk_ledger(&b->workers[i].xsk, &ledger);
		say_ledger(b, &b->workers[i], &ledger);
		leak = check_ledger(b, &b->workers[i], &ledger);
		err = leak ? leak : err;
	}
	return err;
}
