/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * xsteer-bouncer: takes packets from receive queues by AF_XDP and sends them back. This
 * file has the set-up in order, the loop of signals and timers, and a shutdown that
 * leaves no frame, slot or program behind.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

#include <cap-ng.h>

#include "lib/base/clock.h"
#include "lib/net/sysfs.h"
#include "lib/xsk/counts.h"
#include "bouncer.h"
#include "out.h"
#include "stats.h"
#include "watch.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"
#include "lib/base/wait.h"

#define BIND_WAIT_MS 2000
#define BIND_WAIT_MORE_MS 4000
#define CHECK_MS 1000
#define LAST_WORDS_MS 1000 /* how long the reader may take once everything else is done */
#define BUSY_POLL_US 20 /* polling in one system call; xdpsock uses the same */
/* Ethernet header and one VLAN tag, which the MTU does not count. */
#define LINK_HEADER 18
#define XDP_ACT_XSK_ZEROCOPY (1 << 3) /* NETDEV_XDP_ACT_XSK_ZEROCOPY, Linux 6.3 */

/* The events that the loop waits for. */
enum source {
	SOURCE_signal,
	SOURCE_interval,
	SOURCE_duration,
	SOURCE_link,
	SOURCE_done,
	SOURCE_MAX
};

/*
 * In zero-copy mode igb and igc round a receive buffer down to whole kilobytes, and
 * pass on the rest of a frame as a packet of its own.
 */
static bool rounds_buffers_down(const struct xs_bouncer *b)
{
	return b->opts.want != XS_XSK_copy &&
	       (!strcmp(b->netif.driver, "igb") || !strcmp(b->netif.driver, "igc"));
}

static __u32 packet_room(const struct xs_bouncer *b, __u32 frame_size)
{
	__u32 room = frame_size - XS_XSK_KERNEL_HEADROOM - b->opts.headroom;

	return rounds_buffers_down(b) ? room & ~1023U : room;
}

static int choose_frame_size(struct xs_bouncer *b, bool *sg)
{
	struct xs_bouncer_opts *opts = &b->opts;
	__u32 need = b->netif.mtu + LINK_HEADER, taken = XS_XSK_KERNEL_HEADROOM + opts->headroom;

	b->frame_size_said = opts->frame_size;
	if (!opts->frame_size)
		opts->frame_size = taken < XS_XSK_FRAME_MIN &&
						   need <= packet_room(b, XS_XSK_FRAME_MIN)
					   ? XS_XSK_FRAME_MIN
					   : XS_XSK_FRAME_MAX;
	if (taken + 64 > opts->frame_size)
		return xs_usage(b->cli, "--headroom %u leaves nothing of a frame of %u bytes",
				opts->headroom, opts->frame_size);
	*sg = need > opts->frame_size - taken;
	if (!*sg && need > packet_room(b, opts->frame_size))
		xs_warn(b->cli->ctx,
			"%s: in zero-copy mode %s breaks packets longer than %u bytes into "
			"pieces: use --frame-size 4096, an MTU of %u, or -c",
			b->netif.name, b->netif.driver, packet_room(b, opts->frame_size),
			packet_room(b, XS_XSK_FRAME_MAX) - LINK_HEADER);
	return 0;
}

/*
 * In skb mode a frame is what the stack made of it: up to 64 KB, whatever the MTU is,
 * from segments that GRO merged or that a veth's peer never cut.
 */
static void expect_merged_frames(struct xs_bouncer *b, bool *sg)
{
	if (strcmp(b->steer.mode, xs_mode_names[XS_MODE_SKB]))
		return;
	*sg = true;
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
		       "--cpu %u: this process may not run there (see taskset -p, or the cgroup's "
		       "cpuset)",
		       opts->cpus[i]);
		return -EINVAL;
	}
	return 0;
}

static int check_privilege(struct xs_cli *cli)
{
	if (capng_get_caps_process())
		return 0; /* unknown: let the kernel decide */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return 0;
	xs_err(cli->ctx,
	       "AF_XDP sockets need CAP_NET_RAW: run as root, or setcap cap_net_raw+ep on this "
	       "program");
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
			"may lock %llu bytes of memory only, and the UMEM needs %llu: if the "
			"kernel refuses it, raise `ulimit -l`",
			(unsigned long long)limit.rlim_cur, need);
}

