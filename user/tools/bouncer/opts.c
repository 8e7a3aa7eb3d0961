// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The bouncer's command line. Knows nothing of sockets or programs. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>

#include "opts.h"
#include "tools/cli/cli.h"

/* With a TX budget to match, this measured best; docs/performance.md has the other values. */
#define BATCH_DEFAULT 512
#define INTERVAL_DEFAULT_NS 2000000000ull
#define BUSY_POLL_BUDGET 64

void xs_bouncer_opts_init(struct xs_bouncer_opts *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->queue_text = "0";
	opts->map_fd = -1;
	opts->batch = BATCH_DEFAULT;
	opts->interval_ns = INTERVAL_DEFAULT_NS;
}

static int set_interface(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;

	if (!arg[0])
		return xs_usage(cli, "--interface '%s': not a name of an interface", arg);
	opts->ifname = arg;
	return 0;
}

static int set_mode(struct xs_cli *cli, struct xs_bouncer_opts *opts, enum xs_mode mode)
{
	if (opts->mode != XS_MODE_AUTO && opts->mode != mode)
		return xs_usage(cli, "-S and -N exclude each other");
	opts->mode = mode;
	return 0;
}

static int set_skb(struct xs_cli *cli, void *state, const char *arg)
{
	(void)arg;
	return set_mode(cli, state, XS_MODE_SKB);
}

static int set_native(struct xs_cli *cli, void *state, const char *arg)
{
	(void)arg;
	return set_mode(cli, state, XS_MODE_NATIVE);
}

static int set_want(struct xs_cli *cli, struct xs_bouncer_opts *opts, enum xs_xsk_mode want)
{
	if (opts->want != XS_XSK_none && opts->want != want)
		return xs_usage(cli, "-c and -z exclude each other");
	opts->want = want;
	return 0;
}

static int set_copy(struct xs_cli *cli, void *state, const char *arg)
{
	(void)arg;
	return set_want(cli, state, XS_XSK_copy);
}

static int set_zero_copy(struct xs_cli *cli, void *state, const char *arg)
{
	(void)arg;
	return set_want(cli, state, XS_XSK_zero_copy);
}

static int set_seconds(struct xs_cli *cli, const char *name, const char *arg, __u64 *ns)
{
	if (!xs_parse_seconds(arg, ns))
		return 0;
	return xs_usage(cli, "%s %s: give seconds, such as 2 or 0.5", name, arg);
}

static int set_duration(struct xs_cli *cli, void *state, const char *arg)
{
	return set_seconds(cli, "--duration", arg, &((struct xs_bouncer_opts *)state)->duration_ns);
}

static int set_interval(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;
	int err = set_seconds(cli, "--interval", arg, &opts->interval_ns);

	if (!err && opts->interval_ns < 1000000)
		return xs_usage(cli, "--interval %s: at least 0.001", arg);
	opts->periodic = true;
	return err;
}

static int set_busy_poll(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;

	(void)cli, (void)arg;
	if (!opts->busy_poll)
		opts->busy_poll = BUSY_POLL_BUDGET;
	return 0;
}

static int set_ring(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;
	__u64 ring;

	if (xs_parse_u64(arg, 64, 1u << 16, &ring) || ring & (ring - 1))
		return xs_usage(cli, "--ring %s: give a power of two from 64 to 65536", arg);
	opts->ring = (__u32)ring;
	return 0;
}

static int set_map_fd(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;
	__u64 fd;

	if (xs_parse_u64(arg, 0, 1u << 20, &fd))
		return xs_usage(cli, "--map-fd %s: give a number from 0 to %u", arg, 1u << 20);
	opts->map_fd = (int)fd;
	return 0;
}

/* Parses "3", "0-3", "0,2,5-7" into numbers below `limit`. 0, -EINVAL or -ERANGE; silent. */
static int parse_list(const char *text, __u32 limit, __u32 *out, __u32 *cnt)
{
	const char *p = text;
	char *end;

	*cnt = 0;
	for (;;) {
		unsigned long first, last;

		if (*p < '0' || *p > '9')
			return -EINVAL;
		first = last = strtoul(p, &end, 10);
		if (*end == '-') {
			p = end + 1;
			if (*p < '0' || *p > '9')
				return -EINVAL;
			last = strtoul(p, &end, 10);
		}
		if (last < first)
			return -EINVAL;
		if (last >= limit)
			return -ERANGE;
		for (; first <= last; first++) {
			if (*cnt == XS_QUEUES_MAX)
				return -ERANGE;
			out[(*cnt)++] = first;
		}
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
		p = end + 1;
	}
}

