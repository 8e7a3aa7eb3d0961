/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the bouncer reports of itself, as text or JSON. */
#ifndef XS_BOUNCER_STATS_H
#define XS_BOUNCER_STATS_H

struct xs_bouncer;

/* All return 0, or -errno if stdout is gone. None blocks. */
int xs_stats_start(struct xs_bouncer *bouncer);
int xs_stats_interval(struct xs_bouncer *bouncer);
int xs_stats_final(struct xs_bouncer *bouncer);

#endif