static int look_at_interface(struct xs_bouncer *b)
{
	int err = xs_netif_get(b->cli->ctx, &b->netif, b->opts.ifname);
	__u32 usable = err ? 0 : xs_sysfs_tx_queues(&b->netif);

	if (usable && usable < b->netif.tx_queues)
		b->netif.tx_queues = usable;
	if (!err)
		b->opts.ifname = b->netif.name; /* the user may have typed another one */
	return err;
}

static int prepare(struct xs_bouncer *b, bool *sg)
{
	struct xs_bouncer_opts *opts = &b->opts;
	__u32 i;
	int err;

	err = xs_bouncer_opts_check(b->cli, opts);
	if (!err)
		err = look_at_interface(b);
	if (!err)
		err = xs_bouncer_opts_queues(b->cli, opts, &b->netif);
	if (!err)
		err = choose_frame_size(b, sg);
	if (!err)
		err = check_cpus(b->cli, opts);
	if (!err)
		err = check_privilege(b->cli);
	if (err)
		return err;
	choose_batch(opts);
	__atomic_store_n(&b->link_up, b->netif.up, __ATOMIC_RELEASE);
	if (!b->netif.up)
		xs_note(b->cli->ctx, "%s is down: waits until it is up", b->netif.name);

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
	raise_memlock(b);
	return 0;
}

static int make_fd(struct xs_cli *cli, int fd, const char *what)
{
	int err = fd < 0 ? -errno : 0;

	if (err)
		xs_err(cli->ctx, "cannot make %s: %s", what, strerror(-err));
	return err;
}

static void tell_out(void *arg, const char *text, size_t len)
{
	xs_out_put(arg, STDERR_FILENO, text, len);
}

/*
 * Blocks signals before there is anything to clean up, and reads them from a
 * descriptor. Signals that end the bouncer have one more descriptor, for waits before
 * the loop starts.
 */
static int open_signals(struct xs_bouncer *b, int fds[SOURCE_MAX])
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/*
	 * Without a terminal of ours, a hang-up asks a daemon to reload. There is
	 * nothing to reload.
	 */
	if (isatty(STDOUT_FILENO))
		sigaddset(&set, SIGHUP);
	b->cli->ctx->stop_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	err = make_fd(b->cli, b->cli->ctx->stop_fd, "a signalfd");
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!err) {
		fds[SOURCE_signal] = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		err = make_fd(b->cli, fds[SOURCE_signal], "a signalfd");
	}
	return err;
}

/* From here on no output blocks. */
static int open_out(struct xs_bouncer *b, int fds[SOURCE_MAX])
{
	int err;

	b->done_fd = fds[SOURCE_done] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = make_fd(b->cli, b->done_fd, "an eventfd");
	if (err)
		return err;
	b->out = xs_out_open(b->done_fd);
	if (!b->out) {
		xs_err(b->cli->ctx, "cannot start the thread that prints");
		return -ENOMEM;
	}
	b->cli->tell = tell_out;
	b->cli->tell_arg = b->out;
	return 0;
}

/* The last step: output that is not read by now is lost, and the exit status says so. */
static int close_out(struct xs_bouncer *b)
{
	int err;

	if (!b->out)
		return 0;
	if (b->lost_reports)
		xs_warn(b->cli->ctx, "%llu reports were not printed: nobody read them in time",
			b->lost_reports);
	b->cli->tell = NULL;
	err = xs_out_close(b->out, LAST_WORDS_MS);
	b->out = NULL;
	if (err && err != -ETIMEDOUT) /* in that case stderr may be full, too */
		xs_err(b->cli->ctx, "cannot write to standard output: %s", strerror(-err));
	if (err)
		b->cli->json_done = b->cli->told = true;
	return err;
}

