// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A complete main() of a network function: its options, its loop, its signals. No other
 * file of the library prints.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "session.h"

#define RETRY_MS 500 /* a broker that was killed is back within a second */
#define LEAVE_MS 2000 /* a broker that does not answer is waited for no longer */
#define SPIN_TURNS 4096 /* adaptive: about 20 us, which is what going to sleep costs */
#define LOOK_EVERY 1024 /* turns without sleep between checks of messages and clock */
#define SLEEP_MS 500 /* at most, in case a signal comes just before the sleep */
#define BATCH 256 /* amortises a wake-up; on one core, 64 was measured 2 to 4 times slower */

enum wait_mode { WAIT_SLEEP, WAIT_ADAPTIVE, WAIT_SPIN };

struct options {
	const char *path, *ifname, *service;
	enum wait_mode wait;
	__u32 batch;
	__u64 limit, duration_ms; /* 0: none */
	bool once;
};

/* One run of xsnf_main(). */
struct run {
	struct options opts;
	struct xsnf_ops ops; /* with the name of --service */
	const char *name; /* for messages */
	__u64 packets, end_ms, next_tick_ms;
	struct xsnf_packet *batch;
};

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	(void)sig;
	signalled = 1;
}

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* ---- options ---- */

static const struct option longs[] = {
	{ "interface", required_argument, NULL, 'd' },
	{ "socket", required_argument, NULL, 'S' },
	{ "service", required_argument, NULL, 's' },
	{ "wait", required_argument, NULL, 'w' },
	{ "batch", required_argument, NULL, 'b' },
	{ "limit", required_argument, NULL, 'l' },
	{ "duration", required_argument, NULL, 't' },
	{ "once", no_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{},
};

static void print_help(const struct run *run)
{
	printf("Usage: %s [OPTIONS]%s%s\n\n"
	       "A network function of a chain: service %s.\n\n"
	       "Options:\n"
	       "  -d, --interface IF    join the broker of IF, at /run/xsteer/IF.sock\n"
	       "  -S, --socket PATH     join the broker at PATH\n"
	       "  -s, --service NAME    offer the service by another name\n"
	       "  -w, --wait MODE       for packets: sleep (default), adaptive, spin\n"
	       "  -b, --batch N         take up to N packets at once (1 to %d, default %d)\n"
	       "  -l, --limit N         end after N packets\n"
	       "  -t, --duration SEC    end after SEC seconds\n"
	       "  -o, --once            end when the broker goes away, or if there is none\n"
	       "  -h, --help            this\n",
	       run->name, run->ops.usage ? " -- " : "", run->ops.usage ? run->ops.usage : "",
	       run->ops.service, XSNF_BATCH_MAX, BATCH);
}

static int usage(const struct run *run, const char *what, const char *arg)
{
	fprintf(stderr, "%s: %s '%s' (try --help)\n", run->name, what, arg);
	return -EINVAL;
}

static int number(const struct run *run, const char *arg, __u64 max, __u64 *out)
{
	char *end;

	errno = 0;
	*out = strtoull(arg, &end, 10);
	if (errno || *end || arg[0] < '0' || arg[0] > '9' || !*out || *out > max)
		return usage(run, "not a number in range:", arg);
	return 0;
}

static int wait_mode(struct run *run, const char *arg)
{
	static const char *const names[] = { "sleep", "adaptive", "spin" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(arg, names[i]))
			continue;
		run->opts.wait = (enum wait_mode)i;
		return 0;
	}
	return usage(run, "--wait is sleep, adaptive or spin, not", arg);
}

static int set_option(struct run *run, int letter, const char *arg)
{
	struct options *opts = &run->opts;
	__u64 value = 0;
	int err = 0;

	switch (letter) {
	case 'd':
		opts->ifname = arg;
		break;
	case 'S':
		opts->path = arg;
		break;
	case 's':
		run->ops.service = arg;
		break;
	case 'w':
		return wait_mode(run, arg);
	case 'b':
		err = number(run, arg, XSNF_BATCH_MAX, &value);
		opts->batch = (__u32)value;
		break;
	case 'l':
		return number(run, arg, ~0ull, &opts->limit);
	case 't':
		err = number(run, arg, 1u << 30, &value);
		opts->duration_ms = value * 1000;
		break;
	case 'o':
		opts->once = true;
		break;
	default:
		return -EINVAL;
	}
	return err;
}

static int parse_options(struct run *run, int argc, char **argv)
{
	int letter, err = 0;

	optind = 0; /* glibc: start again */
	while (!err && (letter = getopt_long(argc, argv, "+d:S:s:w:b:l:t:oh", longs, NULL)) != -1) {
		if (letter == 'h') {
			print_help(run);
			exit(fflush(stdout) ? 1 : 0);
		}
		err = set_option(run, letter, optarg);
	}
	if (!err && optind < argc && strcmp(argv[optind - 1], "--"))
		err = usage(run, "unknown operand", argv[optind]);
	if (err)
		return err;
	if (optind < argc && !run->ops.options)
		return usage(run, "takes nothing behind --:", argv[optind]);
	if (!run->ops.options)
		return 0;
	argv[optind - 1] = argv[0];
	return run->ops.options(run->ops.data, argc - optind + 1, argv + optind - 1) ? -EINVAL : 0;
}

/* ---- the loop ---- */

static bool is_over(const struct run *run)
{
	return signalled || (run->opts.limit && run->packets >= run->opts.limit) ||
	       (run->end_ms && now_ms() >= run->end_ms);
}

