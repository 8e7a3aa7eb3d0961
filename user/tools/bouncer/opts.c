/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The bouncer's command line. Knows nothing of sockets or programs. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>

#include "bouncer.h"
#include "tools/cli/cli.h"

/* With a TX budget to match, what measured best; docs/performance.md has the others. */
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

static int set_u32(const char *name, const char *arg, __u32 min, __u32 max, __u32 *out)
{
	__u64 value;

	if (xs_parse_u64(arg, min, max, &value))
		return xs_usage("%s %s: give a number from %u to %u", name, arg, min, max);
	*out = value;
	return 0;
}

/* Seconds, as "2", "0.5": no locale, no exponent. */
static int set_seconds(const char *name, const char *arg, __u64 *ns)
{
	__u64 whole = 0, fraction = 0, unit = 1000000000;
	const char *p = arg;

	for (; *p >= '0' && *p <= '9' && whole < 1000000000; p++)
		whole = whole * 10 + (*p - '0');
	if (p != arg && *p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++) {
			unit /= 10;
			fraction += unit * (*p - '0');
		}
	}
	if (*p || p == arg || p[-1] == '.')
		return xs_usage("%s %s: give seconds, such as 2 or 0.5", name, arg);
	*ns = whole * 1000000000 + fraction;
	return 0;
}

static int set_interface(void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;

	if (!arg[0] || strlen(arg) >= IF_NAMESIZE)
		return xs_usage("--interface '%s': not a name of an interface", arg);
	opts->ifname = arg;
	return 0;
}

static int set_queue(void *state, const char *arg)
{
	((struct xs_bouncer_opts *)state)->queue_text = arg;
	return 0;
}

static int set_mode(struct xs_bouncer_opts *opts, enum xs_mode mode)
{
	if (opts->mode != XS_MODE_AUTO && opts->mode != mode)
		return xs_usage("-S and -N exclude each other");
	opts->mode = mode;
	return 0;
}

static int set_skb(void *state, const char *arg __attribute__((unused)))
{
	return set_mode(state, XS_MODE_SKB);
}

static int set_native(void *state, const char *arg __attribute__((unused)))
{
	return set_mode(state, XS_MODE_NATIVE);
}

static int set_want(struct xs_bouncer_opts *opts, enum xs_xsk_mode want)
{
	if (opts->want != XS_XSK_none && opts->want != want)
		return xs_usage("-c and -z exclude each other");
	opts->want = want;
	return 0;
}

static int set_copy(void *state, const char *arg __attribute__((unused)))
{
	return set_want(state, XS_XSK_copy);
}

static int set_zero_copy(void *state, const char *arg __attribute__((unused)))
{
	return set_want(state, XS_XSK_zero_copy);
}

static int set_duration(void *state, const char *arg)
{
	return set_seconds("--duration", arg, &((struct xs_bouncer_opts *)state)->duration_ns);
}

static int set_interval(void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;
	int err = set_seconds("--interval", arg, &opts->interval_ns);

	if (!err && opts->interval_ns < 1000000)
		return xs_usage("--interval %s: at least 0.001", arg);
	opts->periodic = true;
	return err;
}

static int set_limit(void *state, const char *arg)
{
	if (xs_parse_u64(arg, 0, ~0ull, &((struct xs_bouncer_opts *)state)->limit))
		return xs_usage("--limit %s: give a number of packets", arg);
	return 0;
}

#define SETTER_TEXT(name, field) \
	static int set_##name(void *state, const char *arg) \
	{ \
		((struct xs_bouncer_opts *)state)->field = arg; \
		return 0; \
	}
#define SETTER_FLAG(name, field) \
	static int set_##name(void *state, const char *arg __attribute__((unused))) \
	{ \
		((struct xs_bouncer_opts *)state)->field = true; \
		return 0; \
	}
#define SETTER_U32(name, field, option, min, max) \
	static int set_##name(void *state, const char *arg) \
	{ \
		return set_u32(option, arg, min, max, &((struct xs_bouncer_opts *)state)->field); \
	}
