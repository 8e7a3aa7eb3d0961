// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The chains of one instance, sampled repeatedly; see watched_chains.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/brokers/serving.h"
#include "tools/cli/json.h"
#include "watched_chains.h"

#define ANSWER_MS 500 /* the screen stands still meanwhile */

static struct xs_step_row *one_more(struct xs_watched_chains *chains, const json_t *account,
				    const char *chain, const char *service)
{
	struct xs_step_row *more = realloc(chains->rows, (chains->cnt + 1) * sizeof(*more));

	if (!more)
		return NULL;
	chains->rows = more;
	more += chains->cnt++;
	*more = (struct xs_step_row){ .pid = xs_json_number(account, "pid") };
	snprintf(more->chain, sizeof(more->chain), "%s", chain);
	snprintf(more->service, sizeof(more->service), "%s", service);
	return more;
}

/* ---- what an account says ---- */

/* All queues. What the chain does not take in time is lost in the RX rings of its sockets. */
static int add_entry(struct xs_watched_chains *chains, const json_t *account, const json_t *chain)
{
	const char *name = xs_json_string(chain, "name");
	struct xs_step_row *row = one_more(chains, account, name, "");
	json_t *entry;
	size_t i;

	if (!row)
		return -ENOMEM;
	row->in = (__u64)xs_json_number(chain, "entered");
	row->held = (__u32)xs_json_number(chain, "inside");
	json_array_foreach(json_object_get(account, "entries"), i, entry)
	{
		if (!strcmp(xs_json_string(entry, "chain"), name))
			row->lost += (__u64)xs_json_number(entry, "rx_ring_full");
	}
	return 0;
}

static __u32 count_serving(const json_t *account, const char *service)
{
	__u32 cnt = 0;
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(account, "instances"), i, one)
	{
		cnt += !strcmp(xs_json_string(one, "service"), service) &&
		       !strcmp(xs_json_string(one, "state"), "serving");
	}
	return cnt;
}

static int add_hop(struct xs_watched_chains *chains, const json_t *account, const json_t *chain,
		   const json_t *hop)
{
	const json_t *latency = json_object_get(hop, "latency");
	const char *service = xs_json_string(hop, "service"), *cause;
	struct xs_step_row *row = one_more(chains, account, xs_json_string(chain, "name"), service);
	json_t *lost;

	if (!row)
		return -ENOMEM;
	row->in = (__u64)xs_json_number(hop, "in");
	json_object_foreach(json_object_get(hop, "lost"), cause, lost)
	{
		row->lost += (__u64)json_integer_value(lost);
	}
	row->held = (__u32)xs_json_number(hop, "held");
	row->waiting = (__u32)xs_json_number(hop, "waiting");
	row->nfs = count_serving(account, service);
	row->timed = xs_json_number(latency, "frames") > 0;
	row->p50_us = (double)xs_json_number(latency, "p50_ns") / 1e3;
	row->p99_us = (double)xs_json_number(latency, "p99_ns") / 1e3;
	row->max_us = (double)xs_json_number(latency, "max_ns") / 1e3;
	return 0;
}

static int add_account(struct xs_watched_chains *chains, const json_t *account)
{
	json_t *chain, *hop;
	size_t c, s;
	int err = 0;

	json_array_foreach(json_object_get(account, "chains"), c, chain)
	{
		err = err ? err : add_entry(chains, account, chain);
		json_array_foreach(json_object_get(chain, "hops"), s, hop)
		{
			err = err ? err : add_hop(chains, account, chain, hop);
		}
	}
	return err;
}

/* ---- from one sample to the next ---- */

static const struct xs_step_row *row_before(const struct xs_watched_chains *before,
					    const struct xs_step_row *row)
{
	for (__u32 i = 0; i < before->cnt; i++) {
		const struct xs_step_row *was = &before->rows[i];

		if (was->pid == row->pid && !strcmp(was->chain, row->chain) &&
		    !strcmp(was->service, row->service))
			return was;
	}
	return NULL;
}

static void compare(struct xs_watched_chains *chains, const struct xs_watched_chains *before,
		    double seconds)
{
	for (__u32 i = 0; i < chains->cnt; i++) {
		struct xs_step_row *row = &chains->rows[i];
		const struct xs_step_row *was = row_before(before, row);

		if (!was)
			continue;
		memcpy(row->history, was->history + 1, (XS_HISTORY - 1) * sizeof(*row->history));
		/* A step that was removed from its chain and put back counts from 0. */
		if (row->in >= was->in)
			row->history[XS_HISTORY - 1] =
				(float)((double)(row->in - was->in) / seconds);
		if (row->lost >= was->lost)
			row->lost_rate = (double)(row->lost - was->lost) / seconds;
	}
}

int xs_watched_chains_sample(struct xs_watched_chains *chains, const struct xs_pins *pins,
			     double seconds)
{
	const __u32 ifindex = pins->meta.ifindex;
	struct xs_watched_chains now = { .begun = true };
	json_t *accounts = json_array(), *account;
	int err = xs_brokers_ask(pins->ctx, &ifindex, 1, ANSWER_MS, accounts), full = 0;
	size_t i;

	if (err)
		snprintf(now.why, sizeof(now.why), "%s", xsteer_ctx_error(pins->ctx));
	json_array_foreach(accounts, i, account)
	{
		full = full ? full : add_account(&now, account);
	}
	json_decref(accounts);
	compare(&now, chains, seconds);
	xs_watched_chains_forget(chains);
	*chains = now;
	return err ? err : full;
}

void xs_watched_chains_forget(struct xs_watched_chains *chains)
{
	free(chains->rows);
	*chains = (struct xs_watched_chains){};
}
