// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a broker reports about itself, at its end and when it is asked; see broker.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/instance/netns.h"
#include "lib/net/identity.h"
#include "lib/xsk/counts.h"
#include "broker.h"
#include "report.h"
#include "trace_report.h"
#include "tools/cli/json.h"

/*
 * Of one chain's socket on one queue. Each receives, the main one sends for all. The kernel
 * tells each how often the fill ring was empty for all of the queue.
 */
static struct xs_socket_counts counts_of(const struct xs_worker *w, const struct xs_entry *entry)
{
	struct xs_socket_counts counts = {};
	struct xdp_statistics stats = {};

	if (entry == w->entries)
		xs_socket_counts_get(&counts, &w->xsk);
	xs_xsk_statistics_of(xs_worker_fd(w, entry), &stats);
	xs_socket_counts_take_kernel(&counts, &stats, w->xsk.mode);
	counts.rx_packets = entry->received;
	counts.rx_unread = entry->unread;
	return counts;
}

struct xs_broker_totals xs_broker_totals(struct xs_broker *b)
{
	struct xs_broker_totals sum = {};

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		const struct xs_worker *w = &b->workers[i];

		pthread_mutex_lock(&w->engine->lock); /* its thread counts under this lock */
		for (__u32 k = 0; k < w->entry_cnt; k++) {
			const struct xs_socket_counts counts = counts_of(w, &w->entries[k]);

			sum.received += counts.rx_packets;
			sum.unread += counts.rx_unread;
			sum.ring_full += counts.rx_ring_full;
			sum.no_frame += counts.no_frame;
			sum.rx_other += counts.rx_other;
			sum.too_long += w->entries[k].too_long;
		}
		sum.sent += w->xsk.counters.tx_packets - w->xsk.counters.tx_lost;
		sum.refused += w->xsk.counters.tx_lost;
		pthread_mutex_unlock(&w->engine->lock);
	}
	return sum;
}

void xs_broker_keep_counts(struct xs_broker *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++) {
		const struct xs_worker *w = &b->workers[i];

		for (__u32 k = 0; k < w->entry_cnt; k++) {
			struct xs_socket_counts counts;

			pthread_mutex_lock(&w->engine->lock);
			counts = counts_of(w, &w->entries[k]);
			pthread_mutex_unlock(&w->engine->lock);
			xs_held_slots_keep_counts(&b->slots, w->queue,
						  b->chains->chains[w->entries[k].chain].name,
						  &counts);
		}
	}
}

/* Where frames came in: a row for each chain and queue. */
static json_t *json_entries(const struct xs_broker *b)
{
	json_t *rows = json_array();

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		pthread_mutex_lock(&b->workers[i].engine->lock);
		for (__u32 k = 0; k < b->workers[i].entry_cnt; k++) {
			const struct xs_entry *entry = &b->workers[i].entries[k];

			json_array_append_new(
				rows,
				json_pack("{s:s, s:i, s:I, s:I, s:I}", "chain",
					  b->chains->chains[entry->chain].name, "queue",
					  b->workers[i].queue, "received",
					  (json_int_t)entry->received, "rx_ring_full",
					  (json_int_t)counts_of(&b->workers[i], entry).rx_ring_full,
					  "unread", (json_int_t)entry->unread));
		}
		pthread_mutex_unlock(&b->workers[i].engine->lock);
	}
	return rows;
}

static bool all_huge(const struct xs_broker *b)
{
	for (__u32 i = 0; i < b->worker_cnt; i++)
		if (!b->workers[i].huge)
			return false;
	return true;
}

json_t *xs_broker_json(struct xs_broker *b)
{
	static const char *const waits[] = { [XS_WORKER_poll] = "poll",
					     [XS_WORKER_spin] = "spin",
					     [XS_WORKER_adaptive] = "adaptive" };
	struct xs_broker_totals sum = xs_broker_totals(b);
	json_t *object = xs_report_json(&b->nfs);
	char name[16]; /* of now */

	if (xs_netif_name(b->netif.ifindex, name))
		memcpy(name, b->netif.name, sizeof(name));

	json_object_update_new(
		object,
		json_pack("{s:o, s:s, s:b, s:s?, s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			  "interface", xs_json_text(name), "wait", waits[b->workers[0].wait],
			  "huge", all_huge(b), "xsk_chain",
			  b->takes_xsk ? b->chains->chains[b->first].name : NULL, "queues",
			  b->worker_cnt, "entries", json_entries(b), "received",
			  (json_int_t)sum.received, "sent", (json_int_t)sum.sent,
			  "refused_by_device", (json_int_t)sum.refused, "rx_ring_full",
			  (json_int_t)sum.ring_full, "no_frame", (json_int_t)sum.no_frame,
			  "rx_other", (json_int_t)sum.rx_other, "too_long",
			  (json_int_t)sum.too_long, "unread", (json_int_t)sum.unread));
	return object;
}