#define SETTER_ACTION(name, option, help) \
	static int set_##name(void *state, const char *arg __attribute__((unused))) \
	{ \
		((struct xs_bouncer_opts *)state)->actions |= XS_ACTION_##name; \
		return 0; \
	}
#define ROW_ACTION(name, option, help) { option, 0, NULL, help, set_##name },

SETTER_TEXT(object, object)
SETTER_TEXT(section, section)
SETTER_TEXT(xskmap, xskmap)
SETTER_TEXT(uds, uds)
SETTER_FLAG(poll, poll)
SETTER_FLAG(verbose, verbose)
SETTER_FLAG(huge, huge)
SETTER_FLAG(latency, latency)
SETTER_U32(batch, batch, "--batch", 1, XS_XSK_BATCH_MAX)
SETTER_U32(frames, frames, "--frames", 64, 1u << 20)
SETTER_U32(frame_size, frame_size, "--frame-size", XS_XSK_FRAME_MIN, XS_XSK_FRAME_MAX)
SETTER_U32(headroom, headroom, "--headroom", 0, XS_XSK_FRAME_MAX - XS_XSK_KERNEL_HEADROOM - 64)
SETTER_FLAG(unaligned, unaligned)
SETTER_FLAG(adaptive, adaptive)
SETTER_U32(busy_poll_budget, busy_poll, "--busy-poll-budget", 1, 65535)
XS_BOUNCER_ACTIONS(SETTER_ACTION)

static int set_busy_poll(void *state, const char *arg __attribute__((unused)))
{
	struct xs_bouncer_opts *opts = state;

	if (!opts->busy_poll)
		opts->busy_poll = BUSY_POLL_BUDGET;
	return 0;
}

static int set_ring(void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;
	int err = set_u32("--ring", arg, 64, 1u << 16, &opts->ring);

	if (!err && (opts->ring & (opts->ring - 1)))
		return xs_usage("--ring %s: give a power of two", arg);
	return err;
}

static int set_map_fd(void *state, const char *arg)
{
	__u32 fd = 0;
	int err = set_u32("--map-fd", arg, 0, 1u << 20, &fd);

	if (!err)
		((struct xs_bouncer_opts *)state)->map_fd = fd;
	return err;
}

/* "3", "0-3", "0,2,5-7" into numbers below `limit`. 0, -EINVAL or -ERANGE; silent. */
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

static int set_cpu(void *state, const char *arg)
{
	struct xs_bouncer_opts *opts = state;

	if (parse_list(arg, CPU_SETSIZE, opts->cpus, &opts->cpu_cnt))
		return xs_usage("--cpu %s: give CPU numbers, such as 1 or 0-3 or 0,2", arg);
	return 0;
}

