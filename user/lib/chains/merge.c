// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One version of a chain file in place of another; see chains.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chains.h"

struct merge {
	const struct xs_chains *now, *next;
	struct xs_chains *out;
	__u32 service_of[XS_SERVICES_MAX]; /* a service of next -> of out */
	__s8 exit_of[XS_SERVICES_MAX][XS_SERVICE_EXITS_MAX]; /* likewise its exits */
	char *why;
	size_t why_bytes;
};

static int __attribute__((format(printf, 2, 3))) refuse(const struct merge *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(m->why, m->why_bytes, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* An exit keeps its index, even if the next version does not name it. */
static int merge_exits(struct merge *m, __u32 from, struct xs_service *service)
{
	const struct xs_service *next = &m->next->services[from];

	for (__u32 i = 0; i < next->exit_cnt; i++) {
		int at = xs_service_exit(service, next->exits[i]);

		if (at < 0 && service->exit_cnt == XS_SERVICE_EXITS_MAX)
			return refuse(
				m, "service %s has had more than %d exits: start the broker again",
				service->name, XS_SERVICE_EXITS_MAX);
		if (at < 0) {
			at = (int)service->exit_cnt++;
			memcpy(service->exits[at], next->exits[i], XS_CHAIN_NAME_MAX);
		}
		service->exit_to[at] = next->exit_to[i];
		m->exit_of[from][i] = (__s8)at;
	}
	return 0;
}

static int merge_service(struct merge *m, __u32 from)
{
	const struct xs_service *next = &m->next->services[from];
	int at = xs_chains_service(m->out, next->name);
	struct xs_service *service, old = {};

	if (at < 0 && m->out->service_cnt == XS_SERVICES_MAX)
		return refuse(m, "there have been more than %d services: start the broker again",
			      XS_SERVICES_MAX);
	if (at < 0)
		at = (int)m->out->service_cnt++;
	else
		old = m->out->services[at];
	service = &m->out->services[at];
	m->service_of[from] = (__u32)at;
	*service = *next;
	service->exit_cnt = old.exit_cnt;
	memcpy(service->exits, old.exits, sizeof(service->exits));
	for (int i = 0; i < XS_SERVICE_EXITS_MAX; i++)
		service->exit_to[i] = XS_TO_nowhere;
	return merge_exits(m, from, service);
}

static void merge_steps(const struct merge *m, struct xs_chain *chain)
{
	for (__u32 s = 0; s < chain->step_cnt; s++) {
		struct xs_step *step = &chain->steps[s];
		const struct xs_step old = *step;

		step->service = m->service_of[old.service];
		for (int i = 0; i < XS_SERVICE_EXITS_MAX; i++)
			step->exits[i] = XS_TO_nowhere;
		for (__u32 i = 0; i < m->next->services[old.service].exit_cnt; i++)
			step->exits[m->exit_of[old.service][i]] = old.exits[i];
	}
	for (__u32 t = 0; t < chain->tap_cnt; t++)
		chain->taps[t].service = m->service_of[chain->taps[t].service];
}

static int merge_chain(struct merge *m, __u32 at)
{
	const char *name = m->now->chains[at].name;
	int from = xs_chains_chain(m->next, name);

	if (from < 0)
		return refuse(m,
			      "chain %s is not in the file: "
			      "a broker serves the same chains until it ends: "
			      "start it again to serve others",
			      name);
	m->out->chains[at] = m->next->chains[from];
	merge_steps(m, &m->out->chains[at]);
	return 0;
}

static int find_new_chain(const struct merge *m)
{
	for (__u32 c = 0; c < m->next->chain_cnt; c++)
		if (xs_chains_chain(m->now, m->next->chains[c].name) < 0)
			return refuse(m,
				      "chain %s is new: a broker serves the same chains until it "
				      "ends: start it again to serve others",
				      m->next->chains[c].name);
	return 0;
}

int xs_chains_merge(const struct xs_chains *now, const struct xs_chains *next,
		    struct xs_chains *out, char *why, size_t why_bytes)
{
	struct merge m = {
		.now = now, .next = next, .out = out, .why = why, .why_bytes = why_bytes
	};
	int err = find_new_chain(&m);

	*out = *now;
	for (__u32 i = 0; !err && i < next->service_cnt; i++)
		err = merge_service(&m, i);
	for (__u32 c = 0; !err && c < now->chain_cnt; c++)
		err = merge_chain(&m, c);
	return err;
}
