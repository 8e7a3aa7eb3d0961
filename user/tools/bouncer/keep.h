/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A worker's end of --keeper: what it tells the process that goes on if it is killed. */
#ifndef XS_BOUNCER_KEEP_H
#define XS_BOUNCER_KEEP_H

#include "hand.h"

struct xs_bouncer;

/* What is kept of all queues: the message XS_HAND_keep. */
void xs_keep_describe(const struct xs_bouncer *b, union xs_hand_msg *msg);

/*
 * Gives the keeper every descriptor that another process needs to go on. Where the kernel lets
 * nobody map a bound socket's rings, gives none and says so. Without a keeper a service manager gets
 * them, if there is one (store.h). 0 or
 * -errno, logged.
 */
int xs_keep_give(struct xs_bouncer *b);

/* A message without content. 0, also without a keeper; or -errno, silently. */
int xs_keep_say(const struct xs_bouncer *b, enum xs_hand_type type);

/* The keeper has ended: says so. */
void xs_keep_lost(struct xs_bouncer *b);

#endif
