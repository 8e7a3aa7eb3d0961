// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a bouncer waits for while its workers work; see events.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "lib/base/clock.h"
#include "lib/net/identity.h"
#include "lib/xsk/counts.h"
#include "bouncer.h"
#include "tools/cli/out.h"
#include "keep.h"
#include "stats.h"
#include "prepare.h"
#include "watch.h"
#include "tools/cli/cli.h"
#include "lib/base/failstep.h"
#include "events.h"
#include "store.h"
#define CHECK_MS 1000

int xs_events_check_fd(struct xs_cli *cli, int fd, const char *what)
{
	int err = fd < 0 ? -errno : 0;

	if (err)
		xs_err(cli->ctx, "cannot make %s: %s", what, strerror(-err));
	return err;
}

/*
 * Blocks signals before there is anything to clean up, and reads them from a
 * descriptor. Signals that end the bouncer have one more descriptor, for waits before
 * the xs_events_loop starts.
 */
int xs_events_open_signals(struct xs_bouncer *b, int fds[XS_SOURCE_MAX])
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
	err = xs_events_check_fd(b->cli, b->cli->ctx->stop_fd, "a signalfd");
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!err) {
		fds[XS_SOURCE_signal] = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		err = xs_events_check_fd(b->cli, fds[XS_SOURCE_signal], "a signalfd");
	}
	return err;
}

int xs_events_open(struct xs_bouncer *b, int fds[XS_SOURCE_MAX])
{
	int err = 0;
	__u32 i;

	for (i = XS_SOURCE_interval; !err && i <= XS_SOURCE_duration; i++) {
		fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		err = xs_events_check_fd(b->cli, fds[i], "a timerfd");
	}
	for (i = 0; !err && i < b->worker_cnt; i++) {
		b->workers[i].wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		err = xs_events_check_fd(b->cli, b->workers[i].wake_fd, "an eventfd");
	}
	if (err)
		return err;
	fds[XS_SOURCE_link] = xs_watch_open(b->cli);
	return fds[XS_SOURCE_link] < 0 ? fds[XS_SOURCE_link] : xs_fail_step(b->cli->ctx, "sources");
}

static void start_timer(int fd, __u64 ns, bool again)
{
	const struct timespec in = { .tv_sec = (time_t)(ns / 1000000000),
				     .tv_nsec = (long)(ns % 1000000000) };
	const struct itimerspec timer = { .it_value = in,
					  .it_interval = again ? in : (struct timespec){ 0 } };

	timerfd_settime(fd, 0, &timer, NULL);
}

void xs_events_wake_workers(const struct xs_bouncer *b)
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

