// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Traces of frames as JSON and as text; see trace_report.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "tools/cli/json.h"
#include "trace_report.h"

int xs_trace_report_begin(struct xs_nfs *nfs, __u32 frames, int chain)
{
	int err = 0;

	for (__u32 q = 0; !err && q < nfs->engine_cnt; q++) {
		struct xs_engine *e = nfs->engines[q];

		pthread_mutex_lock(&e->lock);
		err = xs_engine_trace(e, frames, chain);
		pthread_mutex_unlock(&e->lock);
	}
	return err;
}

/* ---- as JSON ---- */

static const char *const verdicts[] = {
	[XSNF_NEXT] = "next", [XSNF_DROP] = "drop", [XSNF_TX] = "tx"
};

static void add_verdict(json_t *object, const struct xs_service *service,
			const struct xs_trace_point *point)
{
	bool named = point->value >= 0 && point->value < (int)service->exit_cnt;

	if (point->what == XS_TRACE_returned) {
		json_object_set_new(object, "verdict", json_string(verdicts[point->value]));
		return;
	}
	json_object_set_new(object, "verdict", json_string("exit"));
	json_object_set_new(object, "exit",
			    named ? json_string(service->exits[point->value]) : json_null());
}

static json_t *json_point(const struct xs_chains *chains, const struct xs_trace_point *point)
{
	static const char *const names[] = {
		[XS_TRACE_given] = "given",	  [XS_TRACE_returned] = "returned",
		[XS_TRACE_exit] = "returned",	  [XS_TRACE_waiting] = "waiting",
		[XS_TRACE_bypassed] = "bypassed", [XS_TRACE_survived] = "survived",
		[XS_TRACE_lost] = "lost",
	};
	const struct xs_service *service = &chains->services[point->service];
	double us = (double)point->at_ns / 1e3;
	json_t *object;

	if (point->what == XS_TRACE_ended)
		return json_pack("{s:f, s:s}", "us", us, "event",
				 point->value == XS_TO_tx ? "tx" : "drop");
	object = json_pack("{s:f, s:s, s:s}", "us", us, "event", names[point->what], "service",
			   service->name);
	if (point->what == XS_TRACE_given)
		json_object_set_new(object, "instance", json_integer(point->value));
	else if (point->what == XS_TRACE_returned || point->what == XS_TRACE_exit)
		add_verdict(object, service, point);
	else if (point->what == XS_TRACE_lost)
		json_object_set_new(object, "why", json_string(xs_loss_names[point->value]));
	return object;
}

/* From which address to which, as the frame entered. Nothing if it is not IP. */
static void add_addresses(json_t *object, struct xs_traced *frame)
{
	const struct xsnf_packet packet = { .data = frame->head,
					    .len = frame->head_len,
					    .rest = (__u16)(frame->len - frame->head_len) };
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	struct xsnf_headers h;
	int family;

	if (!xsnf_parse(&packet, &h))
		return;
	family = h.version == 4 ? AF_INET : AF_INET6;
	inet_ntop(family, &h.saddr, from, sizeof(from));
	inet_ntop(family, &h.daddr, to, sizeof(to));
	json_object_update_new(object, json_pack("{s:s, s:s, s:i}", "from", from, "to", to,
						 "protocol", h.l4proto));
	if (h.sport || h.dport)
		json_object_update_new(object,
				       json_pack("{s:i, s:i}", "sport", h.sport, "dport", h.dport));
}

static json_t *json_frame(const struct xs_chains *chains, __u32 queue, struct xs_traced *frame)
{
	json_t *points = json_array(), *object;

	for (__u32 i = 0; i < frame->cnt; i++)
		json_array_append_new(points, json_point(chains, &frame->points[i]));
	object = json_pack("{s:I, s:s, s:i, s:i, s:I, s:b}", "entered_ns",
			   (json_int_t)frame->entered_ns, "chain",
			   chains->chains[frame->chain].name, "queue", queue, "length", frame->len,
			   "flow_hash", (json_int_t)frame->hash, "done", frame->done);
	add_addresses(object, frame);
	json_object_set_new(object, "way", points);
	return object;
}

static __u32 add_frames(const struct xs_nfs *nfs, struct xs_engine *e, __u32 queue, json_t *frames)
{
	struct xs_trace *copy = malloc(sizeof(*copy));
	__u32 done = 0;

	if (!copy)
		return 0;
	copy->begun = 0;
	pthread_mutex_lock(&e->lock);
	if (e->trace)
		*copy = *e->trace;
	pthread_mutex_unlock(&e->lock);
	for (__u32 i = 0; i < copy->begun; i++) {
		done += copy->frames[i].done;
		json_array_append_new(frames, json_frame(nfs->chains, queue, &copy->frames[i]));
	}
	free(copy);
	return done;
}

json_t *xs_trace_report_json(struct xs_nfs *nfs, const __u32 *queues)
{
	json_t *frames = json_array();
	__u32 done = 0;

	for (__u32 q = 0; q < nfs->engine_cnt; q++)
		done += add_frames(nfs, nfs->engines[q], queues[q], frames);
	return json_pack("{s:i, s:o}", "done", done, "frames", frames);
}

/* ---- as text ---- */

static void print_head(const json_t *frame)
{
	printf("%s, queue %lld, %lld bytes", xs_json_string(frame, "chain"),
	       xs_json_number(frame, "queue"), xs_json_number(frame, "length"));
	if (!json_object_get(frame, "from")) {
		printf(", not IP\n");
		return;
	}
	printf(", %s", xs_json_string(frame, "from"));
	if (json_object_get(frame, "sport"))
		printf(" port %lld", xs_json_number(frame, "sport"));
	printf(" > %s", xs_json_string(frame, "to"));
	if (json_object_get(frame, "dport"))
		printf(" port %lld", xs_json_number(frame, "dport"));
	printf(", protocol %lld\n", xs_json_number(frame, "protocol"));
}

static void print_point(const json_t *point)
{
	const char *event = xs_json_string(point, "event"),
		   *service = xs_json_string(point, "service");

	printf("%12.1f us  ", json_real_value(json_object_get(point, "us")));
	if (!strcmp(event, "given"))
		printf("to %s/%lld\n", service, xs_json_number(point, "instance"));
	else if (!strcmp(event, "returned") && json_object_get(point, "exit"))
		printf("from %s: exit %s\n", service, xs_json_string(point, "exit"));
	else if (!strcmp(event, "returned"))
		printf("from %s: %s\n", service, xs_json_string(point, "verdict"));
	else if (!strcmp(event, "lost"))
		printf("lost at %s: %s\n", service, xs_json_string(point, "why"));
	else if (!strcmp(event, "waiting"))
		printf("waits for %s\n", service);
	else if (!strcmp(event, "bypassed"))
		printf("goes past %s\n", service);
	else if (!strcmp(event, "survived"))
		printf("goes on, although %s died\n", service);
	else
		printf("%s\n", event);
}

void xs_trace_report_print(const json_t *frames)
{
	json_t *frame, *point;
	size_t i, p;

	json_array_foreach(frames, i, frame)
	{
		print_head(frame);
		json_array_foreach(json_object_get(frame, "way"), p, point)
		{
			print_point(point);
		}
		if (!json_is_true(json_object_get(frame, "done")))
			printf("%16s  it is still there\n", "");
	}
}