static int open_sources(struct xs_bouncer *b, int fds[SOURCE_MAX])
{
	int err = 0;
	__u32 i;

	for (i = SOURCE_interval; !err && i <= SOURCE_duration; i++) {
		fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		err = make_fd(b->cli, fds[i], "a timerfd");
	}
	for (i = 0; !err && i < b->worker_cnt; i++) {
		b->workers[i].wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		err = make_fd(b->cli, b->workers[i].wake_fd, "an eventfd");
	}
	if (err)
		return err;
	fds[SOURCE_link] = xs_watch_open(b->cli);
	return fds[SOURCE_link] < 0 ? fds[SOURCE_link] : xs_fail_step(b->cli->ctx, "sources");
}

static void start_timer(int fd, __u64 ns, bool again)
{
	struct itimerspec timer = {
		.it_value = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 },
	};

	if (again)
		timer.it_interval = timer.it_value;
	timerfd_settime(fd, 0, &timer, NULL);
}

/*
 * The queue is still held. Finds out by whom. If nobody is seen, the kernel may be slow
 * to free it: a worker releases the last socket, and waits for the RTNL lock behind
 * other changes of interfaces.
 */
static int open_busy_socket(struct xs_worker *w, struct xs_xsk_config *cfg)
{
	char holders[256];
	int err = -EBUSY;

	xs_holders(holders, sizeof(holders));
	if (!holders[0]) {
		xs_note(w->bouncer->cli->ctx,
			"%s queue %u: held by a socket whose process cannot be seen: waits %d s "
			"more",
			cfg->ifname, w->queue, BIND_WAIT_MORE_MS / 1000);
		cfg->bind_wait_ms = BIND_WAIT_MORE_MS;
		err = xs_xsk_open(&w->xsk, cfg);
	}
	if (err == -EBUSY)
		xs_err(w->bouncer->cli->ctx,
		       "%s queue %u: another AF_XDP socket has held it for %d s%s%s; stop it, or "
		       "take another queue",
		       cfg->ifname, w->queue,
		       (BIND_WAIT_MS + (holders[0] ? 0 : BIND_WAIT_MORE_MS)) / 1000,
		       holders[0] ? "; such sockets here: " : "", holders);
	return err;
}

static void say_one_buffer(const struct xs_bouncer *b, const struct xs_worker *w)
{
	const __u32 room = b->opts.frame_size - XS_XSK_KERNEL_HEADROOM - b->opts.headroom;
	/* Kernels with this field say how many buffers a driver's zero-copy supports. */
	const bool driver = w->xsk.mode == XS_XSK_zero_copy && b->netif.xdp_zc_max_segs;

	xs_warn(b->cli->ctx,
		"%s queue %u: packets longer than %u bytes are dropped: the MTU is %u and %s",
		b->netif.name, w->queue, room, b->netif.mtu,
		driver ? "the driver's zero-copy takes packets of one buffer only; copy mode (-c) "
			 "takes them whole"
		       : "this kernel has no multi-buffer AF_XDP (Linux 6.6)");
}

static int open_sockets(struct xs_bouncer *b, bool sg)
{
	const struct xs_bouncer_opts *opts = &b->opts;
	int err, numa = xs_sysfs_numa_node(&b->netif);
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		struct xs_worker *w = &b->workers[i];
		struct xs_xsk_config cfg = {
			.ctx = b->cli->ctx,
			.ifname = b->netif.name,
			.ifindex = b->netif.ifindex,
			.queue = w->queue,
			.want = opts->want,
			.frames = opts->frames,
			.frame_size = opts->frame_size,
			.headroom = opts->headroom,
			.ring = opts->ring,
			.tx_budget = opts->batch,
			.bind_wait_ms = BIND_WAIT_MS,
			.numa_node = numa,
			.no_zero_copy = b->netif.xdp_features_known &&
					!(b->netif.xdp_features & XDP_ACT_XSK_ZEROCOPY),
			.huge = opts->huge,
			.unaligned = opts->unaligned,
			.sg = sg,
			.busy_poll = opts->busy_poll,
			.busy_poll_us = BUSY_POLL_US,
		};

		err = xs_xsk_open(&w->xsk, &cfg);
		if (err == -EBUSY)
			err = open_busy_socket(w, &cfg);
		if (err)
			return err;
		if (sg && !w->xsk.sg)
			say_one_buffer(b, w);
	}
	for (i = 0; i < b->worker_cnt; i++) {
		err = xs_steer_insert(&b->steer, i, &b->workers[i].xsk);
		if (err)
			return err;
	}
	return 0;
}

