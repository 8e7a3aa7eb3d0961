// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a bouncer decides before it opens anything; see xs_bouncer_prepare.h. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include <cap-ng.h>

#include "lib/net/sysfs.h"
#include "bouncer.h"
#include "tools/cli/caps.h"
#include "tools/cli/cli.h"
#include "prepare.h"

static bool rounds_down(const struct xs_bouncer *b)
{
	return b->opts.want != XS_XSK_copy && xs_netif_rounds_buffers_down(&b->netif);
}

static __u32 packet_room(const struct xs_bouncer *b, __u32 frame_size)
{
	return xs_xsk_room(frame_size, b->opts.headroom, rounds_down(b));
}

static int choose_frame_size(struct xs_bouncer *b, bool *sg)
{
	struct xs_bouncer_opts *opts = &b->opts;
	__u32 need = b->netif.mtu + XS_LINK_HEADER, taken = XS_XSK_KERNEL_HEADROOM + opts->headroom;

	b->frame_size_said = opts->frame_size;
	if (!opts->frame_size)
		opts->frame_size = xs_xsk_frame_size(need, opts->headroom, rounds_down(b));
	if (taken + 64 > opts->frame_size)
		return xs_usage(b->cli, "--headroom %u leaves nothing of a frame of %u bytes",
				opts->headroom, opts->frame_size);
	*sg = need > opts->frame_size - taken;
	if (!*sg && need > packet_room(b, opts->frame_size))
		xs_warn(b->cli->ctx,
			"%s: in zero-copy mode %s breaks packets longer than %u bytes into pieces: "
			"use --frame-size 4096, an MTU of %u, or -c",
			b->netif.name, b->netif.driver, packet_room(b, opts->frame_size),
			packet_room(b, XS_XSK_FRAME_MAX) - XS_LINK_HEADER);
	return 0;
}

/*
 * In skb mode a frame is what the stack made of it: up to 64 KB, whatever the MTU is,
 * from segments that GRO merged or that a veth's peer never cut.
 */
void xs_bouncer_expect_merged_frames(struct xs_bouncer *b, bool *sg)
{
	if (strcmp(b->steer.mode, xs_mode_names[XS_MODE_SKB]))
		return;
	*sg = true;
	if (!(b->opts.actions & XS_ACTION_drop) && xs_netif_may_merge(&b->netif))
		xs_warn(b->cli->ctx,
			"%s: skb mode: frames that GRO or a veth's peer has merged arrive whole, "
			"and cannot be sent back: native mode gets each by itself",
			b->netif.name);
	if (!b->frame_size_said && !b->opts.headroom)
		b->opts.frame_size = XS_XSK_FRAME_MAX;
}

static void choose_batch(struct xs_bouncer_opts *opts)
{
	__u32 room = opts->ring ? opts->ring / 2 : opts->batch;

	/*
	 * The TX ring must have room for a batch and the start of a long packet at the
	 * same time.
	 */
	if (opts->frames && opts->frames < room)
		room = opts->frames;
	if (opts->batch > room)
		opts->batch = room;
}

static int check_cpus(struct xs_cli *cli, const struct xs_bouncer_opts *opts)
{
	cpu_set_t set;
	__u32 i;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (i = 0; i < opts->cpu_cnt; i++) {
		if (CPU_ISSET(opts->cpus[i], &set))
			continue;
		xs_err(cli->ctx,
		       "--cpu %u: this process may not run there (see taskset -p, "
		       "or the cgroup's cpuset)",
		       opts->cpus[i]);
		return -EINVAL;
	}
	return 0;
}

static int check_privilege(struct xs_cli *cli)
{
	char program[PATH_MAX];
	ssize_t len;

	if (capng_get_caps_process())
		return 0; /* unknown: let the kernel decide */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return 0;
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[len > 0 ? len : 0] = '\0';
	xs_err(cli->ctx,
	       "AF_XDP sockets need CAP_NET_RAW: run as root, "
	       "or let 'setcap cap_net_raw+ep %s' give it to this program",
	       len > 0 ? program : "PROGRAM");
	return -EPERM;
}

/* Only a warning, since the kernel may not even count locked memory. */
static void raise_memlock(const struct xs_bouncer *b)
{
	const struct rlimit unlimited = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	__u64 frames = b->opts.frames ? b->opts.frames : 1024;
	__u64 need = frames * b->opts.frame_size * b->worker_cnt;
	struct rlimit limit;

	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_IPC_LOCK) ||
	    !setrlimit(RLIMIT_MEMLOCK, &unlimited) || getrlimit(RLIMIT_MEMLOCK, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (limit.rlim_cur < need)
		xs_warn(b->cli->ctx,
			"may lock %llu bytes of memory only, and the UMEM needs %llu: "
			"if the kernel refuses it, "
			"let root raise that with 'ulimit -l unlimited' before the start",
			(unsigned long long)limit.rlim_cur, need);
}

static int look_at_interface(struct xs_bouncer *b)
{
	int err = xs_netif_get(b->cli->ctx, &b->netif, b->opts.ifname);
	__u32 usable = err ? 0 : xs_sysfs_tx_queues(b->cli->ctx, &b->netif);

	if (usable && usable < b->netif.tx_queues)
		b->netif.tx_queues = usable;
	if (!err)
		b->opts.ifname = b->netif.name; /* the user may have typed another one */
	return err;
}

int xs_bouncer_look(struct xs_bouncer *b)
{
	int err = xs_bouncer_opts_check(b->cli, &b->opts);

	if (!err)
		err = look_at_interface(b);
	return err ? err : xs_bouncer_opts_queues(b->cli, &b->opts, &b->netif);
}

int xs_bouncer_prepare(struct xs_bouncer *b, bool *sg)
{
	struct xs_bouncer_opts *opts = &b->opts;
	__u32 i;
	int err;

	err = choose_frame_size(b, sg);
	if (!err)
		err = check_cpus(b->cli, opts);
	if (!err && !b->given)
		err = check_privilege(b->cli);
	if (err)
		return err;
	choose_batch(opts);
	__atomic_store_n(&b->link_up, b->netif.up, __ATOMIC_RELEASE);
	if (!b->netif.up)
		xs_note(b->cli->ctx, "%s is down: waiting until it is up", b->netif.name);

	b->workers = calloc(opts->queue_cnt, sizeof(*b->workers));
	if (!b->workers) {
		xs_err(b->cli->ctx, "no memory for %u queues", opts->queue_cnt);
		return -ENOMEM;
	}
	b->worker_cnt = opts->queue_cnt;
	for (i = 0; i < b->worker_cnt; i++) {
		struct xs_worker *w = &b->workers[i];

		w->bouncer = b;
		w->ctx = xsteer_ctx_new(b->cli->pin_root, xs_cli_log, b->cli);
		if (!w->ctx)
			return -ENOMEM;
		w->queue = opts->queues[i];
		w->cpu = opts->cpu_cnt ? (int)opts->cpus[i % opts->cpu_cnt] : -1;
		w->xsk.fd = -1;
		w->wake_fd = -1;
	}
	if (!b->given) /* the frames are there already */
		raise_memlock(b);
	return 0;
}

void xs_bouncer_drop_capabilities(struct xs_cli *cli, bool keep_net_admin)
{
	int keep[] = { -1, -1, -1 }, cnt = 0;

	if (xs_caps_maps_need_bpf())
		keep[cnt++] = CAP_BPF;
	if (keep_net_admin)
		keep[cnt++] = CAP_NET_ADMIN;
	xs_caps_keep(cli, keep);
}
