/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ledger of frames, checked when the bouncer ends. */
#ifndef XS_BOUNCER_AUDIT_H
#define XS_BOUNCER_AUDIT_H

struct xs_bouncer;

/* Checks the ledger of every worker. 0; or -EUCLEAN, logged: a frame is not where it should be. */
int xs_bouncer_audit(const struct xs_bouncer *bouncer);

#endif