/* The order is that of --help: the openNetVM manager's first. */
const struct xs_opt xs_bouncer_opt_table[] = {
	{ "interface", 'd', "IF", "interface to receive and send on", set_interface },
	{ "queue", 'Q', "QUEUE", "receive queue: 0, 0-3, all (0)", set_queue },
	{ "skb", 'S', NULL, "attach in skb (generic) mode", set_skb },
	{ "native", 'N', NULL, "attach in native (driver) mode", set_native },
	{ "copy", 'c', NULL, "copy mode only", set_copy },
	{ "zero-copy", 'z', NULL, "zero-copy mode or nothing", set_zero_copy },
	{ "poll", 'p', NULL, "sleep while there is nothing to do", set_poll },
	{ "object", 'f', "FILE.o", "attach this program, not xsteer's", set_object },
	{ "section", 'P', "SECTION", "of FILE.o: section or function (first XDP program)",
	  set_section },
	{ "verbose", 'v', NULL, "statistics every interval", set_verbose },
	{ "duration", 't', "SECONDS", "stop after this time", set_duration },
	{ "limit", 'l', "PACKETS", "stop after exactly so many", set_limit },
	{ "interval", 0, "SECONDS", "between statistics (2)", set_interval },
	{ "batch", 0, "PACKETS", "taken at once (512)", set_batch },
	{ "frames", 0, "N", "in the UMEM (1024; 4096 in zero-copy)", set_frames },
	{ "frame-size", 0, "BYTES", "of one (2048 or 4096, by the MTU)", set_frame_size },
	{ "ring", 0, "N", "entries of each ring (enough for all frames)", set_ring },
	{ "headroom", 0, "BYTES", "kept free before each packet (0)", set_headroom },
	{ "unaligned", 0, NULL, "frames of any size from 2048 to 4096", set_unaligned },
	{ "huge", 0, NULL, "huge pages for the UMEM, if there are any", set_huge },
	{ "adaptive", 0, NULL, "spin 50 us after a packet, then sleep", set_adaptive },
	{ "busy-poll", 0, NULL, "drive the NIC from here; a budget may follow (64)",
	  set_busy_poll },
	{ "busy-poll-budget", 0, "PACKETS", "the same: packets a call", set_busy_poll_budget },
	{ "cpu", 0, "LIST", "run on these CPUs, one a queue", set_cpu },
	XS_BOUNCER_ACTIONS(ROW_ACTION){ "latency", 0, NULL,
					"histogram of the time from RX ring to completion",
					set_latency },
	{ "xskmap", 0, "PATH", "use this pinned XSKMAP, attach nothing", set_xskmap },
	{ "map-fd", 0, "N", "use this inherited XSKMAP, attach nothing", set_map_fd },
	{ "uds", 0, "PATH", "ask this device plugin for the XSKMAP", set_uds },
	{ NULL },
};

int xs_bouncer_opts_check(const struct xs_bouncer_opts *opts)
{
	int sources = !!opts->object + !!opts->xskmap + !!opts->uds + (opts->map_fd >= 0);

	if (!opts->ifname)
		return xs_usage("which interface? give -d IF");
	if (opts->section && !opts->object)
		return xs_usage("-P names a program of the object file that -f names: give -f too");
	if (sources > 1)
		return xs_usage("-f, --xskmap, --map-fd and --uds exclude each other");
	if (opts->frame_size && !opts->unaligned && (opts->frame_size & (opts->frame_size - 1)))
		return xs_usage("--frame-size %u: give 2048 or 4096, or --unaligned too",
				opts->frame_size);
	return 0;
}

int xs_bouncer_opts_queues(struct xs_bouncer_opts *opts, const struct xs_netif *netif)
{
	__u32 rx = netif->rx_queues ? netif->rx_queues : 1;
	__u32 tx = netif->tx_queues ? netif->tx_queues : 1;
	__u32 limit = rx < tx ? rx : tx, i, j;
	int err;

	/* A queue that only sends gets no frames; copy mode never sends on one that only receives. */
	if (!strcmp(opts->queue_text, "all")) {
		for (i = 0; i < limit && i < XS_QUEUES_MAX; i++)
			opts->queues[opts->queue_cnt++] = i;
		return 0;
	}
	err = parse_list(opts->queue_text, limit, opts->queues, &opts->queue_cnt);
	if (err == -EINVAL)
		return xs_usage("--queue %s: give a number, a range such as 0-3, or all",
				opts->queue_text);
	if (err) {
		xs_err("%s has no queue %s: it receives on %u and sends on %u queue%s; valid: 0-%u "
		       "(more: ethtool -L)",
		       netif->name, opts->queue_text, rx, tx, rx == 1 && tx == 1 ? "" : "s",
		       limit - 1);
		return err;
	}
	for (i = 0; i < opts->queue_cnt; i++)
		for (j = 0; j < i; j++)
			if (opts->queues[i] == opts->queues[j])
				return xs_usage("--queue %s: queue %u twice", opts->queue_text,
						opts->queues[i]);
	return 0;
}