/* Before 5.19 the kernel demands it even for an open map, unless everybody may use bpf(2). */
static bool maps_need_cap_bpf(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 19)) &&
	       capng_have_capability(CAPNG_PERMITTED, CAP_BPF);
}

/*
 * Sockets and map stay open. The rest needs only the pins' permissions, and
 * CAP_NET_ADMIN to restore the interface's knobs.
 */
static void drop_capabilities(struct xs_cli *cli, bool keep_net_admin)
{
	bool raw = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW);
	bool bpf = maps_need_cap_bpf();

	capng_clear(CAPNG_SELECT_BOTH);
	if (raw)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
	if (bpf)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF);
	if (keep_net_admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	/* Without CAP_SETPCAP the bounding set stays; the other sets are still dropped. */
	if (capng_apply(CAPNG_SELECT_BOTH) && capng_apply(CAPNG_SELECT_CAPS))
		xs_warn(cli->ctx, "cannot drop capabilities: %s", strerror(errno));
}

static int start_workers(struct xs_bouncer *b)
{
	__u32 i;
	int err;

	b->start_ns = b->last_ns = xs_monotonic_ns();
	for (i = 0; i < b->worker_cnt; i++) {
		err = xs_worker_start(&b->workers[i]);
		if (err)
			return err;
	}
	return 0;
}

static void wake_workers(const struct xs_bouncer *b)
{
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++)
		xs_worker_wake(&b->workers[i]);
}

/* 1: stop; 0: go on; -errno: stop and fail. */
static int on_signal(struct xs_bouncer *b, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			int err = xs_stats_interval(b);

			if (err)
				return err;
		} else if (info.ssi_signo != SIGHUP || isatty(STDOUT_FILENO)) {
			b->why = "signal";
			return 1;
		}
	}
	return 0;
}

static int say_gone(struct xs_bouncer *b)
{
	b->why = "interface deleted";
	xs_err(b->cli->ctx, "%s (index %u) was deleted, or left this network namespace",
	       b->netif.name, b->netif.ifindex);
	return -ENODEV;
}

static int say_lost(struct xs_bouncer *b)
{
	b->why = "instance detached";
	xs_err(b->cli->ctx,
	       "%s: the instance that was joined is detached, or replaced by another one: no "
	       "more frames arrive here; start again once 'xsteer-loader status %s' shows it "
	       "attached",
	       b->netif.name, b->netif.name);
	return -ESTALE;
}

/* A killed process takes its sockets' counters along, but for what is kept here. */
static void keep_counts(const struct xs_bouncer *b)
{
	struct xs_socket_counts counts;

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		if (b->workers[i].xsk.fd < 0)
			continue;
		xs_socket_counts_get(&counts, &b->workers[i].xsk);
		counts.rx_unread = __atomic_load_n(&b->workers[i].late, __ATOMIC_RELAXED);
		xs_steer_keep_counts(&b->steer, i, &counts);
	}
}

/*
 * Checks what rtnetlink does not tell. The kernel marks the sockets of a device that
 * goes away; but nothing marks sockets whose maps no program uses any more.
 */
static int check(struct xs_bouncer *b)
{
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++)
		if (xs_xsk_error(&b->workers[i].xsk) == -ENETDOWN)
			return say_gone(b);
	if (!xs_steer_lost(&b->steer, b->netif.ifindex))
		b->lost_cnt = 0;
	else if (++b->lost_cnt == 2)
		return say_lost(b);
	return 0;
}

/* The frames were chosen at the start: longer packets fit into several of them, or not at all. */
static void on_mtu(struct xs_bouncer *b, __u32 mtu)
{
	const __u32 room = b->opts.frame_size - XS_XSK_KERNEL_HEADROOM - b->opts.headroom;

	if (mtu > b->netif.mtu && mtu + LINK_HEADER > room && !b->workers[0].xsk.sg)
		xs_warn(b->cli->ctx,
			"%s: its MTU is %u now, it was %u: packets longer than %u bytes are "
			"dropped: "
			"start again to take them",
			b->netif.name, mtu, b->netif.mtu, room);
	b->netif.mtu = mtu;
}

