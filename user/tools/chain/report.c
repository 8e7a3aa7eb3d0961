// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The account of a broker as JSON; see report.h. */
#include <string.h>

#include "report.h"

/* The sum for one chain over all queues. */
struct chain_sum {
	struct xs_chain_count count;
	struct xs_hop hops[XS_CHAIN_STEPS_MAX];
};

struct engine_sum {
	__u64 copies, bad, reorder_risk;
};

static void add_hop(struct xs_hop *sum, const struct xs_hop *hop)
{
	sum->in += hop->in;
	sum->next += hop->next;
	sum->tx += hop->tx;
	sum->drop += hop->drop;
	for (int i = 0; i < XS_SERVICE_EXITS_MAX; i++)
		sum->exits[i] += hop->exits[i];
	for (int i = 0; i < XS_LOSS_MAX; i++)
		sum->lost[i] += hop->lost[i];
	sum->bypassed += hop->bypassed;
	sum->survived += hop->survived;
	sum->ns_total += hop->ns_total;
	xs_latency_add(&sum->latency, &hop->latency);
	sum->held += hop->held;
	sum->waiting += hop->waiting;
}

static void add_count(struct xs_chain_count *sum, const struct xs_chain_count *count)
{
	sum->entered += count->entered;
	sum->tx += count->tx;
	sum->drop += count->drop;
	for (int i = 0; i < XS_LOSS_MAX; i++)
		sum->lost[i] += count->lost[i];
	sum->inside += count->inside;
	sum->waiting += count->waiting;
	for (int i = 0; i < XS_CHAIN_TAPS_MAX; i++) {
		sum->taps[i].seen += count->taps[i].seen;
		sum->taps[i].missed += count->taps[i].missed;
		sum->taps[i].multi += count->taps[i].multi;
	}
}

static void sum_chain(struct xs_nfs *nfs, __u32 c, struct chain_sum *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		struct xs_engine *e = nfs->engines[q];

		pthread_mutex_lock(&e->lock);
		add_count(&sum->count, &e->count[c]);
		for (__u32 s = 0; s < nfs->chains->chains[c].step_cnt; s++)
			add_hop(&sum->hops[s], &e->hops[c][s]);
		pthread_mutex_unlock(&e->lock);
	}
}

static struct engine_sum sum_engines(struct xs_nfs *nfs)
{
	struct engine_sum sum = {};

	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		struct xs_engine *e = nfs->engines[q];

		pthread_mutex_lock(&e->lock);
		sum.copies += e->copies;
		sum.bad += e->bad;
		sum.reorder_risk += e->reorder_risk;
		pthread_mutex_unlock(&e->lock);
	}
	return sum;
}

bool xs_report_balanced(struct xs_nfs *nfs)
{
	bool balanced = true;
	char why[256];

	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		struct xs_engine *e = nfs->engines[q];

		pthread_mutex_lock(&e->lock);
		if (!xs_engine_balanced(e, why, sizeof(why))) {
			xs_err(nfs->ctx, "the account does not add up: %s: please report this",
			       why);
			balanced = false;
		}
		pthread_mutex_unlock(&e->lock);
	}
	return balanced;
}

/* ---- JSON ---- */

static json_t *json_lost(const __u64 *lost)
{
	json_t *object = json_object();

	for (int i = 0; i < XS_LOSS_MAX; i++)
		json_object_set_new(object, xs_loss_names[i], json_integer((json_int_t)lost[i]));
	return object;
}

/* Powers of two of nanoseconds, from 1.024 us to 1.07 s, by which a histogram is told. */
enum { FIRST_POWER = 10, LAST_POWER = 30 };

static const struct {
	const char *name;
	double quantile;
} quantiles[] = { { "p50_ns", 0.5 }, { "p90_ns", 0.9 }, { "p99_ns", 0.99 }, { "p99.9_ns", 0.999 } };

static json_t *json_latency(const struct xs_hop *hop)
{
	const struct xs_latency *latency = &hop->latency;
	json_t *buckets = json_array(), *object;

	for (__u32 power = FIRST_POWER; power <= LAST_POWER; power++)
		json_array_append_new(
			buckets, json_pack("{s:I, s:I}", "below_ns", (json_int_t)(1ull << power),
					   "frames", (json_int_t)xs_latency_below(latency, power)));
	object = json_pack("{s:I, s:I, s:I, s:o}", "frames", (json_int_t)latency->count, "sum_ns",
			   (json_int_t)hop->ns_total, "max_ns", (json_int_t)latency->max_ns,
			   "buckets", buckets);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		json_object_set_new(object, quantiles[i].name,
				    json_integer((json_int_t)xs_latency_quantile(
					    latency, quantiles[i].quantile)));
	return object;
}