/* Whom it serves: for those who look for a broker, see tools/brokers/find.h. */
static json_t *answer_who(const struct xs_broker *b)
{
	struct xs_meta own = {};

	if (xs_netns_set_own(&own))
		return NULL;
	return json_pack("{s:I, s:I, s:I}", "ifindex", (json_int_t)b->netif.ifindex, "netns_inode",
			 (json_int_t)own.netns_inode, "netns_cookie", (json_int_t)own.netns_cookie);
}

/*
 * {"after": N}: the events after the Nth; without it only how many there were. And who says
 * so: another process may have taken this one's place.
 */
static json_t *answer_events(struct xs_broker *b, const json_t *request)
{
	const json_t *after = json_object_get(request, "after");
	json_t *object = answer_who(b);
	char name[16];

	if (!object)
		return NULL;
	if (xs_netif_name(b->netif.ifindex, name))
		memcpy(name, b->netif.name, sizeof(name));
	json_object_update_new(
		object, xs_event_log_json(&b->nfs.log, after ? (__u64)json_integer_value(after)
							     : b->nfs.log.cnt));
	json_object_update_new(object,
			       json_pack("{s:o, s:i, s:I, s:o}", "interface", xs_json_text(name),
					 "pid", getpid(), "started", (json_int_t)b->begin_ns,
					 "socket", xs_json_text(b->path)));
	return object;
}

static json_t *answer_show(struct xs_broker *b)
{
	json_t *object = xs_broker_json(b);

	json_object_update_new(object, json_pack("{s:i, s:o, s:o}", "pid", getpid(), "socket",
						 xs_json_text(b->path), "instances",
						 xs_report_instances(&b->nfs)));
	return object;
}

static json_t *__attribute__((format(printf, 1, 2))) refuse(const char *fmt, ...)
{
	json_t *object;
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	object = text ? json_pack("{s:o}", "error", xs_json_text(text)) : NULL;
	free(text);
	return object;
}

static json_t *answer_drain(struct xs_broker *b, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "service"));
	json_int_t instance = xs_json_number(request, "instance");
	int service = name ? xs_chains_service(b->chains, name) : -1;
	__u32 cnt;

	if (!name || instance < 0 || instance > XS_INSTANCES_MAX)
		return NULL;
	if (service < 0)
		return refuse("no service %s in the chains that are served: "
			      "'xsteer-chain show' lists them",
			      name);
	cnt = xs_nfs_drain(&b->nfs, service, (__u32)instance);
	if (!cnt)
		return instance ? refuse("service %s has no instance %lld that serves: "
					 "'xsteer-chain show' lists them",
					 name, instance)
				: refuse("service %s has no instance that serves", name);
	return json_pack("{s:i}", "draining", cnt);
}

/* {"frames": N, "chain": name, or any}. Who asked before for another trace is told so. */
static json_t *answer_trace(struct xs_broker *b, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "chain"));
	json_int_t frames = xs_json_number(request, "frames");
	int chain = name ? xs_chains_chain(b->chains, name) : -1;

	if (frames < 1 || frames > XS_TRACED_MAX)
		return NULL;
	if (name && chain < 0)
		return refuse("no chain %s in the chains that are served", name);
	if (xs_trace_report_begin(&b->nfs, (__u32)frames, chain))
		return refuse("not enough memory");
	return json_pack("{s:i}", "trace", ++b->traces);
}

static json_t *answer_traced(struct xs_broker *b, const json_t *request)
{
	__u32 queues[XS_CHAIN_QUEUES_MAX];
	json_t *object;
	char name[16];

	if (xs_json_number(request, "trace") != b->traces)
		return refuse("somebody else has begun another trace: try again");
	for (__u32 i = 0; i < b->worker_cnt; i++)
		queues[i] = b->workers[i].queue;
	if (xs_netif_name(b->netif.ifindex, name))
		memcpy(name, b->netif.name, sizeof(name));
	object = xs_trace_report_json(&b->nfs, queues);
	json_object_set_new(object, "interface", xs_json_text(name));
	return object;
}

json_t *xs_broker_answer(void *arg, const json_t *request)
{
	const char *command = json_string_value(json_object_get(request, "command"));
	struct xs_broker *b = arg;

	if (!command)
		return NULL;
	if (!strcmp(command, "show"))
		return answer_show(b);
	if (!strcmp(command, "events"))
		return answer_events(b, request);
	if (!strcmp(command, "trace"))
		return answer_trace(b, request);
	if (!strcmp(command, "traced"))
		return answer_traced(b, request);
	if (!strcmp(command, "who"))
		return answer_who(b);
	if (!strcmp(command, "drain"))
		return answer_drain(b, request);
	if (!strcmp(command, "apply") && json_string_value(json_object_get(request, "text")))
		return xs_broker_apply(b, json_string_value(json_object_get(request, "text")));
	return NULL;
}