static int on_link(struct xs_bouncer *b, int fd)
{
	__u32 mtu = b->netif.mtu;
	enum xs_link_state state = xs_watch_read(b->cli, fd, b->netif.ifindex, &mtu);
	bool up = state == XS_LINK_up;

	on_mtu(b, mtu);
	if (state == XS_LINK_gone)
		return say_gone(b);
	if (state == XS_LINK_same || up == b->link_up)
		return 0;
	xs_note(b->cli->ctx, "%s is %s", b->netif.name,
		up ? "up again" : "down: waits until it is up");
	__atomic_store_n(&b->link_up, up, __ATOMIC_RELEASE);
	wake_workers(b);
	return 0;
}

static int on_worker(struct xs_bouncer *b, int fd)
{
	__u64 events;
	__u32 i;

	if (xs_out_error(b->out))
		return -EPIPE;
	if (read(fd, &events, sizeof(events)) < 0)
		return 0;
	xs_busy_update(b); /* a socket may have learnt its NAPI */
	for (i = 0; i < b->worker_cnt; i++) {
		int err = __atomic_load_n(&b->workers[i].err, __ATOMIC_ACQUIRE);

		if (err) {
			b->why = "error";
			return err;
		}
	}
	if (b->opts.limit && __atomic_load_n(&b->received, __ATOMIC_RELAXED) == b->opts.limit) {
		b->why = "limit";
		return 1;
	}
	return 0;
}

static int on_timer(struct xs_bouncer *b, int fd, enum source source)
{
	__u64 times;

	if (read(fd, &times, sizeof(times)) < 0)
		return 0;
	if (source == SOURCE_interval)
		return xs_stats_interval(b);
	b->why = "duration";
	return 1;
}

static int handle(struct xs_bouncer *b, enum source source, int fd)
{
	switch (source) {
	case SOURCE_signal:
		return on_signal(b, fd);
	case SOURCE_link:
		return on_link(b, fd);
	case SOURCE_done:
		return on_worker(b, fd);
	default:
		return on_timer(b, fd, source);
	}
}

/* Runs until something ends it. 0 or -errno, logged. */
static int loop(struct xs_bouncer *b, const int fds[SOURCE_MAX])
{
	__u64 checked_ns = xs_monotonic_ns();
	struct pollfd polls[SOURCE_MAX];
	int i, err = 0;

	if (b->opts.verbose || b->opts.periodic)
		start_timer(fds[SOURCE_interval], b->opts.interval_ns, true);
	if (b->opts.duration_ns)
		start_timer(fds[SOURCE_duration], b->opts.duration_ns, false);
	for (i = 0; i < SOURCE_MAX; i++)
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (!err) {
		int ready = poll(polls, SOURCE_MAX, CHECK_MS);

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (xs_monotonic_ns() - checked_ns >= CHECK_MS * 1000000ull) {
			checked_ns = xs_monotonic_ns();
			keep_counts(b);
			err = check(b);
		}
		for (i = 0; !err && i < SOURCE_MAX; i++)
			if (ready > 0 && polls[i].revents)
				err = handle(b, i, fds[i]);
	}
	if (err == -EPIPE)
		b->why = "output closed";
	return err > 0 ? 0 : err;
}

/* First stops new frames, then handles those that are here, then ends the threads. */
static int stop_workers(struct xs_bouncer *b)
{
	__u64 received = __atomic_load_n(&b->received, __ATOMIC_RELAXED);
	bool discard = b->opts.limit && received == b->opts.limit;
	int err = xs_steer_remove(&b->steer);
	__u32 i;

	__atomic_store_n(&b->phase, discard ? XS_PHASE_discard : XS_PHASE_drain, __ATOMIC_RELEASE);
	wake_workers(b);
	for (i = 0; i < b->worker_cnt; i++)
		if (b->workers[i].started)
			pthread_join(b->workers[i].thread, NULL);
	keep_counts(b);
	return err;
}

/* Only a signal that comes from now on ends the wait for locks. */
static void forget_signals(const struct xs_bouncer *b)
{
	struct signalfd_siginfo info;

	while (read(b->cli->ctx->stop_fd, &info, sizeof(info)) == sizeof(info))
		;
}