static double mean_us(const struct xs_hop *hop)
{
	return hop->latency.count ? hop->ns_total / 1e3 / hop->latency.count : 0;
}

static json_t *json_hop(const struct xs_service *service, const struct xs_hop *hop)
{
	json_t *exits = json_object();

	for (__u32 i = 0; i < service->exit_cnt; i++)
		json_object_set_new(exits, service->exits[i],
				    json_integer((json_int_t)hop->exits[i]));
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:i, s:i, s:f, s:f, s:o}", "service",
		service->name, "in", (json_int_t)hop->in, "next", (json_int_t)hop->next, "tx",
		(json_int_t)hop->tx, "drop", (json_int_t)hop->drop, "exits", exits, "lost",
		json_lost(hop->lost), "bypassed", (json_int_t)hop->bypassed, "survived",
		(json_int_t)hop->survived, "held", hop->held, "waiting", hop->waiting, "mean_us",
		mean_us(hop), "max_us", hop->latency.max_ns / 1e3, "latency", json_latency(hop));
}

static json_t *json_chain(struct xs_nfs *nfs, __u32 c)
{
	const struct xs_chain *chain = &nfs->chains->chains[c];
	json_t *hops = json_array(), *taps = json_array();
	struct chain_sum sum;

	sum_chain(nfs, c, &sum);
	for (__u32 s = 0; s < chain->step_cnt; s++)
		json_array_append_new(
			hops,
			json_hop(&nfs->chains->services[chain->steps[s].service], &sum.hops[s]));
	for (__u32 t = 0; t < chain->tap_cnt; t++)
		json_array_append_new(taps,
				      json_pack("{s:s, s:I, s:I, s:I}", "service",
						nfs->chains->services[chain->taps[t].service].name,
						"seen", (json_int_t)sum.count.taps[t].seen,
						"missed", (json_int_t)sum.count.taps[t].missed,
						"multi", (json_int_t)sum.count.taps[t].multi));
	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:i, s:o, s:o}", "name", chain->name, "entered",
			 (json_int_t)sum.count.entered, "tx", (json_int_t)sum.count.tx, "drop",
			 (json_int_t)sum.count.drop, "lost", json_lost(sum.count.lost), "inside",
			 sum.count.inside, "hops", hops, "taps", taps);
}

json_t *xs_report_json(struct xs_nfs *nfs)
{
	struct engine_sum engines = sum_engines(nfs);
	json_t *chains = json_array();

	for (__u32 c = 0; c < nfs->chains->chain_cnt; c++)
		json_array_append_new(chains, json_chain(nfs, c));
	return json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:I, s:I, s:I}", "chains", chains,
			 "nfs", "joined", (json_int_t)nfs->joined, "left", (json_int_t)nfs->left,
			 "died", (json_int_t)nfs->died, "stalled", (json_int_t)nfs->stalled,
			 "cheated", (json_int_t)nfs->cheated, "refused", (json_int_t)nfs->refused,
			 "copies", (json_int_t)engines.copies, "bad_descriptors",
			 (json_int_t)engines.bad, "reorder_risk", (json_int_t)engines.reorder_risk);
}

/* ---- network functions ---- */

static const char *const state_names[] = {
	[XS_NF_new] = "new",	       [XS_NF_offered] = "offered",
	[XS_NF_serving] = "serving",   [XS_NF_draining] = "draining",
	[XS_NF_stopping] = "stopping", [XS_NF_quarantined] = "quarantined",
};

static json_t *json_instance(struct xs_nfs *nfs, const struct xs_nf *nf)
{
	__u64 held = 0, given = 0, taken = 0;

	for (__u32 q = 0; q < nfs->engine_cnt; q++) {
		if (!nf->ports[q])
			continue;
		pthread_mutex_lock(&nfs->engines[q]->lock);
		held += nf->ports[q]->held;
		given += nf->ports[q]->given_total;
		taken += nf->ports[q]->taken_total;
		pthread_mutex_unlock(&nfs->engines[q]->lock);
	}
	return json_pack("{s:s, s:i, s:i, s:s, s:I, s:I, s:I}", "service",
			 nfs->chains->services[nf->service].name, "instance", nf->instance, "pid",
			 nf->pid, "state", state_names[nf->state], "given", (json_int_t)given,
			 "returned", (json_int_t)taken, "held", (json_int_t)held);
}

json_t *xs_report_instances(struct xs_nfs *nfs)
{
	json_t *rows = json_array();

	for (int i = 0; i < XS_NFS_MAX; i++) {
		const struct xs_nf *nf = &nfs->nfs[i];

		if (nf->pidfd >= 0 && nf->state != XS_NF_new)
			json_array_append_new(rows, json_instance(nfs, nf));
	}
	return rows;
}
