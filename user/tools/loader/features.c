// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Shows what driver and kernel offer; see features.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "tools/cli/cli.h"
#include "features.h"
#include "lib/net/netif.h"
#include "lib/instance/program.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"

/* Two instances' pins (18 each), a rule set, and what libbpf's probes open at a time. */
#define DESCRIPTORS_NEEDED 48

#ifndef AF_XDP
#define AF_XDP 44
#endif

static const struct driver_feature {
	const char *name, *what;
	__u64 bit;
} driver_features[] = {
	{ "native", "native XDP: pass, drop, tx", XS_ACT_BASIC },
	{ "redirect", "native redirect: xsk, cpu, dev", XS_ACT_REDIRECT },
	{ "redirect-target", "takes frames that another interface redirects (dev)",
	  XS_ACT_NDO_XMIT },
	{ "zero-copy", "AF_XDP zero-copy", XS_ACT_XSK_ZEROCOPY },
	{ "frags", "frames of several buffers: MTU above one page", XS_ACT_RX_SG },
	{ "redirect-target-frags", "takes such frames when redirected", XS_ACT_NDO_XMIT_SG },
	{ "hw-offload", "programs in the NIC", XS_ACT_HW_OFFLOAD },
};

static const struct driver_feature metadata[] = {
	{ "rx-timestamp", "tells XDP when the frame arrived", XS_RX_TIMESTAMP },
	{ "rx-hash", "tells XDP the RSS hash", XS_RX_HASH },
	{ "rx-vlan", "tells XDP the tag that it stripped", XS_RX_VLAN },
};

int xs_need_descriptors(struct xs_cli *cli)
{
	int fds[DESCRIPTORS_NEEDED], cnt = 0, err = 0;

	for (; cnt < DESCRIPTORS_NEEDED; cnt++) {
		fds[cnt] = eventfd(0, EFD_CLOEXEC);
		if (fds[cnt] < 0) {
			err = -errno;
			break;
		}
	}
	while (cnt)
		close(fds[--cnt]);
	if (err)
		xs_err(cli->ctx,
		       "cannot ask the kernel: it takes up to %d file descriptors: %s: "
		       "raise 'ulimit -n', or see who has them",
		       DESCRIPTORS_NEEDED, strerror(-err));
	return err;
}

bool xs_kernel_has_af_xdp(void)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != EAFNOSUPPORT;
}

bool xs_kernel_has_btf(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

bool xs_kernel_has_freplace(void)
{
	return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1;
}

struct report {
	struct xs_grid *grid;
	json_t *object;
};

static void add(struct report *report, const char *name, const char *state, const char *what)
{
	json_object_set_new(report->object, name, xs_json_text(state));
	xs_grid_cell(report->grid, "%s", name);
	xs_grid_cell(report->grid, "%s", state);
	xs_grid_cell(report->grid, "%s", what);
}

static void add_yes(struct report *report, const char *name, bool yes, const char *what)
{
	json_object_set_new(report->object, name, json_boolean(yes));
	xs_grid_cell(report->grid, "%s", name);
	xs_grid_cell(report->grid, "%s", yes ? "yes" : "no");
	xs_grid_cell(report->grid, "%s", what);
}

static void add_unknown(struct report *report, const char *name, const char *what)
{
	json_object_set_new(report->object, name, json_null());
	xs_grid_cell(report->grid, "%s", name);
	xs_grid_cell(report->grid, "not known");
	xs_grid_cell(report->grid, "%s", what);
}

static void add_number(struct report *report, const char *name, __u64 value, const char *what)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", value);
	json_object_set_new(report->object, name, json_integer((json_int_t)value));
	xs_grid_cell(report->grid, "%s", name);
	xs_grid_cell(report->grid, "%s", text);
	xs_grid_cell(report->grid, "%s", what);
}

static void add_bit(struct report *report, const struct driver_feature *feature, bool known,
		    __u64 bits, const char *since)
{
	if (known)
		add_yes(report, feature->name, bits & feature->bit, feature->what);
	else
		add_unknown(report, feature->name, since);
}

static void add_driver(struct report *report, const struct xs_netif *netif)
{
	add(report, "driver", netif->driver[0] ? netif->driver : "unknown", "as ethtool -i");
	add_number(report, "mtu", netif->mtu, "bytes, without the Ethernet header");
	add_yes(report, "ethernet", netif->ethernet,
		"frames begin with an Ethernet header: attach needs it");
	add_number(report, "rx_queues", netif->rx_queues, "valid queues are 0 to one less");
	add_number(report, "tx_queues", netif->tx_queues, "a bouncer needs one of its number");
	add_number(report, "max_queues", netif->max_queues, "the most that ethtool -L can set");
	for (size_t i = 0; i < sizeof(driver_features) / sizeof(*driver_features); i++)
		add_bit(report, &driver_features[i], netif->xdp_features_known, netif->xdp_features,
			"the kernel tells since Linux 6.3");
	for (size_t i = 0; i < sizeof(metadata) / sizeof(*metadata); i++)
		add_bit(report, &metadata[i], netif->rx_metadata_known, netif->rx_metadata,
			"the kernel tells since Linux 6.7");
	if (netif->xdp_zc_max_segs)
		add_number(report, "zero_copy_max_segs", netif->xdp_zc_max_segs,
			   "buffers of one zero-copy frame");
}

static void add_kernel(struct report *report)
{
	add_yes(report, "af_xdp", xs_kernel_has_af_xdp(), "AF_XDP sockets");
	add_yes(report, "btf", xs_kernel_has_btf(), "the kernel's types, for CO-RE");
	add_yes(report, "kernel-frags", xs_kernel_has_frags(), "multi-buffer XDP (Linux 5.18)");
	add_yes(report, "limits", xs_kernel_has_limits(), "limits and dynamic sets (Linux 5.17)");
	add_yes(report, "dispatcher", xs_kernel_has_freplace(),
		"freplace, which attach -P needs (Linux 5.10; not on every build)");
}

int xs_features_show(struct xs_cli *cli, const char *ifname)
{
	struct report report;
	struct xs_netif netif;
	int err;

	err = xs_need_descriptors(cli);
	if (!err)
		err = xs_netif_get(cli->ctx, &netif, ifname);
	if (err)
		return err;
	report.grid = xs_grid_new("Feature|State|Meaning");
	report.object = json_pack("{s:o}", "interface", xs_json_text(ifname));
	add_driver(&report, &netif);
	add_kernel(&report);
	if (cli->json) {
		xs_grid_free(report.grid);
		return xs_json_print(cli, report.object);
	}
	json_decref(report.object);
	xs_grid_print(report.grid);
	return 0;
}
