// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The last events of a broker; see event_log.h. */
#include <time.h>

#include "event_log.h"
#include "tools/cli/json.h"

static const char *const names[] = {
#define X(name) #name,
	XS_BROKER_EVENTS(X)
#undef X
};

void xs_event_log_add(struct xs_event_log *log, const struct xs_broker_event *event)
{
	struct xs_broker_event *kept = &log->events[log->cnt++ % XS_EVENTS_KEPT];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*kept = *event;
	kept->time = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static json_t *json_event(const struct xs_broker_event *event)
{
	json_t *object = json_pack("{s:f, s:s}", "time", event->time, "event", names[event->kind]);

	if (event->kind == XS_BROKER_chains_applied) {
		json_object_set_new(object, "applied", json_integer(event->version));
		return object;
	}
	json_object_set_new(object, "service", xs_json_text(event->service));
	json_object_set_new(object, "instance", json_integer(event->instance));
	json_object_set_new(object, "pid", json_integer(event->pid));
	if (event->kind == XS_BROKER_nf_died)
		json_object_set_new(object, "frames", json_integer(event->frames));
	if (event->kind == XS_BROKER_nf_quarantined)
		json_object_set_new(object, "why", xs_json_text(event->why));
	return object;
}

json_t *xs_event_log_json(const struct xs_event_log *log, __u64 after)
{
	__u64 oldest = log->cnt > XS_EVENTS_KEPT ? log->cnt - XS_EVENTS_KEPT : 0;
	__u64 first = after > oldest ? after : oldest;
	json_t *events = json_array();

	for (__u64 i = first; i < log->cnt; i++)
		json_array_append_new(events, json_event(&log->events[i % XS_EVENTS_KEPT]));
	return json_pack("{s:I, s:I, s:o}", "last", (json_int_t)log->cnt, "missed",
			 (json_int_t)(oldest > after ? oldest - after : 0), "events", events);
}
