// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Events of brokers and their chains; see chain_events.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain_events.h"
#include "lib/base/clock.h"
#include "lib/base/number.h"
#include "lib/base/ran_out.h"
#include "tools/brokers/find.h"
#include "tools/cli/json.h"

#define X(name) static const char name[] = #name;
XS_BROKERS_EVENTS(X)
#undef X

#define ANSWER_MS 1000
#define AGAIN_NS 5000000000ull

struct xs_broker_seen {
	char path[XS_CONTROL_PATH_MAX]; /* of its control socket */
	bool known; /* it has answered, and serves an interface that is watched */
	bool there; /* in the present look */
	bool warned;
	__u64 again_ns; /* not asked before this time */
	char *ifname, *socket;
	json_int_t pid, started; /* which broker it was */
	json_int_t last; /* number of the last event that was told */
};

struct looking {
	struct xs_brokers_seen *seen;
	xs_chain_event_fn tell;
	void *arg;
};

/* ---- brokers ---- */

static void tell_broker(const struct looking *to, const struct xs_broker_seen *broker,
			const char *name)
{
	json_t *details = json_pack("{s:I, s:s}", "pid", broker->pid, "socket", broker->socket);
	struct xs_chain_event event = { .ifname = broker->ifname,
					.name = name,
					.details = details };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	event.time = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	snprintf(event.text, sizeof(event.text), "pid %lld, %s", broker->pid, broker->socket);
	to->tell(&event, to->arg);
	json_decref(details);
}

static void forget(struct xs_broker_seen *broker)
{
	free(broker->ifname);
	free(broker->socket);
	broker->ifname = broker->socket = NULL;
	broker->known = false;
}

static void tell_end(const struct looking *to, struct xs_broker_seen *broker, const char *name)
{
	if (!broker->known)
		return;
	tell_broker(to, broker, name);
	forget(broker);
}

/* False: out of memory. */
static bool remember(struct xs_broker_seen *broker, const json_t *answer)
{
	forget(broker);
	broker->ifname = strdup(xs_json_string(answer, "interface"));
	broker->socket = strdup(xs_json_string(answer, "socket"));
	broker->pid = xs_json_number(answer, "pid");
	broker->started = xs_json_number(answer, "started");
	broker->last = 0;
	broker->known = broker->ifname && broker->socket;
	if (!broker->known)
		forget(broker);
	return broker->known;
}

static bool is_same(const struct xs_broker_seen *broker, const json_t *answer)
{
	return broker->known && broker->pid == xs_json_number(answer, "pid") &&
	       broker->started == xs_json_number(answer, "started");
}

/* ---- what they tell ---- */

static void describe(const json_t *event, char *to, size_t bytes)
{
	const json_t *frames = json_object_get(event, "frames");
	const char *why = xs_json_string(event, "why");
	int len;

	if (json_object_get(event, "applied")) {
		snprintf(to, bytes, "version %lld", xs_json_number(event, "applied") + 1);
		return;
	}
	len = snprintf(to, bytes, "%s/%lld, pid %lld", xs_json_string(event, "service"),
		       xs_json_number(event, "instance"), xs_json_number(event, "pid"));
	if (frames)
		snprintf(to + len, bytes - (size_t)len, ", with %lld frame%s",
			 json_integer_value(frames), xs_s((__u64)json_integer_value(frames)));
	else if (why[0])
		snprintf(to + len, bytes - (size_t)len, ": %s", why);
}

static void tell_event(const struct looking *to, const struct xs_broker_seen *broker,
		       const json_t *object)
{
	json_t *details = json_deep_copy(object);
	struct xs_chain_event event = { .ifname = broker->ifname,
					.name = xs_json_string(object, "event"),
					.time = json_real_value(json_object_get(object, "time")),
					.details = details };

	json_object_del(details, "time");
	json_object_del(details, "event");
	describe(object, event.text, sizeof(event.text));
	to->tell(&event, to->arg);
	json_decref(details);
}

static void tell_events(const struct looking *to, struct xs_broker_seen *broker,
			const json_t *answer)
{
	json_int_t missed = xs_json_number(answer, "missed");
	json_t *event;
	size_t i;

	if (missed)
		xs_warn(to->seen->ctx,
			"%s: %lld events of its broker came faster than they were read",
			broker->ifname, missed);
	json_array_foreach(json_object_get(answer, "events"), i, event)
	{
		tell_event(to, broker, event);
	}
	broker->last = xs_json_number(answer, "last");
}

/* ---- a look ---- */

/* What is wrong with one broker says nothing about others, and may pass. */
static void warn(const struct looking *to, struct xs_broker_seen *broker, int err)
{
	if (err == -EAGAIN)
		broker->again_ns = xs_monotonic_ns() + AGAIN_NS;
	if (!broker->warned && !xs_ran_out(err))
		xs_warn(to->seen->ctx, "nothing is told of its chains: %s",
			xsteer_ctx_error(to->seen->quiet));
	broker->warned = true;
}