static int tear_down(struct xs_bouncer *b, int fds[SOURCE_MAX])
{
	__u32 i;
	int err;

	forget_signals(b);
	for (i = 0; i < b->worker_cnt; i++) {
		xs_xsk_close(&b->workers[i].xsk);
		xsteer_ctx_free(b->workers[i].ctx);
		if (b->workers[i].wake_fd >= 0)
			close(b->workers[i].wake_fd);
	}
	xs_busy_stop(b);
	err = xs_steer_close(&b->steer);
	free(b->workers);
	for (i = 0; i < SOURCE_MAX; i++)
		if (fds[i] >= 0 && i != SOURCE_done)
			close(fds[i]);
	return err;
}

/* Everything until frames may arrive. After a failure tear_down() undoes it. */
static int set_up(struct xs_bouncer *b, int fds[SOURCE_MAX])
{
	bool sg = false;
	int err;

	err = prepare(b, &sg);
	if (!err)
		err = open_sources(b, fds);
	if (!err)
		err = xs_steer_open(b->cli, &b->steer, &b->opts, &b->netif);
	if (!err) {
		expect_merged_frames(b, &sg);
		err = open_sockets(b, sg);
	}
	if (err)
		return err;
	if (b->opts.busy_poll)
		xs_busy_start(b);
	drop_capabilities(b->cli, b->busy.wanted);
	return 0;
}

static int bounce(struct xs_bouncer *b, const int fds[SOURCE_MAX])
{
	int err, audit, last, removed;

	err = xs_stats_start(b);
	if (!err)
		err = start_workers(b);
	if (!err)
		err = loop(b, fds);
	removed = stop_workers(b);
	last = b->start_ns ? xs_stats_final(b) : 0;
	audit = xs_stats_audit(b);
	if (!err)
		err = removed;
	return err ? err : audit ? audit : last;
}

static int run_bouncer(struct xs_cli *cli)
{
	struct xs_bouncer b = { .opts = *(struct xs_bouncer_opts *)cli->opts,
				.cli = cli,
				.done_fd = -1 };
	int fds[SOURCE_MAX] = { -1, -1, -1, -1, -1 }, err, late;

	cli->verbose = b.opts.verbose;
	err = open_signals(&b, fds);
	if (!err)
		err = open_out(&b, fds);
	if (!err)
		err = set_up(&b, fds);
	if (!err)
		err = bounce(&b, fds);
	else if (err == -EINTR && xs_asked_to_stop(cli->ctx))
		err = 0; /* ended before it was ready */
	late = tear_down(&b, fds);
	if (!err)
		err = late;
	late = close_out(&b);
	if (b.done_fd >= 0)
		close(b.done_fd);
	close(cli->ctx->stop_fd);
	cli->ctx->stop_fd = -1;
	return err ? err : late;
}

/* --busy-poll may have a budget or not, which the common table of options cannot express. */
static void join_busy_poll(int argc, char **argv)
{
	static char with_budget[] = "--busy-poll-budget", joined[64];
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strncmp(argv[i], "--busy-poll=", 12)) {
			snprintf(joined, sizeof(joined), "%s=%s", with_budget, argv[i] + 12);
			argv[i] = joined;
		} else if (!strcmp(argv[i], "--busy-poll") && i + 1 < argc &&
			   argv[i + 1][0] >= '0' && argv[i + 1][0] <= '9') {
			argv[i] = with_budget;
		}
	}
}

int main(int argc, char **argv)
{
	static const char *const hints[XSTEER_HINT_MAX] = { [XSTEER_HINT_SKB] = "'-S'" };
	static const struct xs_cmd cmds[] = {
		{ .name = "", .args = "-d IF", .help = "bounce packets", .run = run_bouncer },
		{ .name = NULL },
	};
	struct xs_bouncer_opts opts;
	const struct xs_tool tool = {
		.name = "xsteer-bouncer",
		.summary = "Takes packets from a receive queue by AF_XDP and sends them back.",
		.cmds = cmds,
		.opts = xs_bouncer_opt_table,
		.hints = hints,
	};

	xs_bouncer_opts_init(&opts);
	join_busy_poll(argc, argv);
	return xs_main(&tool, &opts, argc, argv);
}