static int set_cpu(struct xs_cli *cli, void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;

	if (parse_list(arg, CPU_SETSIZE, opts->cpus, &opts->cpu_cnt))
		return xs_usage(cli, "--cpu %s: give CPU numbers, such as 1 or 0-3 or 0,2", arg);
	return 0;
}

#define ROW_ACTION(name, option, help) \
	{ option, 0, NULL, help, XS_TO_BITS(struct xs_bouncer_opts, actions, XS_ACTION_##name) },

/* In the order of --help: the options of the openNetVM manager come first. */
const struct xs_opt xs_bouncer_opt_table[] = {
	{ "interface", 'd', "IF", "interface to receive and send on", XS_TO_CALL(set_interface) },
	{ "queue", 'Q', "QUEUE", "receive queue: 0, 0-3, all (0)",
	  XS_TO_TEXT(struct xs_bouncer_opts, queue_text) },
	{ "skb", 'S', NULL, "attach in skb (generic) mode", XS_TO_CALL(set_skb) },
	{ "native", 'N', NULL, "attach in native (driver) mode", XS_TO_CALL(set_native) },
	{ "copy", 'c', NULL, "copy mode only", XS_TO_CALL(set_copy) },
	{ "zero-copy", 'z', NULL, "zero-copy mode or nothing", XS_TO_CALL(set_zero_copy) },
	{ "poll", 'p', NULL, "sleep while there is nothing to do",
	  XS_TO_FLAG(struct xs_bouncer_opts, poll) },
	{ "object", 'f', "FILE.o", "attach this program, not xsteer's",
	  XS_TO_TEXT(struct xs_bouncer_opts, object) },
	{ "section", 'P', "SECTION", "of FILE.o: section or function (first XDP program)",
	  XS_TO_TEXT(struct xs_bouncer_opts, section) },
	{ "verbose", 'v', NULL, "statistics every interval",
	  XS_TO_FLAG(struct xs_bouncer_opts, verbose) },
	{ "duration", 't', "SECONDS", "stop after this time", XS_TO_CALL(set_duration) },
	{ "limit", 'l', "PACKETS", "stop after exactly so many",
	  XS_TO_U64(struct xs_bouncer_opts, limit, 0, ~0ULL), .unit = "packets" },
	{ "interval", 0, "SECONDS", "between statistics (2)", XS_TO_CALL(set_interval) },
	{ "batch", 0, "PACKETS", "taken at once (512)",
	  XS_TO_U32(struct xs_bouncer_opts, batch, 1, XS_XSK_BATCH_MAX) },
	{ "frames", 0, "N", "in the UMEM (1024; 4096 in zero-copy)",
	  XS_TO_U32(struct xs_bouncer_opts, frames, 64, 1u << 20) },
	{ "frame-size", 0, "BYTES", "of one (2048 or 4096, by the MTU)",
	  XS_TO_U32(struct xs_bouncer_opts, frame_size, XS_XSK_FRAME_MIN, XS_XSK_FRAME_MAX) },
	{ "ring", 0, "N", "entries of each ring (enough for all frames)", XS_TO_CALL(set_ring) },
	{ "headroom", 0, "BYTES", "kept free before each packet (0)",
	  XS_TO_U32(struct xs_bouncer_opts, headroom, 0,
		    XS_XSK_FRAME_MAX - XS_XSK_KERNEL_HEADROOM - 64) },
	{ "unaligned", 0, NULL, "frames of any size from 2048 to 4096",
	  XS_TO_FLAG(struct xs_bouncer_opts, unaligned) },
	{ "huge", 0, NULL, "huge pages for the UMEM, if there are any",
	  XS_TO_FLAG(struct xs_bouncer_opts, huge) },
	{ "adaptive", 0, NULL, "spin 50 us after a packet, then sleep",
	  XS_TO_FLAG(struct xs_bouncer_opts, adaptive) },
	{ "busy-poll", 0, NULL, "drive the NIC from here; a budget may follow (64)",
	  XS_TO_CALL(set_busy_poll) },
	{ "busy-poll-budget", 0, "PACKETS", "the same: packets a call",
	  XS_TO_U32(struct xs_bouncer_opts, busy_poll, 1, 65535) },
	{ "cpu", 0, "LIST", "run on these CPUs, one a queue", XS_TO_CALL(set_cpu) },
	XS_BOUNCER_ACTIONS(ROW_ACTION){ "latency", 0, NULL,
					"histogram of the time from RX ring to completion",
					XS_TO_FLAG(struct xs_bouncer_opts, latency) },
	{ "xskmap", 0, "PATH", "use this pinned XSKMAP, attach nothing",
	  XS_TO_TEXT(struct xs_bouncer_opts, xskmap) },
	{ "map-fd", 0, "N", "use this inherited XSKMAP, attach nothing", XS_TO_CALL(set_map_fd) },
	{ "uds", 0, "PATH", "ask this device plugin for the XSKMAP",
	  XS_TO_TEXT(struct xs_bouncer_opts, uds) },
	{ "take-over", 0, NULL, "replace the bouncer that has the queues; no frame is lost",
	  XS_TO_FLAG(struct xs_bouncer_opts, take_over) },
	{ "keeper", 0, NULL, "another goes on if this one is killed; no frame is lost",
	  XS_TO_FLAG(struct xs_bouncer_opts, keeper) },
	{ "socket", 0, "PATH", "for --take-over, instead of one in /run/xsteer/bouncer",
	  XS_TO_TEXT(struct xs_bouncer_opts, socket) },
	{ NULL },
};

int xs_bouncer_opts_check(struct xs_cli *cli, const struct xs_bouncer_opts *opts)
{
	int sources = !!opts->object + !!opts->xskmap + !!opts->uds + (opts->map_fd >= 0);

	if (!opts->ifname)
		return xs_usage(cli, "which interface? give -d IF");
	if (opts->section && !opts->object)
		return xs_usage(cli,
				"-P names a program of the object file that -f names: give -f too");
	if (sources > 1)
		return xs_usage(cli, "-f, --xskmap, --map-fd and --uds exclude each other");
	if (opts->take_over && sources)
		return xs_usage(cli,
				"--take-over goes on with the program and the map that the running "
				"bouncer has: leave -f, --xskmap, --map-fd and --uds out");
	if (opts->take_over && opts->busy_poll)
		return xs_usage(cli, "--take-over and --busy-poll exclude each other: "
				     "the settings of the interface cannot be handed over");
	if (opts->keeper && opts->busy_poll)
		return xs_usage(cli, "--keeper and --busy-poll exclude each other: "
				     "the settings of the interface cannot be handed over");
	if (opts->frame_size && !opts->unaligned && (opts->frame_size & (opts->frame_size - 1)))
		return xs_usage(cli, "--frame-size %u: give 2048 or 4096, or --unaligned too",
				opts->frame_size);
	return 0;
}

int xs_bouncer_opts_queues(struct xs_cli *cli, struct xs_bouncer_opts *opts,
			   const struct xs_netif *netif)
{
	__u32 rx = netif->rx_queues ? netif->rx_queues : 1;
	__u32 tx = netif->tx_queues ? netif->tx_queues : 1;
	__u32 limit = rx < tx ? rx : tx, i, j;
	int err;

	/*
	 * A queue that only sends receives no frames; copy mode never sends on one that
	 * only receives.
	 */
	if (!strcmp(opts->queue_text, "all")) {
		for (i = 0; i < limit && i < XS_QUEUES_MAX; i++)
			opts->queues[opts->queue_cnt++] = i;
		return 0;
	}
	err = parse_list(opts->queue_text, limit, opts->queues, &opts->queue_cnt);
	if (err == -EINVAL)
		return xs_usage(cli, "--queue %s: give a number, a range such as 0-3, or all",
				opts->queue_text);
	if (err) {
		xs_err(cli->ctx,
		       "%s has no queue %s: it receives on %u and sends on %u queue%s; valid: "
		       "0-%u (more: ethtool -L)",
		       netif->name, opts->queue_text, rx, tx, rx == 1 && tx == 1 ? "" : "s",
		       limit - 1);
		return err;
	}
	for (i = 0; i < opts->queue_cnt; i++)
		for (j = 0; j < i; j++)
			if (opts->queues[i] == opts->queues[j])
				return xs_usage(cli, "--queue %s: queue %u twice", opts->queue_text,
						opts->queues[i]);
	return 0;
}
