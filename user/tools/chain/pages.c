// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Whether the memory of the frames is still the one that the kernel has pinned: a network function
 * that may write there can also take pages out of it. See broker.h.
 */
#include <errno.h>

#include "broker.h"

static bool may_write_frames(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	const struct xs_service *service = &nfs->chains->services[nf->service];

	return nf->pidfd >= 0 && nf->state != XS_NF_new && !service->readonly && !service->tap &&
	       !service->domain[0];
}

/* Nobody can tell which of them it was, and none can put the pages back. */
static void name_suspects(const struct xs_nfs *nfs)
{
	for (int i = 0; i < XS_NFS_MAX; i++)
		if (may_write_frames(nfs, &nfs->nfs[i]))
			xs_warn(nfs->ctx, "%s/%u (process %d) may write there",
				nfs->chains->services[nfs->nfs[i].service].name,
				nfs->nfs[i].instance, nfs->nfs[i].pid);
}

int xs_broker_check_pages(struct xs_broker *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++) {
		if (!xs_memory_has_lost_pages(&b->workers[i].memory))
			continue;
		xs_err(b->cli->ctx,
		       "%s queue %u: a network function took pages out of the frames' memory, so "
		       "that what functions see is no longer what is received and sent: "
		       "'xsteer-chain exec' starts functions that cannot do that",
		       b->netif.name, b->workers[i].queue);
		name_suspects(&b->nfs);
		return -ESTALE;
	}
	return 0;
}