/* When a process is killed, its sockets' counters are gone, except for what is written here. */
void xs_events_keep_counts(const struct xs_bouncer *b)
{
	struct xs_socket_counts counts;

	for (__u32 i = 0; i < b->worker_cnt; i++) {
		if (b->workers[i].xsk.fd < 0)
			continue;
		xs_socket_counts_get(&counts, &b->workers[i].xsk);
		counts.rx_unread =
			__atomic_load_n(&b->workers[i].xsk.counters.discarded, __ATOMIC_RELAXED);
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
	int err;

	for (i = 0; i < b->worker_cnt; i++)
		if (xs_xsk_error(&b->workers[i].xsk) == -ENETDOWN)
			return say_gone(b);
	err = xs_steer_check_instance(&b->steer, b->workers, b->worker_cnt, &b->netif);
	if (err)
		b->why = "instance detached";
	return err;
}

/* The frames were chosen at the start: longer packets fit into several of them, or not at all. */
static void on_mtu(struct xs_bouncer *b, __u32 mtu)
{
	const __u32 room = b->opts.frame_size - XS_XSK_KERNEL_HEADROOM - b->opts.headroom;

	if (mtu > b->netif.mtu && mtu + XS_LINK_HEADER > room && !b->workers[0].xsk.sg)
		xs_warn(b->cli->ctx,
			"%s: its MTU is %u now, it was %u: "
			"packets longer than %u bytes are dropped: start again to take them",
			b->netif.name, mtu, b->netif.mtu, room);
	b->netif.mtu = mtu;
}

static int on_link(struct xs_bouncer *b, int fd)
{
	__u32 mtu = b->netif.mtu;
	enum xs_link_state state = xs_watch_read(b->cli, fd, b->netif.ifindex, &mtu);
	bool up = state == XS_LINK_up;
	char name[16];

	if (state != XS_LINK_same && !xs_netif_name(b->netif.ifindex, name))
		memcpy(b->netif.name, name, sizeof(name)); /* it may have been renamed */
	on_mtu(b, mtu);
	if (state == XS_LINK_gone)
		return say_gone(b);
	if (state == XS_LINK_same || up == b->link_up)
		return 0;
	xs_note(b->cli->ctx, "%s is %s", b->netif.name,
		up ? "up again" : "down: waiting until it is up");
	__atomic_store_n(&b->link_up, up, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
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

static int on_timer(struct xs_bouncer *b, int fd, enum xs_source source)
{
	__u64 times;

	if (read(fd, &times, sizeof(times)) < 0)
		return 0;
	if (source == XS_SOURCE_interval)
		return xs_stats_interval(b);
	b->why = "duration";
	return 1;
}

static int on_successor(struct xs_bouncer *b)
{
	if (!xs_give_answer(b))
		return 0;
	b->why = "handed over";
	return 1;
}

static int handle(struct xs_bouncer *b, enum xs_source source, int fd)
{
	switch (source) {
	case XS_SOURCE_listen:
		xs_give_accept(b);
		return 0;
	case XS_SOURCE_peer:
		return on_successor(b);
	case XS_SOURCE_keeper:
		xs_keep_lost(b);
		return 0;
	case XS_SOURCE_signal:
		return on_signal(b, fd);
	case XS_SOURCE_link:
		return on_link(b, fd);
	case XS_SOURCE_done:
		return on_worker(b, fd);
	default:
		return on_timer(b, fd, source);
	}
}

/* Of --duration, which began with the first of those that were killed. */
static __u64 left_ns(const struct xs_bouncer *b)
{
	__u64 gone = xs_monotonic_ns() - b->start_ns;

	return gone < b->opts.duration_ns ? b->opts.duration_ns - gone : 1;
}

/* Runs until something ends it. 0 or -errno, logged. */
int xs_events_loop(struct xs_bouncer *b, const int fds[XS_SOURCE_MAX])
{
	__u64 checked_ns = xs_monotonic_ns();
	struct pollfd polls[XS_SOURCE_MAX];
	int i, err = 0;

	if (b->opts.verbose || b->opts.periodic)
		start_timer(fds[XS_SOURCE_interval], b->opts.interval_ns, true);
	if (b->opts.duration_ns)
		start_timer(fds[XS_SOURCE_duration], left_ns(b), false);
	for (i = 0; i < XS_SOURCE_MAX; i++)
		polls[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	while (!err) {
		int ready;

		polls[XS_SOURCE_listen].fd = b->give.listen_fd;
		polls[XS_SOURCE_peer].fd = b->give.peer_fd;
		polls[XS_SOURCE_keeper].fd = b->keeper_fd;
		ready = poll(polls, XS_SOURCE_MAX, xs_notify_wait_ms(&b->notify, CHECK_MS));

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (xs_monotonic_ns() - checked_ns >= CHECK_MS * 1000000ull) {
			checked_ns = xs_monotonic_ns();
			xs_events_keep_counts(b);
			xs_give_check(b);
			xs_store_lives(b);
			err = check(b);
		}
		xs_notify_if_all_turn(&b->notify, &b->workers[0].turns, sizeof(b->workers[0]),
				      b->worker_cnt, xs_monotonic_ns());
		for (i = 0; !err && i < XS_SOURCE_MAX; i++)
			if (ready > 0 && polls[i].revents)
				err = handle(b, i, polls[i].fd);
	}
	if (err == -EPIPE)
		b->why = "output closed";
	return err > 0 ? 0 : err;
}
