// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The accounts of brokers as metrics; see metrics.h. */
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "metrics.h"
#include "tools/cli/json.h"
#include "tools/cli/metrics.h"

/* Where the lines of a family go, and the labels that all lines of one broker or chain have. */
struct place {
	FILE *out;
	char *labels;
	size_t len;
};

/* Two brokers of one interface may serve the same chain, each on queues of its own. */
static void put_broker_labels(FILE *out, const json_t *account)
{
	const char *ifname = xs_json_string(account, "interface"),
		   *socket = xs_json_string(account, "socket");
	char usual[XS_CONTROL_PATH_MAX];

	fputs("interface=\"", out);
	xs_metric_label(out, ifname);
	fputc('"', out);
	snprintf(usual, sizeof(usual), XS_BROKER_DIR "/%s.sock", ifname);
	if (!socket[0] || !strcmp(socket, usual))
		return;
	fputs(",socket=\"", out);
	xs_metric_label(out, socket);
	fputc('"', out);
}

static struct place place_of(FILE *out, const json_t *account, const json_t *chain)
{
	struct place place = { .out = out };
	FILE *labels = open_memstream(&place.labels, &place.len);

	if (!labels)
		abort();
	put_broker_labels(labels, account);
	if (chain)
		fprintf(labels, ",chain=\"%s\"", xs_json_string(chain, "name"));
	if (fclose(labels))
		abort();
	return place;
}

/* Prints one line for each key of an object, as label `label`. The names are plain words. */
static void put_keys(const struct place *at, const char *metric, const char *service,
		     const char *label, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		fprintf(at->out, "%s{%s", metric, at->labels);
		if (service)
			fprintf(at->out, ",service=\"%s\"", service);
		fprintf(at->out, ",%s=\"%s\"} %lld\n", label, key, json_integer_value(value));
	}
}

/* ---- chains ---- */

static void put_entered(const struct place *at, const json_t *chain)
{
	fprintf(at->out, "xsteer_chain_entered_total{%s} %lld\n", at->labels,
		xs_json_number(chain, "entered"));
}

static void put_ends(const struct place *at, const json_t *chain)
{
	static const char name[] = "xsteer_chain_frames_total";
	static const char *const ends[] = { "tx", "drop" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		fprintf(at->out, "%s{%s,end=\"%s\"} %lld\n", name, at->labels, ends[i],
			xs_json_number(chain, ends[i]));
	put_keys(at, name, NULL, "end", json_object_get(chain, "lost"));
}

static void put_inside(const struct place *at, const json_t *chain)
{
	fprintf(at->out, "xsteer_chain_inside{%s} %lld\n", at->labels,
		xs_json_number(chain, "inside"));
}

static void put_given(const struct place *at, const json_t *chain)
{
	json_t *hop;
	size_t i;

	json_array_foreach(json_object_get(chain, "hops"), i, hop)
	{
		fprintf(at->out, "xsteer_chain_hop_given_total{%s,service=\"%s\"} %lld\n",
			at->labels, xs_json_string(hop, "service"), xs_json_number(hop, "in"));
	}
}

static void put_verdicts(const struct place *at, const json_t *chain)
{
	static const char name[] = "xsteer_chain_hop_frames_total";
	static const char *const verdicts[] = { "next", "tx", "drop" };
	json_t *hop;
	size_t i;

	json_array_foreach(json_object_get(chain, "hops"), i, hop)
	{
		const char *service = xs_json_string(hop, "service");

		for (size_t v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++)
			fprintf(at->out, "%s{%s,service=\"%s\",verdict=\"%s\"} %lld\n", name,
				at->labels, service, verdicts[v], xs_json_number(hop, verdicts[v]));
		put_keys(at, name, service, "exit", json_object_get(hop, "exits"));
		put_keys(at, name, service, "lost", json_object_get(hop, "lost"));
	}
}

/* Times are whole nanoseconds: what is below an edge is at most one less. */
static void put_latency(const struct place *at, const char *service, const json_t *latency)
{
	static const char name[] = "xsteer_chain_hop_latency_seconds";
	json_t *bucket;
	size_t i;

	json_array_foreach(json_object_get(latency, "buckets"), i, bucket)
	{
		fprintf(at->out, "%s_bucket{%s,service=\"%s\",le=\"%.9f\"} %lld\n", name,
			at->labels, service, (double)(xs_json_number(bucket, "below_ns") - 1) / 1e9,
			xs_json_number(bucket, "frames"));
	}
	fprintf(at->out, "%s_bucket{%s,service=\"%s\",le=\"+Inf\"} %lld\n", name, at->labels,
		service, xs_json_number(latency, "frames"));
	fprintf(at->out, "%s_sum{%s,service=\"%s\"} %.9f\n", name, at->labels, service,
		(double)xs_json_number(latency, "sum_ns") / 1e9);
	fprintf(at->out, "%s_count{%s,service=\"%s\"} %lld\n", name, at->labels, service,
		xs_json_number(latency, "frames"));
}

static void put_latencies(const struct place *at, const json_t *chain)
{
	json_t *hop;
	size_t i;

	json_array_foreach(json_object_get(chain, "hops"), i, hop)
	{
		const json_t *latency = json_object_get(hop, "latency");

		if (latency) /* else the broker is older */
			put_latency(at, xs_json_string(hop, "service"), latency);
	}
}

static void put_taps(const struct place *at, const json_t *chain)
{
	static const char *const ends[] = { "seen", "missed", "multi" };
	json_t *tap;
	size_t i;

	json_array_foreach(json_object_get(chain, "taps"), i, tap)
	{
		for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]); e++)
			fprintf(at->out,
				"xsteer_chain_tap_frames_total{%s,tap=\"%zu\",service=\"%s\",end="
				"\"%s\"} "
				"%lld\n",
				at->labels, i, xs_json_string(tap, "service"), ends[e],
				xs_json_number(tap, ends[e]));
	}
}

