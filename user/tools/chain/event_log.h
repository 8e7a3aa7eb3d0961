/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What has happened to a broker's network functions and chains, kept for those who ask
 * every now and then. One thread writes and reads.
 */
#ifndef XS_CHAIN_EVENT_LOG_H
#define XS_CHAIN_EVENT_LOG_H

#include <jansson.h>
#include <linux/types.h>

#define XS_EVENTS_KEPT 256

#define XS_BROKER_EVENTS(X) \
	X(nf_joined) \
	X(nf_left) /* it was told to stop, or wanted to, and holds nothing */ \
	X(nf_died) /* with `frames` that it held */ \
	X(nf_quarantined) /* cut off, and killed if that is allowed */ \
	X(chains_applied) /* another version of them */

enum xs_broker_event_kind {
#define X(name) XS_BROKER_##name,
	XS_BROKER_EVENTS(X)
#undef X
};

struct xs_broker_event {
	enum xs_broker_event_kind kind;
	double time; /* seconds since 1970; set by xs_event_log_add() */
	char service[32]; /* of nf_*, like the next three */
	__u32 instance, frames;
	int pid;
	char why[96]; /* of nf_quarantined */
	__u32 version; /* of chains_applied: number of versions after the first */
};

struct xs_event_log {
	struct xs_broker_event events[XS_EVENTS_KEPT];
	__u64 cnt; /* since the broker started; the last ones are kept */
};

/* Copies the event. */
void xs_event_log_add(struct xs_event_log *log, const struct xs_broker_event *event);
/*
 * {"last": number of the last event, "missed": how many after `after` are not kept any more,
 * "events": the others after it}. The first event of a broker is number 1.
 */
json_t *xs_event_log_json(const struct xs_event_log *log, __u64 after);

#endif
