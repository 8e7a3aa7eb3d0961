/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: counts packets and bytes of each connection, and lists them when it
 * ends. Good as a tap: it changes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <arpa/inet.h>
#include <xsteer/nf.h>

#define FLOWS_MAX 1048576

struct flow {
	__u64 packets, bytes;
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (__u64)ts.tv_sec * 1000000000ull + (__u64)ts.tv_nsec;
}

static void on_batch(struct xsnf *nf, struct xsnf_packet *packets, __u32 cnt)
{
	struct xsnf_flows *flows = xsnf_data(nf);
	__u64 now = now_ns();

	for (__u32 i = 0; i < cnt; i++) {
		struct xsnf_headers h;
		struct flow *flow;

		if (!xsnf_parse(&packets[i], &h))
			continue;
		flow = xsnf_flows_get(flows, &h, now, NULL);
		if (!flow)
			continue; /* the table is full */
		flow->packets++;
		flow->bytes += xsnf_total(&packets[i]);
	}
}

static bool print_flow(void *arg, const struct xsnf_flow_key *key, void *value)
{
	int family = key->version == 4 ? AF_INET : AF_INET6;
	const struct flow *flow = value;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	(void)arg;
	printf("%u %s %u %s %u %" PRIu64 " %" PRIu64 "\n", key->l4proto,
	       inet_ntop(family, key->addr[0].bytes, a, sizeof(a)), key->port[0],
	       inet_ntop(family, key->addr[1].bytes, b, sizeof(b)), key->port[1],
	       (uint64_t)flow->packets, (uint64_t)flow->bytes);
	return true;
}

int main(int argc, char **argv)
{
	const struct xsnf_flows_config config = { .max = FLOWS_MAX,
						  .value_bytes = sizeof(struct flow),
						  .symmetric = true };
	struct xsnf_flows *flows = xsnf_flows_new(&config);
	const struct xsnf_ops ops = {
		.service = "flows", .flags = XSNF_MULTI, .batch = on_batch, .data = flows
	};
	int status;

	if (!flows)
		return 1;
	status = xsnf_main(argc, argv, &ops);
	xsnf_flows_each(flows, print_flow, NULL);
	xsnf_flows_free(flows);
	return status;
}