/* Calls .tick when it is time. Returns the longest sleep until the next tick or the end. */
static int tick(struct run *run, struct xsnf *nf)
{
	__u64 now = now_ms(), until = now + SLEEP_MS;

	if (run->end_ms && run->end_ms < until)
		until = run->end_ms;
	if (run->ops.tick && run->ops.tick_ms) {
		if (now >= run->next_tick_ms) {
			run->ops.tick(nf);
			run->next_tick_ms = now + run->ops.tick_ms;
		}
		if (run->next_tick_ms < until)
			until = run->next_tick_ms;
	}
	return until > now ? (int)(until - now) : 0;
}

static __u32 batch_room(const struct run *run)
{
	__u64 left = run->opts.limit ? run->opts.limit - run->packets : ~0ull;

	return left < run->opts.batch ? (__u32)left : run->opts.batch;
}

/* Serves until the end is asked for: 0; or -EPIPE or -ESHUTDOWN of xsnf_wait(). */
static int serve(struct run *run, struct xsnf *nf)
{
	__u32 idle = 0, since_look = 0;
	int timeout_ms, err;

	for (;;) {
		__u32 cnt = xsnf_turn(nf, run->batch, batch_room(run));
		bool sleepy = run->opts.wait == WAIT_SLEEP ||
			      (run->opts.wait == WAIT_ADAPTIVE && idle >= SPIN_TURNS);

		run->packets += cnt;
		idle = cnt ? 0 : idle + 1;
		if (++since_look < LOOK_EVERY && (cnt || !sleepy) &&
		    (!run->opts.limit || run->packets < run->opts.limit))
			continue;
		since_look = 0;
		if (is_over(run))
			return 0;
		timeout_ms = tick(run, nf);
		err = xsnf_wait(nf, sleepy && !cnt ? timeout_ms : 0);
		if (err == -EPIPE || err == -ESHUTDOWN)
			return err;
	}
}

/* Handles what is still under way. No more packets come. */
static int leave(struct run *run, struct xsnf *nf)
{
	__u64 end_ms = now_ms() + LEAVE_MS;
	int err = xsnf_leave(nf);

	while (err != -EPIPE && err != -ESHUTDOWN && now_ms() < end_ms) {
		run->packets += xsnf_turn(nf, run->batch, run->opts.batch);
		err = xsnf_wait(nf, 10);
	}
	return err;
}

/* One session. 1: another one may follow; 0: the end; -errno. */
static int serve_session(struct run *run, struct xsnf *nf)
{
	int err = run->ops.start ? run->ops.start(nf) : 0;

	if (err) {
		fprintf(stderr, "%s: cannot start: %s\n", run->name, strerror(-err));
		return err;
	}
	err = serve(run, nf);
	if (!err)
		err = leave(run, nf);
	else if (err == -EPIPE)
		err = run->opts.once || signalled ? 0 : 1;
	if (run->ops.stop)
		run->ops.stop(nf);
	return err > 0;
}

static int inherited_fd(void)
{
	const char *text = getenv("XSTEER_NF_FD");

	return text ? atoi(text) : -1;
}

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* Session after session. 0 or -errno, printed. */
static int serve_sessions(struct run *run)
{
	char why[512] = "", path[128];
	struct xsnf_config config = { .ops = &run->ops,
				      .path = run->opts.path,
				      .why = why,
				      .why_bytes = sizeof(why),
				      .fd = -1 };
	bool told = false;
	int more = 1, err;

	if (run->opts.ifname) {
		snprintf(path, sizeof(path), "/run/xsteer/%s.sock", run->opts.ifname);
		config.path = path;
	}
	if (!config.path)
		config.fd = inherited_fd();
	run->opts.once |= !config.path;
	while (more > 0 && !is_over(run)) {
		struct xsnf *nf = NULL;

		err = xsnf_open(&nf, &config);
		if (!err) {
			told = false;
			more = serve_session(run, nf);
			xsnf_close(nf);
			continue;
		}
		if (!told)
			fprintf(stderr, "%s: %s\n", run->name, why);
		if (run->opts.once ||
		    (err != -ENOENT && err != -ECONNREFUSED && err != -EPIPE && err != -ETIMEDOUT))
			return err;
		told = true;
		pause_ms(RETRY_MS);
	}
	return more < 0 ? more : 0;
}

static void catch_signals(void)
{
	/* Without SA_RESTART, so that a signal ends a wait. */
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int xsnf_main(int argc, char **argv, const struct xsnf_ops *ops)
{
	const char *slash = strrchr(argv[0], '/');
	struct run run = { .ops = *ops, .name = slash ? slash + 1 : argv[0], .opts.batch = BATCH };
	int err;

	if (parse_options(&run, argc, argv))
		return 2;
	if (!run.opts.path && !run.opts.ifname && inherited_fd() < 0) {
		usage(&run, "no broker: give -d IF or -S", "PATH");
		return 2;
	}
	if (!ops->packet && !ops->batch) {
		fprintf(stderr, "%s: struct xsnf_ops has neither .packet nor .batch\n", run.name);
		return 1;
	}
	run.batch = calloc(XSNF_BATCH_MAX, sizeof(*run.batch));
	if (!run.batch) {
		fprintf(stderr, "%s: not enough memory\n", run.name);
		return 1;
	}
	catch_signals();
	if (run.opts.duration_ms)
		run.end_ms = now_ms() + run.opts.duration_ms;
	err = serve_sessions(&run);
	free(run.batch);
	return err ? 1 : 0;
}
