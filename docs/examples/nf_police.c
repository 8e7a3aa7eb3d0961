/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: a token bucket for each source address. What is over the rate is
 * dropped. Give the service `sticky ip saddr`, so that one instance sees all of a source.
 *
 *	nf_police -d eth0 -- PACKETS_A_SECOND BURST
 */
#include <stdlib.h>
#include <time.h>
#include <xsteer/nf.h>

#define SOURCES_MAX 65536
#define QUIET_NS 60000000000ull /* a source that is quiet for a minute is forgotten */
#define EXPIRE_MAX 1024 /* of these at once */

struct bucket {
	__u64 filled_ns; /* when tokens were last added */
	double tokens;
};

struct police {
	struct xsnf_flows *sources;
	double rate, burst;
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec;
}

static bool take_token(const struct police *police, struct bucket *bucket, __u64 now)
{
	bucket->tokens += police->rate * (double)(now - bucket->filled_ns) / 1e9;
	if (bucket->tokens > police->burst)
		bucket->tokens = police->burst;
	bucket->filled_ns = now;
	if (bucket->tokens < 1)
		return false;
	bucket->tokens--;
	return true;
}

static bool within_rate(struct police *police, const struct xsnf_packet *packet, __u64 now)
{
	struct xsnf_headers h, source = {};
	struct bucket *bucket;
	bool fresh;

	if (!xsnf_parse(packet, &h))
		return true;
	source.saddr = h.saddr; /* all else zero: one flow a source */
	source.version = h.version;
	bucket = xsnf_flows_get(police->sources, &source, now, &fresh);
	if (!bucket)
		return true; /* no room to remember it */
	if (fresh)
		*bucket = (struct bucket){ .filled_ns = now, .tokens = police->burst };
	return take_token(police, bucket, now);
}

static void on_batch(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	struct police *police = xsnf_data(nf);
	__u64 now = now_ns(); /* one look at the clock for all of them */

	for (__u32 i = 0; i < cnt; i++)
		packets[i].verdict = within_rate(police, &packets[i], now) ? XSNF_NEXT : XSNF_DROP;
}

static void on_tick(struct xsnf *nf)
{
	const struct police *police = xsnf_data(nf);

	xsnf_flows_expire(police->sources, now_ns(), EXPIRE_MAX);
}

static int parse_options(void *data, int argc, char **argv)
{
	struct police *police = data;

	if (argc != 3)
		return -1;
	police->rate = atof(argv[1]);
	police->burst = atof(argv[2]);
	return police->rate > 0 && police->burst >= 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct xsnf_flows_config config = { .max = SOURCES_MAX,
						  .value_bytes = sizeof(struct bucket),
						  .timeout_ns = QUIET_NS };
	struct police police = { .sources = xsnf_flows_new(&config), .rate = 1000, .burst = 100 };
	const struct xsnf_ops ops = {
		.service = "police",
		.flags = XSNF_MULTI,
		.batch = on_batch,
		.tick = on_tick,
		.tick_ms = 1000,
		.options = parse_options,
		.usage = "PACKETS_A_SECOND BURST",
		.data = &police,
	};
	int status;

	if (!police.sources)
		return 1;
	status = xsnf_main(argc, argv, &ops);
	xsnf_flows_free(police.sources);
	return status;
}