/* ---- brokers ---- */

static void put_entries(const struct place *at, const json_t *account)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(account, "entries"), i, entry)
	{
		fprintf(at->out,
			"xsteer_chain_rx_ring_full_total{%s,chain=\"%s\",queue=\"%lld\"} %lld\n",
			at->labels, xs_json_string(entry, "chain"), xs_json_number(entry, "queue"),
			xs_json_number(entry, "rx_ring_full"));
	}
}

/* Every service of the chains, with 0 for each state: else one that nobody offers would be missing. */
static json_t *services_of(const json_t *account)
{
	static const char *const parts[] = { "hops", "taps" };
	json_t *services = json_object(), *chain, *one;
	size_t c, i;

	json_array_foreach(json_object_get(account, "chains"), c, chain)
	{
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
			json_array_foreach(json_object_get(chain, parts[p]), i, one)
			{
				json_object_set_new(services, xs_json_string(one, "service"),
						    json_pack("{s:i, s:i, s:i, s:i, s:i}",
							      "offered", 0, "serving", 0,
							      "draining", 0, "stopping", 0,
							      "quarantined", 0));
			}
	}
	return services;
}

static void put_instances(const struct place *at, const json_t *account)
{
	json_t *services = services_of(account), *one, *states;
	const char *service;
	size_t i;

	json_array_foreach(json_object_get(account, "instances"), i, one)
	{
		states = json_object_get(services, xs_json_string(one, "service"));
		if (states)
			json_object_set_new(
				states, xs_json_string(one, "state"),
				json_integer(xs_json_number(states, xs_json_string(one, "state")) +
					     1));
	}
	json_object_foreach(services, service, states)
	{
		put_keys(at, "xsteer_chain_instances", service, "state", states);
	}
	json_decref(services);
}

static void put_lives(const struct place *at, const json_t *account)
{
	put_keys(at, "xsteer_chain_functions_total", NULL, "event",
		 json_object_get(account, "nfs"));
}

/* ---- families ---- */

static const struct family {
	const char *name, *type, *help;
	void (*put)(const struct place *at, const json_t *part);
	bool of_broker; /* not of each chain */
} families[] = {
	{ "xsteer_chain_entered_total", "counter", "Frames that entered the chain.", put_entered,
	  false },
	{ "xsteer_chain_frames_total", "counter", "Frames by the end that they came to.", put_ends,
	  false },
	{ "xsteer_chain_inside", "gauge", "Frames that are in the chain.", put_inside, false },
	{ "xsteer_chain_hop_given_total", "counter", "Frames given to network functions of a step.",
	  put_given, false },
	{ "xsteer_chain_hop_frames_total", "counter",
	  "Frames by what became of them at a step: verdict, exit or loss.", put_verdicts, false },
	{ "xsteer_chain_hop_latency_seconds", "histogram",
	  "How long frames were with network functions of a step.", put_latencies, false },
	{ "xsteer_chain_tap_frames_total", "counter",
	  "Frames that a tap was shown, had no room for, or does not take (multi).", put_taps,
	  false },
	{ "xsteer_chain_rx_ring_full_total", "counter",
	  "Frames lost before the chain, since it took none.", put_entries, true },
	{ "xsteer_chain_instances", "gauge", "Network functions by service and state.",
	  put_instances, true },
	{ "xsteer_chain_functions_total", "counter",
	  "What happened to network functions since the broker started.", put_lives, true },
};

static void put_family(FILE *out, const struct family *family, const json_t *account)
{
	json_t *chains = json_object_get(account, "chains");
	size_t cnt = family->of_broker ? 1 : json_array_size(chains);

	for (size_t c = 0; c < cnt; c++) {
		const json_t *chain = family->of_broker ? NULL : json_array_get(chains, c);
		struct place place = place_of(out, account, chain);

		family->put(&place, chain ? chain : account);
		free(place.labels);
	}
}

void xs_broker_metrics_put(FILE *out, const json_t *accounts)
{
	json_t *account;
	size_t i;

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		xs_metric_family(out, families[f].name, families[f].type, families[f].help);
		json_array_foreach(accounts, i, account)
		{
			put_family(out, &families[f], account);
		}
	}
}
