// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Describes an interface as rules see it; see place.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <net/if.h>

#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "lib/instance/program.h"
#include "lib/net/identity.h"
#include "place.h"

/* What cannot be asked is taken to be there. */
static bool exists(void *arg, const char *ifname)
{
	char name[IFNAMSIZ];
	__u32 ifindex;

	(void)arg;
	return xs_netif_find(ifname, &ifindex, name) != -ENODEV;
}

/* Of a CPU that is always online the kernel says nothing. */
static bool is_offline(__u32 cpu)
{
	char path[64], line[4] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	return line[0] == '0';
}

/* Once for all rules, of which each may name a CPU, or many. */
static void find_offline(struct xs_place *place)
{
	for (__u32 cpu = 0; cpu < place->cpus && cpu < XS_PLACE_CPUS; cpu++)
		if (is_offline(cpu))
			place->offline[cpu / 64] |= 1ULL << cpu % 64;
}

/* An interface that does not exist has its own message. */
static int takes_redirects(void *arg, const char *ifname)
{
	struct xs_netif netif;
	char name[IFNAMSIZ];
	__u32 ifindex;
	int err;

	err = xs_netif_find(ifname, &ifindex, name);
	if (!err)
		err = xs_netif_get(arg, &netif, ifname);
	if (err)
		return err == -ENODEV ? 1 : err;
	return !netif.xdp_features_known || netif.xdp_features & XS_ACT_NDO_XMIT;
}

static bool tells_connections(void *arg)
{
	(void)arg;
	return xs_kernel_tells_connections();
}

static void find_release(struct xs_place *place)
{
	struct utsname name;

	if (!uname(&name))
		snprintf(place->release, sizeof(place->release), "%s", name.release);
}

/* 0: not known. */
static __u32 cpu_cnt(void)
{
	int cpus = libbpf_num_possible_cpus();

	return cpus > 0 ? (__u32)cpus : 0;
}

static bool is_native(const struct xs_netif *netif, enum xs_mode mode)
{
	struct xs_hook hook;

	if (xs_netif_hook(netif->ifindex, &hook) == 1)
		return hook.native;
	return mode != XS_MODE_SKB &&
	       (!netif->xdp_features_known || netif->xdp_features & XS_ACT_BASIC);
}

int xs_place_get(struct xsteer_ctx *ctx, const char *ifname, enum xs_mode mode,
		 struct xs_netif *netif, struct xs_place *place)
{
	int err = xs_netif_get(ctx, netif, ifname);
	bool known, veth;
	__u32 peer;

	if (err)
		return err;
	known = netif->xdp_features_known;
	veth = !strcmp(netif->driver, "veth");
	*place = (struct xs_place){
		.ifname = netif->name,
		.native = is_native(netif, mode),
		.redirects = !known || netif->xdp_features & XS_ACT_REDIRECT,
		/* For a veth the flag says whether its other end accepts frames. */
		.tx_arrives = !veth || !known || netif->xdp_features & XS_ACT_NDO_XMIT,
		.peer_unseen = veth && xs_netif_peer(netif->ifindex, &peer),
		.open_checksums = veth && xs_netif_peer_leaves_checksums(netif->ifindex),
		.merges = !is_native(netif, mode) && xs_netif_may_merge(netif),
		.no_limits = !xs_kernel_has_limits(),
		.rx_queues = netif->rx_queues,
		.cpus = cpu_cnt(),
		.exists = exists,
		.takes_redirects = takes_redirects,
		.tells_connections = tells_connections,
		.arg = ctx,
	};
	find_release(place);
	find_offline(place);
	return 0;
}

struct telling {
	const struct xs_ruleset *set;
	xsteer_finding_fn tell;
	void *arg;
	bool warn; /* of all: the rules may be for another machine */
};

static void tell_misfit(void *arg, const struct xs_rule *rule, enum xs_fit fit, const char *text)
{
	const struct telling *telling = arg;
	const struct xsteer_finding finding = {
		.sz = sizeof(finding),
		.severity = fit == XS_FIT_NEVER && !telling->warn ? XSTEER_SEVERITY_ERROR
								  : XSTEER_SEVERITY_WARNING,
		.file = telling->set->files[rule ? rule->file : 0],
		.line = rule ? rule->line : 0,
		.column = rule ? 1 : 0,
		.message = text,
	};

	telling->tell(telling->arg, &finding);
}

int xs_place_compare(struct xsteer_ctx *ctx, const struct xsteer_rules *rules, const char *ifname,
		     enum xs_mode mode, xsteer_finding_fn tell, void *arg)
{
	struct telling telling = { &rules->set, tell, arg, false };
	struct xs_netif netif;
	struct xs_place place;
	int err = xs_place_get(ctx, ifname, mode, &netif, &place);

	if (!err && !netif.ethernet) {
		xs_err(ctx,
		       "%s: its frames have no Ethernet header (link type %u, "
		       "as of tun or a tunnel), so no rule can work here: "
		       "attach to the interface on which they arrive",
		       ifname, netif.link_type);
		return -ERANGE;
	}
	if (err || xs_rules_fit(&rules->set, &place, tell_misfit, &telling) != XS_FIT_NEVER)
		return err;
	xs_err(ctx, "%s: not all of these rules can work here", ifname);
	return -ERANGE;
}

void xs_place_compare_machine(const struct xsteer_rules *rules, xsteer_finding_fn tell, void *arg)
{
	struct telling telling = { &rules->set, tell, arg, true };
	struct xs_place place = {
		.ifname = "",
		.redirects = true,
		.tx_arrives = true,
		.cpus = cpu_cnt(),
		.exists = exists,
		.takes_redirects = takes_redirects,
	};

	find_offline(&place);
	xs_rules_fit(&rules->set, &place, tell_misfit, &telling);
}