/* `after` < 0: only the number of the last one. */
static int ask(const struct looking *to, const struct xs_broker_seen *broker, json_int_t after,
	       json_t **answer)
{
	json_t *request = json_pack("{s:s}", "command", "events");

	if (after >= 0)
		json_object_set_new(request, "after", json_integer(after));
	return xs_control_ask_for(to->seen->quiet, broker->path, ANSWER_MS, request, answer);
}

static bool is_wanted(const struct looking *to, const json_t *answer)
{
	__u32 only = to->seen->only;

	return xs_broker_is_of_here(answer) && (!only || only == xs_json_number(answer, "ifindex"));
}

static void begin(const struct looking *to, struct xs_broker_seen *broker, const json_t *answer,
		  const char *name)
{
	if (!is_wanted(to, answer) || !remember(broker, answer))
		return;
	tell_broker(to, broker, name);
	tell_events(to, broker, answer);
}

static void go_on(const struct looking *to, struct xs_broker_seen *broker, const json_t *answer)
{
	free(broker->ifname); /* it may have another name by now */
	broker->ifname = strdup(xs_json_string(answer, "interface"));
	if (broker->ifname)
		tell_events(to, broker, answer);
	else
		forget(broker);
}

/* Another one took its place between two looks, however the first one ended. */
static void change(const struct looking *to, struct xs_broker_seen *broker)
{
	json_t *answer;

	tell_end(to, broker, broker_left);
	if (ask(to, broker, 0, &answer))
		return; /* the next look finds it */
	begin(to, broker, answer, broker_came);
	json_decref(answer);
}

static struct xs_broker_seen *row_of(struct xs_brokers_seen *seen, const char *path)
{
	struct xs_broker_seen *rows, *row;

	for (__u32 i = 0; i < seen->cnt; i++)
		if (!strcmp(seen->rows[i].path, path))
			return &seen->rows[i];
	rows = realloc(seen->rows, (seen->cnt + 1) * sizeof(*rows));
	if (!rows)
		return NULL;
	seen->rows = rows;
	row = &rows[seen->cnt++];
	*row = (struct xs_broker_seen){};
	snprintf(row->path, sizeof(row->path), "%s", path);
	return row;
}

/* What a broker did before it was first seen is told only if it came while this watched. */
static json_int_t told_until(const struct looking *to, const struct xs_broker_seen *broker)
{
	if (broker->known)
		return broker->last;
	return to->seen->begun && !broker->warned ? 0 : -1;
}

static void take(const struct looking *to, struct xs_broker_seen *broker, const json_t *answer,
		 bool came)
{
	if (is_same(broker, answer))
		go_on(to, broker, answer);
	else if (broker->known)
		change(to, broker);
	else
		begin(to, broker, answer, came ? broker_came : broker_present);
}

static int look_at(const char *path, void *arg)
{
	const struct looking *to = arg;
	struct xs_broker_seen *broker = row_of(to->seen, path);
	json_int_t after;
	json_t *answer;
	int err;

	if (!broker)
		return -ENOMEM;
	broker->there = true;
	if (broker->again_ns > xs_monotonic_ns())
		return 0;
	after = told_until(to, broker);
	err = ask(to, broker, after, &answer);
	if (err == -ECONNREFUSED)
		tell_end(to, broker, broker_died);
	else if (err == -ENOENT)
		tell_end(to, broker, broker_left);
	else if (err && err != -ECONNRESET) /* that one is about to end */
		warn(to, broker, err);
	if (err)
		return 0;
	broker->warned = false;
	take(to, broker, answer, after >= 0);
	json_decref(answer);
	return 0;
}

static void drop_gone(const struct looking *to)
{
	struct xs_brokers_seen *seen = to->seen;
	__u32 kept = 0;

	for (__u32 i = 0; i < seen->cnt; i++) {
		struct xs_broker_seen *broker = &seen->rows[i];

		if (!broker->there) {
			tell_end(to, broker, broker_left);
			continue;
		}
		broker->there = false;
		seen->rows[kept++] = *broker;
	}
	seen->cnt = kept;
}

void xs_brokers_look(struct xs_brokers_seen *seen, xs_chain_event_fn tell, void *arg)
{
	struct looking to = { .seen = seen, .tell = tell, .arg = arg };
	int err = xs_each_broker(seen->quiet, look_at, &to);

	if (err && !seen->blind && !xs_ran_out(err))
		xs_warn(seen->ctx, "nothing is told of chains: %s", xsteer_ctx_error(seen->quiet));
	seen->blind = err && !xs_ran_out(err);
	if (err)
		return;
	drop_gone(&to);
	seen->begun = true;
}

void xs_brokers_forget(struct xs_brokers_seen *seen)
{
	for (__u32 i = 0; i < seen->cnt; i++)
		forget(&seen->rows[i]);
	free(seen->rows);
	seen->rows = NULL;
	seen->cnt = 0;
}
