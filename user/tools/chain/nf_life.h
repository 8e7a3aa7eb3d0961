/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What nfs.c, nf_end.c and nfs_apply.c know of one network function's life. */
#ifndef XS_CHAIN_NF_LIFE_H
#define XS_CHAIN_NF_LIFE_H

#include "nfs.h"

static inline const char *xs_nf_name(const struct xs_nfs *nfs, const struct xs_nf *nf)
{
	return nf->state == XS_NF_new ? "?" : nfs->chains->services[nf->service].name;
}

static inline bool xs_nf_is_there(const struct xs_nf *nf)
{
	return nf->pidfd >= 0;
}

static inline void xs_nf_set_state(const struct xs_nfs *nfs, struct xs_nf *nf,
				   enum xs_nf_state state)
{
	nf->state = state;
	nf->since_ns = nfs->checked_ns;
}

/* Keeps the event for those who watch. */
void xs_nf_log(struct xs_nfs *nfs, const struct xs_nf *nf, enum xs_broker_event_kind kind,
	       __u32 frames, const char *why);

/* ---- nf_end.c: each takes the engines' locks ---- */

/* It gets no new flows, and is asked to leave once it has none. */
void xs_nf_begin_draining(struct xs_nfs *nfs, struct xs_nf *nf);
/* It is dead, or may be treated so since it holds nothing. */
void xs_nf_part(struct xs_nfs *nfs, struct xs_nf *nf);
/* Its connection has ended. Waits for its death for a moment. */
void xs_nf_hang_up(struct xs_nfs *nfs, struct xs_nf *nf);
/* Cuts it off and kills it. Its frames stay where they are until its death is certain. */
void xs_nf_quarantine(struct xs_nfs *nfs, struct xs_nf *nf, const char *why);
/* Frees all that it has here, without a word. */
void xs_nf_forget(struct xs_nfs *nfs, struct xs_nf *nf);

#endif
