// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Another version of the chains, put in force while frames come; see broker.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "lib/base/clock.h"
#include "lib/chains/text.h"

#define WAIT_NS 1000000000ull
#define LOOK_US 500

static json_t *__attribute__((format(printf, 1, 2))) refusal(const char *fmt, ...)
{
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return json_pack("{s:s}", "error", why);
}

/* The chains of the file, with the indices of the old version. NULL: *refused says why. */
static struct xs_chains *merge(struct xs_broker *b, const char *text, json_t **refused)
{
	struct xs_chain_findings *findings = calloc(1, sizeof(*findings));
	struct xs_chains *next = malloc(sizeof(*next)), *merged = malloc(sizeof(*merged));
	char why[256] = "not enough memory";
	bool ok = findings && next && merged;

	if (ok && xs_chains_parse(next, text, strlen(text), findings)) {
		const struct xs_chain_finding *first = &findings->findings[0];

		snprintf(why, sizeof(why), "%u:%u: %.200s", first->line, first->column,
			 first->message);
		ok = false;
	}
	ok = ok && !xs_chains_merge(b->chains, next, merged, why, sizeof(why)) &&
	     xs_nfs_may_apply(&b->nfs, merged, why, sizeof(why));
	if (ok && xs_broker_divide_frames(b, merged)) {
		snprintf(why, sizeof(why), "the limits of the file leave too few frames");
		ok = false;
	}
	free(findings);
	free(next);
	if (ok)
		return merged;
	free(merged);
	*refused = refusal("%s", why);
	return NULL;
}

static void set_paused(struct xs_broker *b, bool paused)
{
	for (__u32 i = 0; i < b->worker_cnt; i++) {
		struct xs_engine *e = b->workers[i].engine;

		pthread_mutex_lock(&e->lock);
		e->paused = paused;
		pthread_mutex_unlock(&e->lock);
	}
}

static __u32 count_inside(struct xs_broker *b)
{
	__u32 inside = 0;

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		struct xs_engine *e = b->workers[i].engine;

		pthread_mutex_lock(&e->lock);
		inside += xs_engine_inside(e);
		pthread_mutex_unlock(&e->lock);
	}
	return inside;
}

/* Returns how many frames are still inside: an NF keeps them, or they wait for one. */
static __u32 wait_until_empty(struct xs_broker *b)
{
	__u64 end = xs_monotonic_ns() + WAIT_NS;
	__u32 inside;

	while ((inside = count_inside(b)) && xs_monotonic_ns() < end) {
		usleep(LOOK_US);
		xs_nfs_poll(&b->nfs, xs_monotonic_ns());
	}
	return inside;
}

/* Nothing is inside, and nothing enters. */
static void swap(struct xs_broker *b, struct xs_chains *merged)
{
	for (__u32 i = 0; i < b->worker_cnt; i++) {
		struct xs_engine *e = b->workers[i].engine;

		pthread_mutex_lock(&e->lock);
		xs_engine_apply(e, merged);
		pthread_mutex_unlock(&e->lock);
	}
	xs_nfs_apply(&b->nfs, merged);
	free(b->chains);
	b->chains = merged;
}

json_t *xs_broker_apply(struct xs_broker *b, const char *text)
{
	json_t *answer = NULL;
	struct xs_chains *merged = merge(b, text, &answer);
	char why[256];
	__u32 inside;

	if (!merged)
		return answer;
	set_paused(b, true);
	inside = wait_until_empty(b);
	if (inside) {
		free(merged);
		answer = refusal("%u frame%s still inside after a second: "
				 "a network function keeps what is there, or it waits for one; "
				 "what was served stays",
				 inside, inside == 1 ? " is" : "s are");
	} else if (!xs_nfs_may_apply(&b->nfs, merged, why, sizeof(why))) {
		free(merged); /* one has joined meanwhile */
		answer = refusal("%s", why);
	} else {
		swap(b, merged);
		answer = json_pack("{s:i}", "applied", ++b->applied);
		xs_event_log_add(&b->nfs.log,
				 &(struct xs_broker_event){ .kind = XS_BROKER_chains_applied,
							    .version = b->applied });
	}
	set_paused(b, false);
	return answer;
}
