// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * xsteer-bouncer: takes packets from receive queues by AF_XDP and sends them
 * back. Here: set-up in order, and a shutdown that leaves no frame, slot or
 * program behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "lib/base/clock.h"
#include "lib/base/escape.h"
#include "lib/base/wait.h"
#include "audit.h"
#include "bouncer.h"
#include "tools/cli/out.h"
#include "stats.h"
#include "tools/cli/cli.h"
#include "keep.h"
#include "keeper.h"
#include "prepare.h"
#include "sockets.h"
#include "store.h"
#include "events.h"

#define LAST_WORDS_MS 1000 /* how long the reader may take once everything else is done */

static void tell_out(void *arg, const char *text, size_t len)
{
	xs_out_put(arg, STDERR_FILENO, text, len);
}

/* From here on no output blocks. */
static int open_out(struct xs_bouncer *b, int fds[XS_SOURCE_MAX])
{
	int err;

	b->done_fd = fds[XS_SOURCE_done] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = xs_events_check_fd(b->cli, b->done_fd, "an eventfd");
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

static int start_workers(struct xs_bouncer *b)
{
	__u32 i;
	int err;

	for (i = 0; i < b->worker_cnt; i++) {
		err = xs_worker_start(&b->workers[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Another process goes on, or has gone on all the time: the threads touch nothing any more. */
static void leave_workers(struct xs_bouncer *b)
{
	__atomic_store_n(&b->phase, XS_PHASE_leave, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
	for (__u32 i = 0; i < b->worker_cnt; i++)
		if (b->workers[i].started)
			pthread_join(b->workers[i].thread, NULL);
	xs_steer_let_go(&b->steer);
}

/* First stops new frames, then handles those that are here, then ends the threads. */
static int stop_workers(struct xs_bouncer *b)
{
	__u64 received = __atomic_load_n(&b->received, __ATOMIC_RELAXED);
	bool discard = b->opts.limit && received == b->opts.limit;
	int err = xs_steer_remove(&b->steer);
	__u32 i;

	__atomic_store_n(&b->phase, discard ? XS_PHASE_discard : XS_PHASE_drain, __ATOMIC_RELEASE);
	xs_events_wake_workers(b);
	for (i = 0; i < b->worker_cnt; i++)
		if (b->workers[i].started)
			pthread_join(b->workers[i].thread, NULL);
	xs_events_keep_counts(b);
	return err;
}

/* Only a signal that comes from now on ends the wait for locks. */
static void forget_signals(const struct xs_bouncer *b)
{
	struct signalfd_siginfo info;

	while (read(b->cli->ctx->stop_fd, &info, sizeof(info)) == sizeof(info))
		;
}

static int tear_down(struct xs_bouncer *b, int fds[XS_SOURCE_MAX])
{
	__u32 i;
	int err;

	forget_signals(b);
	if (b->given)
		xs_steer_let_go(&b->steer);
	for (i = 0; i < b->worker_cnt; i++) {
		xs_xsk_close(&b->workers[i].xsk);
		xsteer_ctx_free(b->workers[i].ctx);
		if (b->workers[i].wake_fd >= 0)
			close(b->workers[i].wake_fd);
	}
	xs_busy_stop(b);
	xs_give_close(b);
	xs_take_close(&b->take);
	err = xs_steer_close(&b->steer);
	free(b->workers);
	for (i = 0; i < XS_SOURCE_MAX; i++)
		if (fds[i] >= 0 && i != XS_SOURCE_done)
			close(fds[i]);
	return err;
}

static int open_everything(struct xs_bouncer *b, bool sg)
{
	int err = xs_steer_open(b->cli, &b->steer, &b->opts, &b->netif);

	if (err)
		return err;
	xs_bouncer_expect_merged_frames(b, &sg);
	err = xs_bouncer_open_sockets(b, sg);
	return err ? err : xs_give_listen(b);
}

/* Everything until frames may arrive. After a failure tear_down() undoes it. */
static int set_up(struct xs_bouncer *b, int fds[XS_SOURCE_MAX])
{
	bool sg = false;
	int err;

	err = b->take.dead ? xs_take_learn(b) : xs_bouncer_look(b);
	if (!err && b->given && !b->take.dead)
		err = xs_take_ask(b);
	if (!err)
		err = xs_bouncer_prepare(b, &sg);
	if (!err)
		err = xs_events_open(b, fds);
	if (!err)
		err = b->given ? xs_take_map(b) : open_everything(b, sg);
	if (err)
		return err;
	if (b->opts.busy_poll)
		xs_busy_start(b);
	xs_bouncer_drop_capabilities(b->cli, b->busy.wanted);
	return 0;
}

static int start(struct xs_bouncer *b)
{
	int err;

	if (!b->given) {
		err = xs_stats_start(b);
		b->start_ns = b->last_ns = xs_monotonic_ns();
		if (!err)
			err = xs_keep_give(b);
		return err ? err : start_workers(b);
	}
	b->phase = XS_PHASE_stand;
	err = start_workers(b);
	if (!err && b->take.dead)
		err = xs_take_dead(b);
	else if (!err)
		err = xs_take_all(b);
	if (!err)
		err = b->take.dead ? xs_keep_say(b, XS_HAND_works) : xs_keep_give(b);
	return err ? err : xs_stats_start(b);
}

static int bounce(struct xs_bouncer *b, const int fds[XS_SOURCE_MAX])
{
	int err, audit, last, removed;

	err = start(b);
	if (!err) {
		xs_notify_say(&b->notify, "READY=1\nSTATUS=%s: %u queue%s in %s mode",
			      xs_shown(b->netif.name).text, b->worker_cnt, xs_s(b->worker_cnt),
			      b->steer.mode);
		err = xs_events_loop(b, fds);
	}
	xs_notify_say(&b->notify, "STOPPING=1");
	if (b->given) {
		leave_workers(b);
		last = b->start_ns ? xs_stats_final(b) : 0;
		return err ? err : last;
	}
	removed = stop_workers(b);
	last = b->start_ns ? xs_stats_final(b) : 0;
	audit = xs_bouncer_audit(b);
	if (!err)
		err = removed;
	return err ? err : audit ? audit : last;
}

static int work(struct xs_cli *cli, const struct xs_keeper_child *child)
{
	struct xs_bouncer b = { .opts = *(struct xs_bouncer_opts *)cli->opts,
				.cli = cli,
				.take = child->kept,
				.notify = child->notify,
				.store = child->store,
				.keeper_fd = child->fd,
				.done_fd = -1 };
	int fds[XS_SOURCE_MAX] = { -1, -1, -1, -1, -1, -1, -1, -1 }, err, late;

	xs_give_init(&b.give);
	b.given = b.opts.take_over || b.take.dead;
	err = xs_events_open_signals(&b, fds);
	if (!err)
		err = open_out(&b, fds);
	if (!err)
		err = set_up(&b, fds);
	if (!err)
		err = bounce(&b, fds);
	if (err == -EINTR && xs_asked_to_stop(cli->ctx))
		err = 0; /* ended before it was ready */
	xs_store_remove(&b);
	late = tear_down(&b, fds);
	if (!err)
		err = late;
	late = close_out(&b);
	if (b.done_fd >= 0)
		close(b.done_fd);
	close(cli->ctx->stop_fd);
	cli->ctx->stop_fd = -1;
	xs_notify_close(&b.notify);
	if (b.keeper_fd >= 0)
		close(b.keeper_fd);
	return err ? err : late;
}

static int run_bouncer(struct xs_cli *cli)
{
	const struct xs_bouncer_opts *opts = cli->opts;
	struct xs_keeper_child alone = { .fd = -1 };

	cli->verbose = opts->verbose;
	if (opts->keeper)
		return xs_keeper_run(cli, work);
	xs_take_init(&alone.kept);
	xs_notify_open(cli, &alone.notify);
	xs_store_take(cli, &alone.notify, &alone.kept, &alone.store);
	return work(cli, &alone);
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
