/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What happens to the brokers of this network namespace, and what they tell of their chains
 * and network functions, one event at a time. Prints nothing but warnings.
 */
#ifndef XS_MAPS_CHAIN_EVENTS_H
#define XS_MAPS_CHAIN_EVENTS_H

#include <jansson.h>

#include "lib/base/ctx.h"

/* Beside those that brokers tell (XS_BROKER_EVENTS of xsteer-chain). */
#define XS_BROKERS_EVENTS(X) \
	X(broker_present) /* it was there when the watching began */ \
	X(broker_came) \
	X(broker_left) \
	X(broker_died) /* and left its path behind */

struct xs_chain_event {
	double time; /* seconds since 1970 */
	const char *ifname; /* as JSON has it: escaped */
	const char *name; /* broker_came, nf_joined, ... */
	const json_t *details; /* more keys of the event's object */
	char text[256]; /* the same for people */
};

typedef void (*xs_chain_event_fn)(const struct xs_chain_event *event, void *arg);

struct xs_broker_seen;

struct xs_brokers_seen {
	struct xsteer_ctx *ctx; /* gets warnings */
	struct xsteer_ctx *quiet;
	__u32 only; /* an interface's index; 0: all */
	bool begun; /* brokers that are there from now on have come */
	bool blind; /* it may not look, which has been said */
	struct xs_broker_seen *rows;
	__u32 cnt;
};

/*
 * Asks each broker, and tells what has happened since the last call; at the first only which
 * brokers are there. Waits up to a second for one that does not answer, and asks it again
 * five seconds later.
 */
void xs_brokers_look(struct xs_brokers_seen *seen, xs_chain_event_fn tell, void *arg);
void xs_brokers_forget(struct xs_brokers_seen *seen);

#endif
