// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Network functions when another version of the chains comes into force; see nfs.h. */
#include <stdio.h>
#include <string.h>

#include "nf_life.h"

/* What cannot change for an NF: which memory it maps, and the size of its rings. */
static bool is_same_kind(const struct xs_service *now, const struct xs_service *next)
{
	return now->readonly == next->readonly && now->tap == next->tap &&
	       now->ring == next->ring && !strcmp(now->domain, next->domain);
}

bool xs_nfs_may_apply(const struct xs_nfs *nfs, const struct xs_chains *chains, char *why,
		      size_t why_bytes)
{
	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *nf = &nfs->nfs[i];

		if (!xs_nf_is_there(nf) || nf->state == XS_NF_new ||
		    is_same_kind(&nfs->chains->services[nf->service],
				 &chains->services[nf->service]))
			continue;
		snprintf(why, why_bytes,
			 "service %s has other memory or rings in the file, "
			 "and processes that use them: drain it first",
			 xs_nf_name(nfs, nf));
		return false;
	}
	return true;
}

static bool is_in_a_chain(const struct xs_chains *chains, __u32 service)
{
	for (__u32 c = 0; c < chains->chain_cnt; c++) {
		const struct xs_chain *chain = &chains->chains[c];

		if (xs_chain_step_of(chain, service) >= 0)
			return true;
		for (__u32 t = 0; t < chain->tap_cnt; t++)
			if (chain->taps[t].service == service)
				return true;
	}
	return false;
}

static void rebind_exits(struct xs_nfs *nfs, const struct xs_nf *nf)
{
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		xs_nf_bind_exits(nf, &nfs->chains->services[nf->service], nf->ports[q]);
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
}

void xs_nfs_apply(struct xs_nfs *nfs, const struct xs_chains *chains)
{
	nfs->chains = chains;
	for (int i = 0; i < XS_NFS_MAX; i++) {
		struct xs_nf *nf = &nfs->nfs[i];

		if (!xs_nf_is_there(nf) || nf->state == XS_NF_new)
			continue;
		rebind_exits(nfs, nf);
		if (!is_in_a_chain(chains, nf->service))
			xs_nf_begin_draining(nfs, nf);
	}
}
