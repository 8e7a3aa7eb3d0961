/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a bouncer waits for while its workers work: signals, timers, the link, the workers. */
#ifndef XS_BOUNCER_EVENTS_H
#define XS_BOUNCER_EVENTS_H

#include "bouncer.h"

/* Indices of the descriptors that are waited for. */

/* The events that the xs_events_loop waits for. */
enum xs_source {
	XS_SOURCE_signal,
	XS_SOURCE_interval,
	XS_SOURCE_duration,
	XS_SOURCE_link,
	XS_SOURCE_done,
	XS_SOURCE_listen, /* a successor comes */
	XS_SOURCE_peer, /* it says something */
	XS_SOURCE_keeper, /* never says anything: it has ended */
	XS_SOURCE_MAX
};

/* fd, unless it is none: then -errno of making `what`, logged. */
int xs_events_check_fd(struct xs_cli *cli, int fd, const char *what);

/*
 * Blocks the signals, and reads them from fds[XS_SOURCE_signal] and the context's stop_fd: to
 * be called before there is anything to clean up. 0 or -errno, logged.
 */
int xs_events_open_signals(struct xs_bouncer *b, int fds[XS_SOURCE_MAX]);

/* The timers, what wakes the workers, and the link's state. 0 or -errno, logged. */
int xs_events_open(struct xs_bouncer *b, int fds[XS_SOURCE_MAX]);

/* Wakes every worker that sleeps. Does not block. */
void xs_events_wake_workers(const struct xs_bouncer *b);

/* Keeps with the instance what the sockets have counted so far. */
void xs_events_keep_counts(const struct xs_bouncer *b);

/* Serves all of them until something ends the bouncer: 0 or -errno, logged. Blocks. */
int xs_events_loop(struct xs_bouncer *b, const int fds[XS_SOURCE_MAX]);

#endif
