// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The losses of one instance, sampled repeatedly; see watched_losses.h. */
#include <string.h>

#include "lib/instance/failures.h"
#include "lib/net/netif.h"
#include "watched_losses.h"

static int find_between(const struct xs_loss_sources *now, const struct xs_loss_sources *before,
			struct xs_losses *losses)
{
	struct xs_loss_sources since;
	int err = xs_loss_sources_since(now, before, &since);

	if (err)
		return err;
	err = xs_losses_find(&since, false, losses);
	xs_loss_sources_free(&since);
	return err;
}

static void keep_history(struct xs_watched_losses *losses, double seconds)
{
	for (int cause = 0; cause < XS_LOSS_MAX; cause++) {
		float *row = losses->history[cause];

		memmove(row, row + 1, (XS_HISTORY - 1) * sizeof(*row));
		row[XS_HISTORY - 1] = (float)((double)losses->recent.frames[cause] / seconds);
	}
}

static int compare(struct xs_watched_losses *losses, const struct xs_loss_sources *now)
{
	double seconds = now->at - losses->last.at;
	struct xs_losses sum, recent;
	int err = find_between(now, &losses->first, &sum);

	if (err)
		return err;
	err = find_between(now, &losses->last, &recent);
	if (err) {
		xs_losses_free(&sum);
		return err;
	}
	xs_losses_free(&losses->sum);
	xs_losses_free(&losses->recent);
	losses->sum = sum;
	losses->recent = recent;
	losses->compared = true;
	keep_history(losses, seconds > 0 ? seconds : 1);
	return 0;
}

static int begin(struct xs_watched_losses *losses, const struct xs_pins *pins,
		 const struct xs_netif *netif)
{
	char why[256];
	int err;

	/* Before the first sample, so that no loss is in one of them alone. */
	if (xs_failures_open(pins, &losses->trace, why, sizeof(why)))
		losses->trace = NULL;
	err = xs_loss_sources_read(pins, netif, losses->trace, &losses->first);
	if (!err) {
		losses->begun = true;
		losses->since = losses->first.at;
		err = xs_loss_sources_read(pins, netif, losses->trace, &losses->last);
	}
	if (err)
		xs_watched_losses_forget(losses);
	return err;
}

int xs_watched_losses_sample(struct xs_watched_losses *losses, const struct xs_pins *pins,
			     const char *ifname)
{
	struct xs_loss_sources now;
	struct xs_netif netif;
	int err = xs_netif_get(pins->ctx, &netif, ifname);

	if (err)
		return err;
	if (!losses->begun)
		return begin(losses, pins, &netif);
	err = xs_loss_sources_read(pins, &netif, losses->trace, &now);
	if (err)
		return err;
	err = compare(losses, &now);
	if (err) {
		xs_loss_sources_free(&now);
		return err;
	}
	xs_loss_sources_free(&losses->last);
	losses->last = now;
	return 0;
}

void xs_watched_losses_forget(struct xs_watched_losses *losses)
{
	xs_failures_close(losses->trace);
	if (losses->begun) {
		xs_loss_sources_free(&losses->first);
		xs_loss_sources_free(&losses->last);
	}
	xs_losses_free(&losses->sum);
	xs_losses_free(&losses->recent);
	*losses = (struct xs_watched_losses){};
}
